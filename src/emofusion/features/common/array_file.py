"""Read and write rows of a numpy file without a memory map.

Pages of a map count as used memory, and a write through a map to a full disk kills the process.
"""

import os
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

import numpy as np

from emofusion.disk import reserve
from emofusion.errors import EmofusionError
from emofusion.features.common.arrays import Array

_BLOCK = 2**24  # bytes that are copied at a time


def create(path: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    """Create a file with zeros, and reserve the room that it needs. Raises `EmofusionError` where the disk is full."""
    with path.open("wb") as file:
        header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        begin = file.tell()
    reserve(path, begin + _bytes(dtype, shape))


def is_whole(path: Path) -> bool:
    """Whether a file is there, is a numpy file, and is not cut short."""
    try:
        with path.open("rb") as file:
            dtype, shape = _read_header(file)
            return path.stat().st_size == file.tell() + _bytes(dtype, shape)
    except (OSError, ValueError):
        return False


def sync(path: Path) -> None:
    """Bring to the disk all that any process has written into a file."""
    with path.open("r+b") as file:
        os.fdatasync(file.fileno())


class RowFile:
    """The rows of a numpy file that exists; `with` closes it.

    Attributes:
        dtype, shape: of the array.
    """

    def __init__(self, path: Path, writes: bool = False) -> None:
        """writes: whether rows are written too."""
        self._path = Path(path)
        self._file = self._path.open("r+b" if writes else "rb")
        self.dtype, self.shape = _read_header(self._file)
        self._begin, self._length = self._file.tell(), _bytes(self.dtype, self.shape[1:])

    def __enter__(self) -> "RowFile":
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def read(self, numbers: Array) -> Array:
        """The rows with these numbers, in this order: `(len(numbers), *shape[1:])`; see `read_rows`."""
        rows = np.empty((len(numbers), *self.shape[1:]), self.dtype)
        read_rows(self._file, self._begin, numbers, rows, np.arange(len(numbers)))
        return rows

    def write(self, first: int, rows: Array) -> None:
        """Write rows `(n, *shape[1:])`, the first of them as the row with the number `first`."""
        self._file.seek(self._begin + first * self._length)
        self._file.write(rows.astype(self.dtype, copy=False).tobytes())


def read_rows(file: IO[bytes], begin: int, numbers: Array, target: Array, places: Array) -> None:
    """Copy rows of an array in a file into rows of `target`.

    The file's position does not change, so several processes and threads may share the file.

    Args:
        file: the file.
        begin: the position of its first value in bytes.
        numbers: of the rows in the file; they may repeat.
        target: an array with rows of the same shape and type.
        places: where each of them goes: numbers of rows of `target`.

    Raises:
        EmofusionError: the file ends too early.
    """
    length = _bytes(target.dtype, target.shape[1:])
    memory = target.reshape(-1).view(np.uint8).data
    # rows that follow each other are read at once
    breaks = np.flatnonzero((np.diff(numbers) != 1) | (np.diff(places) != 1)) + 1
    for first, last in pairwise([0, *breaks.tolist(), len(numbers)] if len(numbers) and length else []):
        done, position = int(places[first]) * length, begin + int(numbers[first]) * length
        wanted = done + (last - first) * length
        while done < wanted:
            arrived = os.preadv(file.fileno(), [memory[done:wanted]], position)
            if not arrived:
                raise EmofusionError(f"{file.name} was cut short: delete its folder to have it made again.")
            done, position = done + arrived, position + arrived


def copy_rows(path: Path, target: Path, numbers: Array) -> None:
    """Write some rows of a file as a file of their own. Memory does not grow with their number."""
    with RowFile(path) as file:
        create(target, file.dtype, (len(numbers), *file.shape[1:]))
        step = max(1, _BLOCK // max(1, _bytes(file.dtype, file.shape[1:])))
        with RowFile(target, writes=True) as kept:
            for first in range(0, len(numbers), step):
                kept.write(first, file.read(numbers[first : first + step]))


def _read_header(file: IO[bytes]) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Type and shape of the array; the file's position is then at its first value. Raises `ValueError`."""
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)
    return dtype, shape


def _bytes(dtype: np.dtype[Any], shape: tuple[int, ...]) -> int:
    return int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
