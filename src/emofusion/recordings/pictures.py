"""Decode pictures, and the frames of videos, upright."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps, ImageStat

from emofusion.recordings.promises import Promise

BLACK = "shows nothing: it is black"
_DARK = 2  # mean grey level out of 255 below which a picture is black; a portrait has 50 and more


class NoPicture(Exception):
    """A file cannot be read as a picture or video. The message ends a sentence that begins with the file's name."""


def decode_image(path: str | Path) -> Image.Image:
    """A picture, turned upright as its EXIF orientation says.

    Raises:
        NoPicture: it cannot be decoded, or is cut short.
        FileNotFoundError: it is not there.
    """
    path = Path(path)
    if not path.stat().st_size:
        raise NoPicture("is empty")
    try:
        with Image.open(path) as image:
            return ImageOps.exif_transpose(image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise NoPicture(f"cannot be read as image ({_reason(path, error)})") from error


def fault_of_image(path: str | Path) -> str | None:
    """The fault of a picture, as the end of a sentence that begins with its name; None where there is none.

    A picture is at fault if it cannot be decoded to its end, or is black.
    """
    try:
        image = decode_image(path)
    except NoPicture as error:
        return str(error)
    return BLACK if ImageStat.Stat(image.convert("L")).mean[0] < _DARK else None


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


def fault_of_video(path: str | Path) -> str | None:
    """The fault of a video, as the end of a sentence that begins with its name; None where there is none.

    Its first frame is decoded, and all of its packets are read. It is at fault if there is no frame, or if packets or
    time are missing that its header promises.
    """
    try:
        if next(decode_frames(path), None) is None:
            return "holds no picture"
        is_cut = _is_cut(Path(path))
    except NoPicture as error:
        return str(error)
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
