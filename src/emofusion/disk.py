"""Room on a disk: reserved before it is written to; and one message where it is full, or a file is too large."""

import errno
import math
import os
import resource
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from emofusion.errors import EmofusionError

_FULL = (errno.ENOSPC, errno.EDQUOT)
# What libraries say that keep no number of the error: torch, safetensors, pyarrow, SQLite.
_WORDS = ("no space left on device", "disk quota exceeded", "database or disk is full", "disk full")

# A file would be larger than the limit of the shell (`ulimit -f`) or of the file system.
_TOO_LARGE, _TOO_LARGE_WORDS = (errno.EFBIG,), ("file too large",)

_NEXT_TO_NONE = 2**18  # bytes; libraries write in pieces that are smaller


def reserve(path: Path, size: int) -> None:
    """Make a file `size` bytes long, with room on the disk for each of them. What it holds already stays.

    A file that is written through a memory map needs this: without room, the process would be killed by SIGBUS.

    Args:
        path: the file. Its folder exists.
        size: bytes.

    Raises:
        EmofusionError: there is no room, or a file may not be so large. It names the path, what is needed and what is
            free or allowed. A file that was not there before is deleted again.
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
        raise (unwritable(error, path, size) or error) from error


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


def too_large(path: Path, size: int | None = None) -> EmofusionError:
    """The error of a file that grew beyond a limit. path: what could not be written. size: its bytes, where known."""
    needed = f"It needs {_shown(size)}. " if size is not None else ""
    limit = _limit()
    if limit < math.inf:
        what = f"`ulimit -f` allows files of {_shown(int(limit))}. Raise it with `ulimit -f unlimited`"
    else:
        what = "Its file system allows no larger files. Put the folder on another one"
    return EmofusionError(
        f"the file is too large: {path.absolute()} cannot be written. {needed}{what}, and run the same command again: "
        "it goes on where it stopped"
    )


def unwritable(error: BaseException, path: Path, size: int | None = None) -> EmofusionError | None:
    """The error with one message where the disk is full or a file grew beyond a limit; None for any other error.

    Args:
        error: what was raised.
        path: what could not be written.
        size: the bytes that it needs, where known.
    """
    if is_full(error):
        return no_room(path, size)
    return too_large(path, size) if is_too_large(error) else None


def is_full(error: BaseException) -> bool:
    """Whether an error, or one that it was raised from, says that a disk is full or a quota is used up."""
    return _says(error, _FULL, _WORDS)


def is_too_large(error: BaseException) -> bool:
    """Whether an error, or one that it was raised from, says that a file grew beyond a limit."""
    return _says(error, _TOO_LARGE, _TOO_LARGE_WORDS)


def at_limit(folder: Path) -> Path | None:
    """A file in a folder that is as large as `ulimit -f` allows; None where there is none.

    Then it is why some libraries fail that do not say so.
    """
    limit = _limit()
    if limit == math.inf or not folder.is_dir():
        return None
    return next((path for path in folder.rglob("*") if path.is_file() and path.stat().st_size >= limit), None)


def has_no_room(path: Path) -> bool:
    """Whether the file system of a path has next to no room. Then it is why some libraries fail that do not say so.

    path: a file or a folder that exists, or will.
    """
    return _free(path) < _NEXT_TO_NONE


def path_of(error: BaseException) -> Path | None:
    """The path that an error, or one that it was raised from, names; None where none does."""
    names = [getattr(one, "filename", None) for one in _causes(error)]
    return next((Path(name) for name in names if isinstance(name, str) and name), None)


def _says(error: BaseException, numbers: tuple[int, ...], texts: tuple[str, ...]) -> bool:
    """Whether an error, or one that it was raised from, has one of some numbers or says one of some texts."""
    return any(
        getattr(one, "errno", None) in numbers or any(words in str(one).lower() for words in texts)
        for one in _causes(error)
    )


def _limit() -> float:
    """The bytes that a file of this process may have (`ulimit -f`); infinite without a limit."""
    soft, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    return math.inf if soft == resource.RLIM_INFINITY else soft


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
        if error.errno in (*_FULL, *_TOO_LARGE):
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
