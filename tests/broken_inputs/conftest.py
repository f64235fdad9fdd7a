"""How broken inputs are made: the words of the middle column of `catalogue.yaml`. Each gives the content of a file."""

import io
import struct
import tarfile
import zipfile

import av
import numpy as np
import pandas as pd
import pytest
import soundfile
from PIL import Image

RATE = 16000
TONE = (0.3 * np.sin(np.arange(RATE) / 20)).astype(np.float32)
GREY = np.arange(64 * 64).reshape(64, 64)


def wav(samples=TONE, rate=RATE, subtype="FLOAT", kind="WAV"):
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=kind, subtype=subtype)
    return file.getvalue()


def stereo(left, right):
    return wav(np.stack([left, right], axis=1))


def stating(rate):
    """A WAV file whose header states another rate."""
    return wav(subtype="PCM_16").replace(struct.pack("<I", RATE), struct.pack("<I", rate), 1)


def cut(content, share):
    return content[: int(len(content) * share)]


def picture(pixels, kind="PNG", mode=None):
    file = io.BytesIO()
    Image.fromarray(pixels, mode).save(file, kind)
    return file.getvalue()


def grey(levels, dtype=np.uint8):
    return np.asarray(levels).astype(dtype)


def video(*levels):
    """A video whose frames have these grey levels, with a little noise."""
    file, random = io.BytesIO(), np.random.default_rng(0)
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for level in levels:
            pixels = random.integers(level, level + 2, (64, 64, 3), dtype=np.uint8) if level else np.zeros((64, 64, 3))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels.astype(np.uint8), format="rgb24")))
        container.mux(stream.encode())
    return file.getvalue()


def zipped(**members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/") + ".wav", content)
    return file.getvalue()


def tarred(compression="", **members):
    """A tar of sound files; a text instead of a content is a hard link, and one that begins with @ a symbolic link."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=f"w:{compression}") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(f"{name.replace('__', '/')}.wav")
            if isinstance(content, str):
                info.type = tarfile.SYMTYPE if content[0] == "@" else tarfile.LNKTYPE
                info.linkname = content.strip("@")
                archive.addfile(info)
            else:
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def parquet(**columns):
    file = io.BytesIO()
    pd.DataFrame(columns).to_parquet(file)
    return file.getvalue()


@pytest.fixture(scope="session")
def make():
    """A function from an expression of the catalogue to the content of a file."""
    makers = (wav, stereo, stating, cut, picture, grey, video, zipped, tarred, npz, parquet)
    words = {maker.__name__: maker for maker in makers} | {"TONE": TONE, "GREY": GREY, "RATE": RATE, "np": np}
    return lambda expression: eval(expression, words)
