"""Decode pictures, and the frames of videos, upright."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps, ImageStat

from emofusion.recordings.promises import Promise

BLACK = "shows nothing: it is black"
ONE_COLOUR = "shows nothing: all of it has one colour"
_SIXTEEN_BITS = ("PNG", "PPM")  # formats whose grey levels have 16 bits where Pillow holds them in 32
_DARK = 2  # mean grey level out of 255 below which a picture is black; a portrait has 50 and more


class NoPicture(Exception):
    """A file cannot be read as a picture or video. The message ends a sentence that begins with the file's name."""


def decode_image(path: str | Path) -> Image.Image:
    """A picture, turned upright as its EXIF orientation says.

    Raises:
        NoPicture: it cannot be decoded, is cut short, or does not say which of its grey levels are black and white.
        FileNotFoundError: it is not there.
    """
    path = Path(path)
    if not path.stat().st_size:
        raise NoPicture("is empty")
    try:
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image)
            return _with_known_scale(upright, image.format)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise NoPicture(f"cannot be read as image ({_reason(path, error)})") from error


def as_rgb(image: Image.Image) -> Image.Image:
    """A decoded picture of any mode in RGB, with 8 bits for each channel. Transparent parts become black."""
    if image.mode.startswith("I;16"):  # Pillow would clip 16-bit grey at 255 instead of scaling it
        image = Image.fromarray((np.asarray(image, dtype=np.uint16) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "black"), image).convert("RGB")
    return image.convert("RGB")


def _with_known_scale(image: Image.Image, kind: str | None) -> Image.Image:
    """A picture whose grey levels have 8 or 16 bits. kind: the format of its file, as Pillow names it.

    Raises `NoPicture` for grey levels of 32 bits or with fractions: their files do not say which of them is white.
    """
    if image.mode == "I" and kind in _SIXTEEN_BITS:
        return Image.fromarray(np.asarray(image).astype(np.uint16))
    if image.mode in ("I", "F"):
        raise NoPicture("has grey levels without a known white: save it with 8 or 16 bits for each channel")
    return image


def fault_of_image(path: str | Path) -> str | None:
    """The fault of a picture, as the end of a sentence that begins with its name; None where there is none.

    A picture is at fault if it cannot be decoded to its end, is black, or has one colour everywhere.
    """
    try:
        image = as_rgb(decode_image(path))
    except NoPicture as error:
        return str(error)
    return shows_nothing(image)


def shows_nothing(image: Image.Image) -> str | None:
    """That a picture in RGB is black or has one colour, as the end of a sentence; None where it shows something."""
    if _is_black(image):
        return BLACK
    return ONE_COLOUR if image.getcolors(1) else None


def _is_black(image: Image.Image) -> bool:
    """Whether a picture in RGB is black."""
    return ImageStat.Stat(image.convert("L")).mean[0] < _DARK


def decode_frames(path: str | Path) -> Iterator[Any]:
    """The frames of the first video stream of a file, as `av` gives them, in order, on one thread.

    Raises:
        NoPicture: it cannot be decoded. Where it has no video stream, nothing is yielded.
        FileNotFoundError: it is not there.
    """
    import av

    path = Path(path)
    if not path.stat().st_size:
        raise NoPicture("is empty")
    try:
        with av.open(str(path)) as container:
            if container.streams.video:
                container.streams.video[0].codec_context.thread_count = 1
                yield from container.decode(video=0)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise NoPicture(f"cannot be read as video ({_reason(path, error)})") from error


def upright(frame: Any) -> Image.Image:
    """The picture of a frame of `decode_frames`, turned as the video's header says."""
    image: Image.Image = frame.to_image()
    return image.rotate(frame.rotation, expand=True) if frame.rotation else image


def fault_of_video(path: str | Path) -> str | None:
    """The fault of a video, as the end of a sentence that begins with its name; None where there is none.

    It is decoded up to the first frame that is not black, and all of its packets are read. It is at fault if there is
    no such frame, or if packets or time are missing that its header promises.
    """
    holds = "holds no picture"
    try:
        for frame in decode_frames(path):
            holds = BLACK if _is_black(frame.to_image()) else ""
            if not holds:
                break
        is_cut = _is_cut(Path(path))
    except NoPicture as error:
        return str(error)
    if holds:
        return holds
    return "is cut short: less is there than its header promises" if is_cut else None


def _is_cut(path: Path) -> bool:
    """Whether less of a video is there than its header promises."""
    import av

    try:
        with av.open(str(path)) as container:
            promise = Promise(path, container)
            for packet in container.demux():
                promise.see(packet)
            return promise.is_broken()
    except (av.FFmpegError, OSError) as error:
        raise NoPicture(f"cannot be read as video ({_reason(path, error)})") from error


def _reason(path: Path, error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error).replace(str(path), path.name)
