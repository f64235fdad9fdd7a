import io

import av
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from emofusion.errors import EmofusionError
from emofusion.features.pixels import Pixels
from emofusion.features.pixels import compute as pixels

RED, GREEN = (255, 0, 0), (0, 255, 0)


def write_video(path, count: int, size=(48, 32), container_format: str | None = None, rotation: int = 0) -> None:
    """A video whose frame n is grey of 5 n, with its left half as the picture's only other mark when rotated."""
    with av.open(str(path), "w", format=container_format) as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height = size
        stream.bit_rate = 4_000_000
        if rotation:
            stream.set_display_rotation(rotation)
        for number in range(count):
            picture = np.full((size[1], size[0], 3), 5 * number, np.uint8)
            if rotation:
                picture[:, : size[0] // 2] = 255
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def numbers(frames: list[Image.Image]) -> list[int]:
    return [round(np.asarray(frame).mean() / 5) for frame in frames]


def test_wide_picture_has_black_bars_above_and_below():
    boxed = pixels.letterbox(Image.new("RGB", (200, 100), RED), 64)
    assert boxed.shape == (3, 64, 64)
    assert boxed.dtype == np.uint8
    expected = np.zeros((3, 64, 64), np.uint8)
    expected[0, 16:48] = 255
    np.testing.assert_array_equal(boxed, expected)


def test_tall_picture_has_black_bars_left_and_right():
    expected = np.zeros((3, 60, 60), np.uint8)
    expected[1, :, 20:40] = 255
    np.testing.assert_array_equal(pixels.letterbox(Image.new("RGB", (30, 90), GREEN), 60), expected)


def test_regions_keep_their_colour_and_place():
    picture = Image.new("RGB", (400, 400), RED)
    picture.paste(GREEN, (200, 0, 400, 400))
    boxed = pixels.letterbox(picture, 100)
    assert (boxed[:, :, 5:45].transpose(1, 2, 0) == RED).all()
    assert (boxed[:, :, 55:95].transpose(1, 2, 0) == GREEN).all()


def test_reduction_averages_instead_of_skipping():
    stripes = np.zeros((256, 256, 3), np.uint8)
    stripes[:, ::2] = 200
    assert np.abs(pixels.letterbox(Image.fromarray(stripes), 32).astype(int) - 100).max() <= 5


def test_extreme_ratio_keeps_one_line():
    boxed = pixels.letterbox(Image.new("RGB", (1000, 1), RED), 32)
    assert boxed[0].sum() == 32 * 255


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("L", 120, (120, 120, 120)),
        ("LA", (120, 255), (120, 120, 120)),
        ("RGBA", (10, 20, 30, 255), (10, 20, 30)),
        ("RGBA", (200, 200, 200, 0), (0, 0, 0)),
        ("CMYK", (0, 255, 255, 0), (255, 0, 0)),
        ("I;16", 40000, (156, 156, 156)),
        ("1", 1, (255, 255, 255)),
    ],
)
def test_any_mode_becomes_rgb(mode, colour, expected):
    boxed = pixels.letterbox(Image.new(mode, (40, 40), colour), 32)
    assert tuple(boxed[:, 16, 16]) == expected


def test_exif_orientation_is_honoured(tmp_path):
    picture = Image.new("RGB", (80, 40), RED)
    picture.paste(GREEN, (40, 0, 80, 40))
    exif = picture.getexif()
    exif[0x0112] = 6  # the camera was turned: show after a quarter turn clockwise
    picture.save(tmp_path / "turned.png", exif=exif)
    upright = np.asarray(pixels.read_image(tmp_path / "turned.png"))
    assert upright.shape == (80, 40, 3)
    assert tuple(upright[5, 5]) == RED
    assert tuple(upright[75, 5]) == GREEN


@pytest.mark.parametrize(("count", "frames"), [(30, 5), (30, 1), (7, 3), (3, 5), (1, 2)])
def test_frames_are_the_middles_of_equal_segments(tmp_path, count, frames):
    write_video(tmp_path / "clip.mp4", count)
    read = pixels.read_frames(tmp_path / "clip.mp4", frames)
    assert numbers(read) == [int((segment + 0.5) * count / frames) for segment in range(frames)]


