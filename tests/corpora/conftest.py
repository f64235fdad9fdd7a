"""Tiny media files, real ones, for trees in the corpora's native names."""

import shutil
import zlib

import av
import numpy as np
import pytest
import soundfile
from PIL import Image


def number_of(path) -> int:
    """A number that makes the content of a file another than that of files in other places."""
    return 20 + zlib.crc32(str(path).encode()) % 1000


@pytest.fixture
def write_sound():
    def write(path, seconds=0.05):
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.sin(np.arange(int(16000 * seconds)) / number_of(path)) / 2, 16000)

    return write


@pytest.fixture
def write_image():
    def write(path, grey=120, size=(56, 76)):
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number_of(path)).integers(0, 2, (size[1], size[0], 3)) * (grey > 0) * 60 + grey
        Image.fromarray(pixels.astype(np.uint8)).save(path, "JPEG")

    return write


@pytest.fixture
def write_video():
    def write(path, sound=True, picture=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        with av.open(str(path), "w") as container:
            if picture:
                stream = container.add_stream("mpeg4", rate=10)
                stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
            if sound:
                track = container.add_stream("aac", rate=16000)
            if picture:
                for _ in range(2):
                    frame = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 99, np.uint8), format="rgb24")
                    container.mux(stream.encode(frame))
                container.mux(stream.encode())
            if sound:
                tone = np.sin(np.arange(1024, dtype=np.float32) / 20)[None] / 2
                samples = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
                samples.sample_rate = 16000
                container.mux(track.encode(samples))
                container.mux(track.encode())

    return write


@pytest.fixture
def pack():
    """Move what is in a folder into an archive, whose name decides on its kind."""
    kinds = {".zip": "zip", ".tar": "tar", ".tar.gz": "gztar"}

    def move(folder, archive):
        suffix = max((suffix for suffix in kinds if archive.name.endswith(suffix)), key=len)
        shutil.make_archive(str(archive).removesuffix(suffix), kinds[suffix], folder)
        shutil.rmtree(folder)

    return move
