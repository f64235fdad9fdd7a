"""The 68 landmarks of drawn and of filmed faces, and the features that are made from them."""

import hashlib
from dataclasses import fields
from importlib import import_module
from itertools import islice
from pathlib import Path

import face_recognition_models
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from emofusion.counted import counting, read_notes
from emofusion.errors import EmofusionError, Lacking
from emofusion.faces.landmarks import of_face
from emofusion.features.common.extract import extract
from emofusion.features.common.feature_set import FeatureSet
from emofusion.features.common.landmark_settings import WITHOUT_FACE
from emofusion.features.common.pictures import all_frames
from emofusion.features.common.rows_of_clip import LACKING
from emofusion.features.landmark_sequences import LandmarkSequences
from emofusion.features.landmarks import Landmarks, recordings
from emofusion.features.landmarks.compute import normalised, summarised
from emofusion.features.landmarks.recordings import at_rate
from emofusion.settings.fields import check, is_in_key

dlib = import_module("dlib")  # no import statement: the metadata of dlib-bin names another module
FOUND = Landmarks(source="recordings")
# that the published file is used: its author's landmarks of RAVDESS, among others, were made with it
PUBLISHED = "fbdc2cb80eb9aa7a758672cbfdda32ba6300efe9b6e6c7a299ff7e736b11b92f"


def found(picture: np.ndarray) -> np.ndarray:
    return of_face(picture, "largest", 0.15)


def eye_distance(points: np.ndarray) -> np.ndarray:
    """Between the centres of the eyes; points: (…, 68, 2)."""
    return np.hypot(*np.moveaxis(points[..., 42:48, :].mean(axis=-2) - points[..., 36:42, :].mean(axis=-2), -1, 0))


def clips_of(**paths) -> pd.DataFrame:
    """Clips of videos, and of pictures where a file ends so."""
    table = pd.DataFrame({"clip": list(paths), "corpus": "mine", "image": None, "video": None}, dtype=object)
    for row, path in enumerate(paths.values()):
        table.loc[row, "image" if path.suffix == ".png" else "video"] = str(path)
    return table


def test_the_model_is_the_published_one():
    path = Path(face_recognition_models.pose_predictor_model_location())
    assert hashlib.sha256(path.read_bytes()).hexdigest() == PUBLISHED


@pytest.mark.parametrize("view", [{}, {"scale": 0.2, "x": 0.1}, {"width": 1200, "height": 1200}], ids=str)
@pytest.mark.parametrize("number", [0, 5])
def test_eyes_and_mouth_are_where_they_are_drawn(drawn, number, view):
    face = drawn(number, **view)
    points = found(face.picture)
    assert points.shape == (68, 2) and points.dtype == float
    places = np.array([points[36:42].mean(axis=0), points[42:48].mean(axis=0), points[48:].mean(axis=0)])
    errors = np.hypot(*(places - face.places).T) / eye_distance(points)
    assert errors.max() < 0.08
    assert (np.diff(points[:17, 0]) > 0).all()  # the jaw, from the left of the picture to the right


def test_large_faces_get_dlibs_own_points(drawn):
    picture = drawn(3, width=900, height=900).picture
    scaled = np.asarray(Image.fromarray(picture).resize((533, 533), Image.Resampling.BILINEAR))
    (box,) = dlib.get_frontal_face_detector()(scaled)
    edges = np.array([box.left(), box.top(), box.right() + 1, box.bottom() + 1]) * 900 / 533
    left, top, right, bottom = np.round(edges).astype(int).tolist()
    assert right - left > 320
    model = dlib.shape_predictor(face_recognition_models.pose_predictor_model_location())
    parts = model(picture, dlib.rectangle(left, top, right - 1, bottom - 1)).parts()
    np.testing.assert_array_equal(found(picture), [(point.x, point.y) for point in parts])


def test_small_faces_get_points_between_pixels(drawn):
    face = drawn(5, width=1200, height=1200)
    small = np.asarray(face.image.resize((240, 240), Image.Resampling.BOX))
    large, points = found(face.picture), found(small)
    assert (points % 1).any()
    difference = np.hypot(*((large + 0.5) / 5 - 0.5 - points).T) / eye_distance(points)
    assert difference.mean() < 0.025  # a whole pixel is 0.026


def test_an_opening_mouth_is_followed(drawn):
    drops = np.linspace(0, 1, 6)
    points = np.stack([found(drawn(0, jaw_drop=drop).picture) for drop in drops])
    gap = (points[:, 66, 1] - points[:, 62, 1]) / eye_distance(points)
    assert np.corrcoef(drops, gap)[0, 1] > 0.97 and gap[-1] > gap[0] + 0.2
    assert np.ptp(points[:, 36:48], axis=0).max() < 0.1 * eye_distance(points).min()  # the eyes stay


