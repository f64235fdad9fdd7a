"""Write media files. The same content always gives the same bytes."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from PIL import Image


def write_jpeg(path: Path, picture: NDArray[np.uint8]) -> None:
    """Write a picture, (height, width, 3) uint8 RGB."""
    Image.fromarray(picture).save(path, format="JPEG", quality=92)


def write_wav(path: Path, samples: NDArray[np.float32], sample_rate: int) -> None:
    """Write sound, (samples,) float within ±1, as 16-bit PCM."""
    soundfile.write(path, samples, sample_rate, subtype="PCM_16", format="WAV")


def write_mp4(
    path: Path,
    pictures: list[NDArray[np.uint8]],
    frame_rate: int,
    samples: NDArray[np.float32],
    sample_rate: int,
) -> None:
    """Write a video with H.264 pictures and the sound as mono AAC.

    Args:
        path: the file to write.
        pictures: each (height, width, 3) uint8 RGB, of even height and width.
        frame_rate: pictures in a second.
        samples: sound, (samples,) float within ±1.
        sample_rate: samples in a second.
    """
    import av

    # With more threads the bytes would depend on the machine. They also do with x264's assembly: with AVX-512, one
    # video in four changed from run to run if its height was no multiple of 16. "bitexact" leaves the encoder's version
    # out of the file.
    options = {"preset": "veryfast", "crf": "20", "x264-params": "asm=0"}
    with av.open(str(path), "w", format="mp4", options={"fflags": "+bitexact"}) as container:
        video = container.add_stream("libx264", rate=frame_rate, options=options)
        video.height, video.width = pictures[0].shape[:2]
        video.pix_fmt = "yuv420p"
        video.codec_context.thread_count = 1
        audio = container.add_stream("aac", rate=sample_rate, layout="mono", options={"aac_coder": "fast"})
        audio.codec_context.thread_count = 1
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, frame_rate)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        sound = av.AudioFrame.from_ndarray(samples[None].astype(np.float32), format="fltp", layout="mono")
        sound.sample_rate, sound.pts, sound.time_base = sample_rate, 0, Fraction(1, sample_rate)
        container.mux(audio.encode(sound))
        container.mux(audio.encode())
