"""Check that media files can be opened. A check is fast enough for thousands of files."""

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

BLACK = "shows nothing: it is black"
# FFmpeg decodes sound in these formats; libsndfile decodes all others.
CONTAINERS = (".mp4", ".m4v", ".m4a", ".mov", ".mkv", ".avi", ".webm")
_DARK = 2  # mean grey level out of 255 below which a picture is black; a portrait has 50 and more


def faults(files: Iterable[tuple[Path, str]]) -> list[str | None]:
    """The fault of each file, see `fault`. `files`: pairs of path and medium (audio, image or video)."""
    with ThreadPoolExecutor(min(16, 4 * (os.cpu_count() or 1))) as pool:
        return list(pool.map(lambda file: fault(*file), files))


def fault(path: Path, medium: str) -> str | None:
    """The fault of one file, as the end of a sentence that starts with the file's name; None where there is no fault.

    For sound, the header and the last sample are read. An image is decoded at low resolution. For a video, the list of
    its streams is read.
    """
    path = Path(path)
    try:
        if not path.stat().st_size:
            return "is empty"
        if medium == "image":
            return _fault_of_image(path)
        if medium == "video" or path.suffix.lower() in CONTAINERS:
            return _fault_of_streams(path, medium)
        return _fault_of_sound(path)
    except FileNotFoundError:
        return "is not there"
    except Exception as error:  # each decoder has errors of its own, and all mean the same here
        return f"cannot be read as {medium} ({str(error).replace(str(path), path.name)})"


def _fault_of_sound(path: Path) -> str | None:
    import soundfile

    with soundfile.SoundFile(path) as sound:
        if not sound.frames:
            return "holds no sound"
        sound.seek(sound.frames - 1)  # fails for a file that is cut short
        return None if len(sound.read(1)) else "is cut short"


def _fault_of_image(path: Path) -> str | None:
    from PIL import Image, ImageStat

    with Image.open(path) as image:
        image.draft("L", (image.width // 8, image.height // 8))
        return BLACK if ImageStat.Stat(image.convert("L")).mean[0] < _DARK else None


def _fault_of_streams(path: Path, medium: str) -> str | None:
    import av

    with av.open(str(path)) as container:
        if not getattr(container.streams, medium):
            return "holds no picture" if medium == "video" else "holds no sound"
    return None