def test_features_are_statistics_of_the_points_of_all_frames(drawn, film, blank, tmp_path):
    pictures = [drawn(2, x=x, jaw_drop=drop).picture for x, drop in ((0, 0), (0.02, 0.2), (0.04, 0.6), (0.03, 0.1))]
    path = film(tmp_path / "a.mkv", [*pictures[:2], blank, *pictures[2:]])
    settings = Landmarks(source="recordings", statistics=["mean", "deviation", "motion", "head"])
    with counting() as counts:
        row = settings.prepare(clips_of(a=path))(next(clips_of(a=path).itertuples()))
    points, numbers = np.stack([found(picture) for picture in pictures]), np.array([0, 1, 3, 4])
    expected = summarised(normalised(points, False), numbers, settings.statistics, points)
    assert row.shape == (1, *settings.row_shape()) and row.dtype == np.float32
    np.testing.assert_allclose(row[0], expected, rtol=1e-5, atol=1e-5)
    assert counts[WITHOUT_FACE] == 1


@pytest.mark.parametrize("rate", [15, 30, 50, 60])
def test_points_are_brought_to_one_rate(rate):
    times = 0.5 + np.arange(31) / 30 + np.linspace(0, 1e-5, 31)  # as containers round them
    numbers = np.delete(np.arange(31), [7, 8, 20])
    speeds = np.random.default_rng(0).normal(size=(68, 2))
    points, made = at_rate(times[numbers, None, None] * speeds, numbers, times, rate)
    np.testing.assert_allclose(points, (0.5 + made[:, None, None] / rate) * speeds, atol=1e-4)
    # none between frames 6 and 9, nor between 19 and 21
    second = np.arange(rate + 1) / rate
    hidden = ((second > 6.01 / 30) & (second < 8.99 / 30)) | ((second > 19.01 / 30) & (second < 20.99 / 30))
    np.testing.assert_array_equal(made, np.flatnonzero(~hidden))


def test_motion_does_not_depend_on_the_frame_rate_of_the_video(drawn, film, tmp_path):
    drops = np.linspace(0, 1, 9)
    pictures = [drawn(0, jaw_drop=drop).picture for drop in drops]
    clips = clips_of(fast=film(tmp_path / "fast.mkv", pictures), slow=film(tmp_path / "slow.mkv", pictures[::2], 15))

    def motion(**settings):
        compute = Landmarks(source="recordings", statistics=["motion"], **settings).prepare(clips)
        return [compute(clip)[0].reshape(68, 2)[48:, 1].mean() for clip in clips.itertuples()]  # of the mouth, down

    fast, slow = motion(frame_rate=30.0)
    assert fast == pytest.approx(slow, rel=0.15)
    fast, slow = motion()
    assert slow > 1.6 * fast


def test_a_video_that_does_not_say_when_its_frames_are_shown_has_no_rate(drawn, film, tmp_path, monkeypatch):
    clips = clips_of(a=film(tmp_path / "a.mkv", [drawn(0).picture] * 2))
    monkeypatch.setattr(recordings, "all_frames", lambda path: ((drawn(0).image, None) for _ in range(2)))
    with pytest.raises(EmofusionError, match=r"a\.mkv does not say when .*features\.frame_rate=25 cannot be kept"):
        Landmarks(source="recordings", frame_rate=25.0).prepare(clips)(next(clips.itertuples()))
    assert FOUND.prepare(clips)(next(clips.itertuples())).shape == (1, 408)


def test_a_picture_is_a_clip_of_one_frame_and_sequences_read_videos(drawn, film, tmp_path):
    drawn(1).image.convert("L").save(tmp_path / "still.png")
    clips = clips_of(still=tmp_path / "still.png")
    row = Landmarks(source="recordings", statistics=["motion", "deviation", "mean"]).prepare(clips)(
        next(clips.itertuples())
    )
    assert not row[0, :272].any()
    points = found(np.asarray(drawn(1).image.convert("L").convert("RGB")))
    np.testing.assert_allclose(row[0, 272:], normalised(points[None], False).ravel(), atol=1e-5)
    film(tmp_path / "a.mkv", [drawn(1).picture, drawn(1, jaw_drop=1).picture])
    clips = clips_of(a=tmp_path / "a.mkv")
    sequence = LandmarkSequences(source="recordings", frames=4).prepare(clips)(next(clips.itertuples()))
    assert sequence.shape == (1, 136, 4)
    np.testing.assert_array_equal(sequence[0, :, 1], sequence[0, :, 3])  # filled up with the last frame
    assert sequence[0, 2 * 57 + 1, 1] > sequence[0, 2 * 57 + 1, 0] + 0.1  # the lower lip


