"""Room on a disk: reserved before it is written to, and one message where there is not enough."""

import errno
import math
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from emofusion.errors import EmofusionError

_FULL = (errno.ENOSPC, errno.EDQUOT)
# What libraries say that keep no number of the error: torch, safetensors, pyarrow, SQLite.
_WORDS = ("no space left on device", "disk quota exceeded", "database or disk is full", "disk full")

_NEXT_TO_NONE = 2**18  # bytes; libraries write in pieces that are smaller


def reserve(path: Path, size: int) -> None:
    """Make a file `size` bytes long, with room on the disk for each of them. What it holds already stays.

    A file that is written through a memory map needs this: without room, the process would be killed by SIGBUS.

    Args:
        path: the file. Its folder exists.
        size: bytes.

    Raises:
        EmofusionError: there is no room. It names the path, what is needed and what is free. A file that was not there
            before is deleted again.
    """
    was_there = path.exists()
    # first a look, because a file system without reservation would be filled byte by byte until it is full
    need_space(path, size - (_allocated(path) if was_there else 0))
    try:
        with path.open("r+b" if was_there else "xb") as file:
            file.truncate(size)
            if size and hasattr(os, "posix_fallocate"):
                _allocate(file.fileno(), size)
    except OSError as error:
        if not was_there:
            path.unlink(missing_ok=True)
        raise (no_room(path, size) if is_full(error) else error) from error


def need_space(path: Path, size: int) -> None:
    """Raise `EmofusionError` where the file system of a path has less than `size` bytes free.

    path: a file or a folder that exists, or will.
    """
    if size > 0 and _free(path) < size:
        raise no_room(path, size)


def no_room(path: Path, size: int | None = None) -> EmofusionError:
    """The error of a full disk. path: what could not be written. size: the bytes that it needs, where known."""
    needed = f"{_shown(size)} are needed, and " if size is not None else ""
    with suppress(OSError, OverflowError):
        needed += f"{_shown(int(_free(path)))} are free there. "
    return EmofusionError(
        f"the disk is full: {path.absolute()} cannot be written. {needed[:1].upper()}{needed[1:]}"
        "Make room on that disk or raise the quota, and run the same command again: it goes on where it stopped"
    )


def is_full(error: BaseException) -> bool:
    """Whether an error, or one that it was raised from, says that a disk is full or a quota is used up."""
    return any(
        getattr(one, "errno", None) in _FULL or any(words in str(one).lower() for words in _WORDS)
        for one in _causes(error)
    )


def has_no_room(path: Path) -> bool:
    """Whether the file system of a path has next to no room. Then it is why some libraries fail that do not say so.

    path: a file or a folder that exists, or will.
    """
    return _free(path) < _NEXT_TO_NONE


def path_of(error: BaseException) -> Path | None:
    """The path that an error, or one that it was raised from, names; None where none does."""
    names = [getattr(one, "filename", None) for one in _causes(error)]
    return next((Path(name) for name in names if isinstance(name, str) and name), None)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and the errors that it was raised from or during."""
    known: set[int] = set()
    while error is not None and id(error) not in known:
        known.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _allocate(file: int, size: int) -> None:
    try:
        os.posix_fallocate(file, 0, size)
    except OSError as error:
        if error.errno in _FULL:
            raise  # others: this file system cannot reserve


def _free(path: Path) -> float:
    """The bytes that this user may still write into the file system of a path; infinite where it does not say so."""
    folder = path.absolute()
    while not folder.exists():
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    return usage.free if usage.total else math.inf


def _allocated(path: Path) -> int:
    return path.stat().st_blocks * 512


def _shown(size: int) -> str:
    """Bytes in the largest unit that leaves a number of 1 or more."""
    for unit, bytes_in_it in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= bytes_in_it:
            return f"{size / bytes_in_it:.1f} {unit}"
    return f"{max(size, 0)} bytes"
