"""Pictures are decoded to their end before anything runs, by the function that features decode them with."""

import io

import numpy as np
import pytest
from PIL import Image

from emofusion.corpora.common.media import fault
from emofusion.errors import EmofusionError
from emofusion.features.pixels.compute import read_frames, read_image

FORMATS = ["JPEG", "PNG", "BMP", "TIFF", "WEBP", "GIF", "PPM"]


def content(kind: str) -> bytes:
    file = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 255, (120, 90, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("share", [0.9, 0.5, 0.1])
def test_a_picture_that_is_cut_is_named(tmp_path, kind, share):
    whole = content(kind)
    (tmp_path / "x").write_bytes(whole)
    assert fault(tmp_path / "x", "image") is None and read_image(tmp_path / "x").size == (90, 120)
    (tmp_path / "y").write_bytes(whole[: int(len(whole) * share)])
    assert fault(tmp_path / "y", "image").startswith("cannot be read as image (")
    with pytest.raises(EmofusionError, match=r"y cannot be read as image"):
        read_image(tmp_path / "y")


def test_a_black_picture_is_named(tmp_path):
    Image.new("RGB", (40, 40), (1, 1, 1)).save(tmp_path / "x.png")
    assert fault(tmp_path / "x.png", "image") == "shows nothing: it is black"


@pytest.mark.parametrize("bad", [b"words", b"\xff\xd8\xff\xe0" + b"\0" * 100])
def test_what_is_no_picture_is_named(tmp_path, bad):
    (tmp_path / "x.jpg").write_bytes(bad)
    assert fault(tmp_path / "x.jpg", "image").startswith("cannot be read as image (")
    assert fault(tmp_path / "x.jpg", "video") is not None
    with pytest.raises(EmofusionError, match=r"x\.jpg"):
        read_frames(tmp_path / "x.jpg", 2)