def test_clips_without_a_face_lack_the_modality(drawn, film, blank, tmp_path):
    clips = clips_of(
        good=film(tmp_path / "good.mkv", [drawn(4).picture, blank]), bad=film(tmp_path / "bad.mkv", [blank, blank])
    )
    extract(clips, FOUND, tmp_path / "out", workers=1)
    assert FeatureSet([tmp_path / "out"]).rows["clip"].tolist() == ["good"]
    notes = {note.what: (note.number, note.clips) for note in read_notes(tmp_path / "out")}
    assert notes == {LACKING: (1, 1), WITHOUT_FACE: (1, 1)}
    with pytest.raises(Lacking, match=r"bad\.mkv: no face is found in any of its 2 frames"):
        FOUND.prepare(clips)(list(clips.itertuples())[1])


@pytest.mark.parametrize("name", ["broken.mkv", "absent.mkv", "broken.png"])
def test_files_that_cannot_be_read_are_named(tmp_path, name):
    (tmp_path / "broken.mkv").write_bytes(b"no video")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    clips = clips_of(a=tmp_path / name)
    with pytest.raises(EmofusionError, match=f"{name} .*Replace it, or leave the clip out"):
        FOUND.prepare(clips)(next(clips.itertuples()))
    with pytest.raises(Lacking, match=r"1 clips have neither picture nor video, .* a model on landmarks needs"):
        FOUND.prepare(clips.assign(image=None, video=None))


@pytest.mark.parametrize(
    ("changed", "other"),
    [
        ({"face": "central"}, "recordings"),
        ({"smallest_face": 0.3}, "recordings"),
        ({"frame_rate": 30.0}, "recordings"),
        ({"source": "recordings", "table": "points.npz"}, "files"),
        ({"source": "recordings", "faces": "single"}, "files"),
        ({"source": "recordings", "confidence": 0.5}, "files"),
    ],
    ids=str,
)
def test_settings_of_the_other_source_are_refused(changed, other):
    name = list(changed)[-1]
    for kind in (Landmarks, LandmarkSequences):
        with pytest.raises(EmofusionError, match=rf"f\.{name}=.* counts only with f\.source={other}"):
            check(kind(**changed), "f")


def test_what_is_read_follows_the_source(monkeypatch):
    provided = ("audio", "landmarks", "image", "video")
    assert Landmarks().medium_of(provided) == "landmarks" and Landmarks().computed_from() == ("landmarks",)
    assert FOUND.medium_of(provided) == "video" and FOUND.medium_of(["image"]) == "image"
    assert FOUND.medium_of(["landmarks", "audio"]) is None
    assert FOUND.for_corpus("somewhere").sources() == [] and Landmarks().for_corpus("somewhere").table == "somewhere"
    assert FOUND.libraries() == ("dlib", "face_recognition_models") and Landmarks().libraries() == ()
    assert {field.name for field in fields(Landmarks) if not is_in_key(Landmarks(), field)} == {
        "source",
        "frame_rate",
        "face",
        "smallest_face",
    }
    monkeypatch.setattr("emofusion.faces.library.find_spec", lambda name: None)
    Landmarks().check_installed("face.features")
    with pytest.raises(EmofusionError, match=r"face\.features\.source=recordings needs dlib and face_recognition_"):
        FOUND.check_installed("face.features")


def test_ravdess_videos_have_the_published_points(real_data):
    with np.load(real_data / "ravdess" / "landmarks68.npz") as file:
        names, starts, published = file["clip"].tolist(), file["offset"], file["xy"]
    videos = sorted((real_data / "ravdess" / "video").glob("*.mp4"))
    assert len(videos) == 3
    for video in videos:
        start = starts[names.index(f"02{video.stem[2:]}")]
        # the middle, in which the actor speaks
        points = np.stack([found(np.asarray(image)) for image, _ in islice(all_frames(video), 30, 66)])
        expected = published[start + 30 : start + 66].astype(float)
        errors = np.hypot(*np.moveaxis(points - expected, -1, 0)) / eye_distance(expected)[:, None]
        assert errors.mean() < 0.012
        ours, theirs = (normalised(one, False).reshape(36, 136) for one in (points, expected))
        motion = [np.abs(np.diff(one, axis=0)).mean(axis=0) for one in (ours, theirs)]
        assert np.corrcoef(*motion)[0, 1] > 0.9 and 0.8 < motion[0].mean() / motion[1].mean() < 1.3
        assert np.corrcoef(ours.std(axis=0), theirs.std(axis=0))[0, 1] > 0.95