def test_a_container_that_does_not_count_its_frames(tmp_path):
    write_video(tmp_path / "clip.mkv", 30, container_format="matroska")
    with av.open(str(tmp_path / "clip.mkv")) as container:
        assert container.streams.video[0].frames == 0
    assert numbers(pixels.read_frames(tmp_path / "clip.mkv", 5)) == [3, 9, 15, 21, 27]


def test_a_container_that_counts_too_many_frames(tmp_path, monkeypatch):
    write_video(tmp_path / "clip.mp4", 20)
    monkeypatch.setattr(pixels, "_announced_frames", lambda path: 40)
    assert numbers(pixels.read_frames(tmp_path / "clip.mp4", 2)) == [5, 15]


def test_a_turned_video_is_set_upright(tmp_path):
    write_video(tmp_path / "turned.mp4", 3, rotation=90)
    frame = np.asarray(pixels.read_frames(tmp_path / "turned.mp4", 1)[0]).mean(axis=2)
    assert frame.shape == (48, 32)
    assert frame[-5, 5] > 240  # a quarter turn against the clock brings the left half down
    assert frame[5, 5] < 20


def test_rows_of_pictures_and_videos(tmp_path):
    Image.new("RGB", (64, 64), RED).save(tmp_path / "face.png")
    write_video(tmp_path / "clip.mp4", 10)
    clips = pd.DataFrame(
        {
            "clip": ["still", "moving"],
            "image": [str(tmp_path / "face.png"), None],
            "video": [None, str(tmp_path / "clip.mp4")],
        }
    )
    settings = Pixels(size=48, frames=2)
    compute = settings.prepare(clips)
    still, moving = clips.itertuples()
    assert (settings.rows_of(still), settings.rows_of(moving)) == (1, 2)
    assert (compute(still) == np.array(RED, np.uint8)[:, None, None]).all()
    rows = compute(moving)
    assert rows.shape == (2, *settings.row_shape())
    # 48 × 32 into 48 × 48: the picture lies in rows 8 to 39
    assert not rows[:, :, :8].any() and not rows[:, :, 40:].any()
    assert np.abs(rows[:, :, 10:38].astype(int) - np.array([10, 35])[:, None, None, None]).max() <= 3


@pytest.mark.parametrize("name", ["broken.jpg", "absent.jpg"])
def test_unreadable_picture_is_named(tmp_path, name):
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(EmofusionError, match=name):
        pixels.read_image(tmp_path / name)


def test_truncated_picture_is_named(tmp_path):
    whole = io.BytesIO()
    Image.effect_noise((200, 200), 50).save(whole, "JPEG")
    (tmp_path / "half.jpg").write_bytes(whole.getvalue()[:5000])
    with pytest.raises(EmofusionError, match=r"half\.jpg"):
        pixels.read_image(tmp_path / "half.jpg")


def test_unreadable_video_is_named(tmp_path):
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    with pytest.raises(EmofusionError, match=r"broken\.mp4"):
        pixels.read_frames(tmp_path / "broken.mp4", 5)


def test_video_without_picture_is_named(tmp_path):
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        track = container.add_stream("aac", rate=44100, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), format="fltp", layout="mono")
        frame.rate, frame.pts = 44100, 0
        container.mux(track.encode(frame))
        container.mux(track.encode())
    with pytest.raises(EmofusionError, match=r"sound\.mp4 holds no picture"):
        pixels.read_frames(tmp_path / "sound.mp4", 5)


def test_clips_with_nothing_to_see_are_counted_and_named():
    clips = pd.DataFrame({"clip": ["a", "b"], "image": [None, "b.jpg"], "video": [None, None]})
    with pytest.raises(EmofusionError, match="1 clips have neither picture nor video, for example a"):
        Pixels(size=32, frames=1).prepare(clips)
