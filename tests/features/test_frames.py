"""Features of a camera's frames are those of a video with the same frames."""

import numpy as np
import pytest
from PIL import Image

from emofusion.errors import EmofusionError
from emofusion.faces import library
from emofusion.features.acoustic_statistics import AcousticStatistics
from emofusion.features.common.frames import Seen
from emofusion.features.common.landmark_settings import RECORDINGS
from emofusion.features.landmark_sequences import LandmarkSequences
from emofusion.features.landmarks import Landmarks
from emofusion.features.pixels import CROP_FACE, Pixels
from emofusion.recordings.pictures import decode_frames, upright
from emofusion.scoring.recordings import clip_table, look_at


def of_video(features, path):
    clips = clip_table([look_at(path)], "sad")
    return features.prepare(clips)(next(clips.itertuples(index=False)))


def seen_in(frames, images, rate):
    return [Seen(number / rate, frames.see(image)) for number, image in enumerate(images)]


@pytest.fixture
def smile(drawn):
    """A face that smiles more and more, with a frame that shows none."""
    pictures = [drawn(1, mouth_corners=number / 12).picture for number in range(12)]
    return [*pictures[:5], np.full_like(pictures[0], 220), *pictures[5:]]


@pytest.mark.parametrize(
    "features",
    [
        Landmarks(source=RECORDINGS, frame_rate=30.0, statistics=["mean", "deviation", "motion", "head"]),
        LandmarkSequences(source=RECORDINGS, frame_rate=30.0, frames=20),
    ],
    ids=lambda features: features.kind,
)
def test_landmarks_of_frames_are_those_of_the_video(smile, film, tmp_path, features):
    expected = of_video(features, film(tmp_path / "smile.mkv", smile))
    frames = features.of_frames(25.0)  # the setting counts, and not this
    images = [Image.fromarray(picture) for picture in smile]
    seen = seen_in(frames, images, 30)
    assert [one.found is None for one in seen] == [number == 5 for number in range(13)] and frames.needs_past
    np.testing.assert_allclose(frames.rows(seen), expected, atol=1e-4)


def test_movement_is_that_at_the_rate_of_the_training_whatever_the_camera_shows(smile):
    """A camera of 10 uneven frames a second, of a face that moves evenly: as in the video of 30."""
    features = Landmarks(statistics=["motion"], source=RECORDINGS).for_scoring()
    frames = features.of_frames(30.0)
    seen = [
        one for one in seen_in(frames, [Image.fromarray(picture) for picture in smile], 30) if one.found is not None
    ]
    points = np.linspace(seen[0].found, seen[-1].found, 31)  # one second, from the first to the last smile
    whole = [Seen(number / 30, one) for number, one in enumerate(points)]
    kept = [whole[number] for number in (0, 2, 7, 9, 13, 18, 20, 24, 30)]
    np.testing.assert_allclose(frames.rows(kept), frames.rows(whole), rtol=1e-5)
    without_rate = features.of_frames(10.0).rows(whole)
    assert without_rate.mean() == pytest.approx(3 * frames.rows(whole).mean(), rel=0.05)


def test_the_landmarks_of_a_real_video(real_data):
    video = sorted((real_data / "ravdess/video").glob("*.mp4"))[0]
    features = Landmarks(source=RECORDINGS, statistics=["mean", "deviation"])
    images = [(upright(frame), frame.time) for _, frame in zip(range(20), decode_frames(video), strict=False)]
    frames = features.of_frames(30000 / 1001)
    seen = [Seen(time, frames.see(image)) for image, time in images]
    with np.load(real_data / "ravdess/landmarks68.npz") as file:
        place = list(file["clip"]).index(f"02{video.stem[2:]}")  # the same take
        published = file["xy"][file["offset"][place] :][:20]
    distances = [np.hypot(*(one.found - theirs).T).mean() for one, theirs in zip(seen, published, strict=True)]
    assert np.median(distances) < 3  # of the 1280 pixels of a picture
    assert np.isfinite(frames.rows(seen)).all()


def test_a_frame_for_a_network_is_that_of_the_picture(drawn, tmp_path):
    drawn(2).image.save(tmp_path / "face.png")
    for features in (Pixels(size=48), Pixels(size=48, crop=CROP_FACE)):
        frames = features.of_frames(30.0)
        found = frames.see(drawn(2).image)
        np.testing.assert_array_equal(frames.rows([Seen(0.0, found)]), of_video(features, tmp_path / "face.png"))
        assert not frames.needs_past


@pytest.mark.parametrize(("crop", "sees_blank"), [("none", False), (CROP_FACE, False)])
def test_a_frame_that_shows_nothing_is_not_used(blank, crop, sees_blank):
    frames = Pixels(size=48, crop=crop).of_frames(30.0)
    assert frames.see(Image.fromarray(np.zeros_like(blank))) is None
    assert (frames.see(Image.fromarray(blank)) is not None) is sees_blank
    marked = blank.copy()
    marked[:50] = 20  # a picture without a face
    assert (frames.see(Image.fromarray(marked)) is not None) is (crop == "none")


def test_features_of_sound_have_no_frames_and_no_altered_copies_in_use():
    features = AcousticStatistics(speeds=[0.9, 1.1], duration=2.0)
    assert features.of_frames(30.0) is None
    assert features.for_scoring().speeds == [] and features.for_scoring().duration == 2.0


@pytest.mark.parametrize("features", [Landmarks(), Pixels(crop=CROP_FACE)], ids=lambda features: features.kind)
def test_without_dlib_it_is_said_what_to_install(monkeypatch, features):
    monkeypatch.setattr(library, "find_spec", lambda name: None)
    with pytest.raises(EmofusionError, match=r"pip install 'emofusion\[faces\]'"):
        features.for_scoring().of_frames(30.0)
    assert Pixels().of_frames(30.0).see(Image.new("RGB", (300, 300), "white")) is None
