"""Check that media files can be decoded, with the functions that features decode them with."""

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def faults(files: Iterable[tuple[Path, str]]) -> list[str | None]:
    """The fault of each file, see `fault`. `files`: pairs of path and medium (audio, image or video)."""
    with ThreadPoolExecutor(min(16, 4 * (os.cpu_count() or 1))) as pool:
        return list(pool.map(lambda file: fault(*file), files))


def fault(path: Path, medium: str) -> str | None:
    """The fault of one file, as the end of a sentence that starts with the file's name; None where there is no fault.

    Sound and pictures are decoded to their end. Of a video, the first frame is decoded and all packets are read. See
    the functions of `emofusion.recordings` for what a fault is.
    """
    from emofusion.recordings import pictures, sound

    check = {"audio": sound.fault, "image": pictures.fault_of_image, "video": pictures.fault_of_video}[medium]
    try:
        return check(path)
    except FileNotFoundError:
        return "is not there"
    except Exception as error:  # decoders have errors of their own besides those that their documentation names
        return f"cannot be read as {medium} ({str(error).replace(str(path), Path(path).name)})"
