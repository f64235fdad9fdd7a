"""Feature sets: the features of all clips, computed once and then read through memory maps.

A feature set is a folder with `features.npy` (rows, *shape) and `rows.parquet` (clip, row, frame, view). A clip may
have several rows: the frames of a video, or views. View 0 is unaltered; other views are altered copies for training.

Where most values are 0, the set is sparse: `features.npy` has the other values of all rows, one after the other, each
with its column, and `rows.parquet` also has the number of these `entries` of each row and the `width` of a row.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from emofusion.errors import EmofusionError
from emofusion.features.common.array_file import read_rows
from emofusion.features.common.arrays import Array
from emofusion.whole_files import replacing

_LARGE = 2**28  # bytes of one file above which rows are not read through a memory map

_ROWS = ["clip", "row", "frame", "view"]
_OF_SPARSE = ["entries", "width"]
ENTRY = np.dtype([("column", np.int32), ("value", np.float32)])  # a value of a sparse row that is not 0


def write_rows(rows: pd.DataFrame, out: Path) -> None:
    """Write `rows.parquet` of the feature set `out`.

    rows: has the columns clip, row, frame and view; of a sparse set also entries and width.
    """
    with replacing(out / "rows.parquet") as partial:
        rows[[*_ROWS, *(column for column in _OF_SPARSE if column in rows)]].to_parquet(partial, index=False)


class FeatureSet:
    """The rows of one or several folders, as if they were one memory-mapped array.

    Attributes:
        folders: the folders, in order.
        rows: clip, row, frame and view of every row; `row` is counted through all folders.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = [Path(folder) for folder in folders]
        self._arrays = [_read(np.load, folder / "features.npy", mmap_mode="r") for folder in self.folders]
        tables = [_read(pd.read_parquet, folder / "rows.parquet") for folder in self.folders]
        self._is_sparse = self._arrays[0].dtype == ENTRY
        # of each folder of a sparse set, where the entries of its rows begin
        self._bounds = [_bounds(table) for table in tables if "entries" in table]
        self._widths = {int(width) for table in tables for width in table.get("width", pd.Series()).unique()}
        lengths = [
            len(table) if "entries" in table else len(array) for table, array in zip(tables, self._arrays, strict=True)
        ]
        self._starts = np.concatenate([[0], np.cumsum(lengths)]).astype(int)
        self.rows = pd.concat(
            [
                table[_ROWS].assign(row=table["row"] + start)
                for table, start in zip(tables, self._starts[:-1], strict=True)
            ],
            ignore_index=True,
        )
        self._check(tables)

    @classmethod
    def open(cls, folders: Sequence[Path]) -> "FeatureSet":
        """Open the folders.

        Raises `EmofusionError` if a folder is incomplete, the shapes or types differ, or two folders hold the same
        clip.
        """
        return cls(folders)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one row."""
        return (max(self._widths),) if self._is_sparse else tuple(self._arrays[0].shape[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the values."""
        dtype: np.dtype[Any] = np.dtype(np.float32) if self._is_sparse else self._arrays[0].dtype
        return dtype

    @property
    def is_sparse(self) -> bool:
        """Whether only values that are not 0 are stored."""
        return bool(self._is_sparse)

    def __len__(self) -> int:
        return int(self._starts[-1])

    def take(self, indices: Sequence[int] | Array) -> Array:
        """The rows with these numbers, in this order, copied into memory: `(len(indices), *shape)`. Numbers may repeat.

        Raises `IndexError` for a number outside 0 … `len(self)` - 1.
        """
        if self._is_sparse:
            dense: Array = self.take_sparse(indices).toarray()
            return dense
        indices = self._checked(indices)
        taken = np.empty((len(indices), *self.shape), self.dtype)
        folder_of = np.searchsorted(self._starts, indices, side="right") - 1
        for number in np.unique(folder_of):
            array, places = self._arrays[number], np.flatnonzero(folder_of == number)
            rows = indices[places] - self._starts[number]
            if array.nbytes > _LARGE:
                # pages of a memory map count as used memory until they are given back, and that takes time
                with (self.folders[number] / "features.npy").open("rb", buffering=0) as file:
                    read_rows(file, array.offset, rows, taken, places)
            else:
                taken[places] = array[rows]
        return taken

    def take_sparse(self, indices: Sequence[int] | Array) -> sparse.csr_array:
        """The same rows of a sparse set, float32 and sparse, `(len(indices), width)`."""
        indices = self._checked(indices)
        folder_of = np.searchsorted(self._starts, indices, side="right") - 1
        entries, lengths = [np.empty(0, ENTRY)], np.zeros(len(indices) + 1, int)
        for number, (index, folder) in enumerate(zip(indices, folder_of, strict=True)):
            first, last = self._bounds[folder][index - self._starts[folder] :][:2]
            entries.append(self._arrays[folder][first:last])
            lengths[number + 1] = last - first
        joined = np.concatenate(entries)
        # some of scikit-learn's estimators take indices of 32 bits only
        ends = np.cumsum(lengths).astype(np.int32 if len(joined) < 2**31 else np.int64)
        parts = (joined["value"].copy(), joined["column"].copy(), ends)
        return sparse.csr_array(parts, shape=(len(indices), *self.shape))

    def _checked(self, indices: Sequence[int] | Array) -> Array:
        indices = np.asarray(indices, dtype=int)
        if indices.size and not (indices.min() >= 0 and indices.max() < len(self)):
            raise IndexError(f"rows go from 0 to {len(self) - 1}, asked for {indices.min()} to {indices.max()}")
        return indices

    def stamp(self) -> list[list[str | int]]:
        """The name of each folder, and the size (bytes) and time (ns) of its rows: they change with the content."""
        files = [(folder.name, (folder / "features.npy").stat()) for folder in self.folders]
        return [[name, file.st_size, file.st_mtime_ns] for name, file in files]

    def __reduce__(self) -> tuple[type["FeatureSet"], tuple[list[Path]]]:
        # a pickled memory map would contain the whole array; another process opens the files again instead
        return FeatureSet, (self.folders,)

    def _check(self, tables: list[pd.DataFrame]) -> None:
        first = self._arrays[0]
        for folder, array, table in zip(self.folders, self._arrays, tables, strict=True):
            if (array.shape[1:], array.dtype) != (first.shape[1:], first.dtype) or len(self._widths) > 1:
                raise EmofusionError(
                    f"{folder} holds rows of {array.shape[1:]} {array.dtype}, {self.folders[0]} of {first.shape[1:]} "
                    f"{first.dtype}: use the same feature settings for both."
                )
            if len(array) != (table["entries"].sum() if self._is_sparse else len(table)):
                raise EmofusionError(f"{folder} is damaged: {len(array)} rows, {len(table)} of them named. Delete it.")
        clips = pd.concat([table["clip"].drop_duplicates() for table in tables])
        if clips.duplicated().any():
            examples = ", ".join(clips[clips.duplicated()].head(5))
            raise EmofusionError(
                f"the same clips are in more than one corpus, for example {examples}: rename them in one."
            )


def _bounds(rows: pd.DataFrame) -> Array:
    """Where the entries of each row begin, and where the last row's end: (rows + 1,)."""
    return np.concatenate([[0], np.cumsum(rows["entries"])]).astype(int)


def _read(reader: Callable[..., Any], path: Path, **options: Any) -> Any:
    try:
        return reader(path, **options)
    except (OSError, ValueError) as error:
        raise EmofusionError(f"cannot read {path}: {error}. Delete its folder to have it made again.") from error
