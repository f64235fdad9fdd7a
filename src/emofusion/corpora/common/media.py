"""Can a media file be opened? A look at each, quick enough for thousands of files."""

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

BLACK = "shows nothing: it is black"
# Sound inside of these is decoded by FFmpeg; all else is libsndfile's.
CONTAINERS = (".mp4", ".m4v", ".m4a", ".mov", ".mkv", ".avi", ".webm")


def faults(files: Iterable[tuple[Path, str]]) -> list[str | None]:
    """For each (path, kind: audio, image or video) what is wrong with the file, or None."""
    with ThreadPoolExecutor(min(16, 4 * (os.cpu_count() or 1))) as pool:
        return list(pool.map(lambda file: fault(*file), files))


def fault(path: Path, kind: str) -> str | None:
    """What is wrong with one file, as the end of a sentence, or None.

    Sound: its header and its last sample are read; an image is decoded at low resolution; of a video the streams are
    looked at.
    """
    path = Path(path)
    try:
        if not path.stat().st_size:
            return "is empty"
        if kind == "image":
            return _image(path)
        if kind == "video" or path.suffix.lower() in CONTAINERS:
            return _streams(path, kind)
        return _sound(path)
    except FileNotFoundError:
        return "is not there"
    except Exception as error:  # each decoder has errors of its own, and all mean the same here
        return f"cannot be read as {kind} ({str(error).replace(str(path), path.name)})"


def _sound(path: Path) -> str | None:
    import soundfile

    with soundfile.SoundFile(path) as sound:
        if not sound.frames:
            return "holds no sound"
        sound.seek(sound.frames - 1)  # a file cut short fails here
        return None if len(sound.read(1)) else "is cut short"


def _image(path: Path) -> str | None:
    from PIL import Image, ImageStat

    with Image.open(path) as image:
        image.draft("L", (image.width // 8, image.height // 8))
        # a mean below 2 of 255, where a portrait has 50 and more
        return BLACK if ImageStat.Stat(image.convert("L")).mean[0] < 2 else None


def _streams(path: Path, kind: str) -> str | None:
    import av

    with av.open(str(path)) as container:
        if not getattr(container.streams, kind):
            return "holds no picture" if kind == "video" else "holds no sound"
    return None
