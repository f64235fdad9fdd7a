"""Feature sets: what the models see of each clip, computed once and memory mapped from then on.

A feature set is a folder with `features.npy` (rows, *shape) and `rows.parquet` (clip, row, frame, view). A clip may
have several rows: the frames of a video, and views of them: view 0 is as recorded, the others are altered to train on.
"""

import mmap
from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import joblib
import numpy as np
import pandas as pd
from numpy.lib.format import open_memmap
from threadpoolctl import threadpool_limits

from emofusion.errors import EmofusionError

KINDS = {
    "acoustic": "emofusion.features.acoustic.compute",
    "acoustic_statistics": "emofusion.features.acoustic_statistics.compute",
    "functionals": "emofusion.features.functionals.compute",
    "pixels": "emofusion.features.pixels.compute",
    "action_units": "emofusion.features.action_units.compute",
}

_LARGE = 2**28  # bytes of one file above which it is not left in memory
_CHUNK = 16  # clips a task: small enough to share out evenly, large enough to hide the cost of a task


def kind_of(settings: dict) -> ModuleType:
    """The module that computes the kind of features which the settings name; `EmofusionError` for an unknown kind."""
    if settings["kind"] not in KINDS:
        raise EmofusionError(f"there are no features of kind {settings['kind']}; choose out of {', '.join(KINDS)}.")
    return import_module(KINDS[settings["kind"]])


def extract(clips: pd.DataFrame, settings: dict, out: Path, workers: int) -> None:
    """Compute the features of every clip, in the order of `clips`, into the folder `out`.

    `clips` is a table `tables.CLIPS`, `settings` names the `kind` and holds its options. With `workers` > 1 that many
    processes of one thread each share the clips; the result does not depend on their number. Each writes into the
    memory map of the result, so that memory stays bounded whatever the number of clips. Raises `EmofusionError` that
    names the clip's file; `features.npy` then does not appear.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    kind = kind_of(settings)
    if clips.empty:
        raise EmofusionError(f"there are no clips to compute {settings['kind']} features of.")
    compute = kind.prepare(clips, settings)
    counts = [kind.rows_of(clip, settings) for clip in clips.itertuples(index=False)]
    starts = np.concatenate([[0], np.cumsum(counts)])

    partial = out / "features.npy.partial"
    open_memmap(partial, "w+", dtype=kind.DTYPE, shape=(int(starts[-1]), *kind.row_shape(settings))).flush()
    bounds = [*range(0, len(clips), _CHUNK), len(clips)]
    tasks = (
        joblib.delayed(_extract_chunk)(compute, clips.iloc[first:last], partial, starts[first : last + 1])
        for first, last in pairwise(bounds)
    )
    with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
        joblib.Parallel(n_jobs=workers)(tasks)

    rows = pd.DataFrame({"clip": np.repeat(clips["clip"].to_numpy(), counts), "row": np.arange(starts[-1])})
    # several rows of a clip are the frames of a video, or a recording and how it sounds at other speeds, to train on
    number, nothing = rows.groupby("clip").cumcount(), 0
    frame, view = (nothing, number) if settings.get("speeds") else (number, nothing)
    write_rows(rows.assign(frame=frame, view=view), out)
    partial.replace(out / "features.npy")


def write_rows(rows: pd.DataFrame, out: Path) -> None:
    """Write `rows.parquet` of the feature set `out`."""
    partial = out / "rows.parquet.partial"
    rows[["clip", "row", "frame", "view"]].to_parquet(partial, index=False)
    partial.replace(out / "rows.parquet")


def _extract_chunk(compute: Callable[[Any], np.ndarray], clips: pd.DataFrame, path: Path, starts: np.ndarray) -> None:
    features = open_memmap(path, "r+")
    # one thread in every process, this one included: sums then have the same order whatever the number of workers
    with threadpool_limits(1):
        for clip, (start, stop) in zip(clips.itertuples(index=False), pairwise(starts), strict=True):
            features[start:stop] = compute(clip)
    features.flush()


class FeatureSet:
    """The rows of one or several folders written by `extract`, as if they were one memory-mapped array."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = [Path(folder) for folder in folders]
        self._arrays = [_read(np.load, folder / "features.npy", mmap_mode="r") for folder in self.folders]
        tables = [_read(pd.read_parquet, folder / "rows.parquet") for folder in self.folders]
        self._starts = np.concatenate([[0], np.cumsum([len(array) for array in self._arrays])]).astype(int)
        self.rows = pd.concat(
            [table.assign(row=table["row"] + start) for table, start in zip(tables, self._starts[:-1], strict=True)],
            ignore_index=True,
        )
        self._check(tables)

    @classmethod
    def open(cls, folders: Sequence[Path]) -> "FeatureSet":
        """Open the folders; `rows` then is that of all, with `row` counted through in the folders' order.

        Raises `EmofusionError` if a folder is incomplete, the shapes or types differ, or two folders hold the same
        clip.
        """
        return cls(folders)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one row."""
        return self._arrays[0].shape[1:]

    @property
    def dtype(self) -> np.dtype:
        return self._arrays[0].dtype

    def __len__(self) -> int:
        return int(self._starts[-1])

    def take(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        """The rows of these numbers, in this order, repeats allowed: `(len(indices), *shape)`, copied into memory.

        Raises `IndexError` for a number outside 0 … `len(self)` - 1.
        """
        indices = np.asarray(indices, dtype=int)
        if indices.size and not (indices.min() >= 0 and indices.max() < len(self)):
            raise IndexError(f"rows go from 0 to {len(self) - 1}, asked for {indices.min()} to {indices.max()}")
        taken = np.empty((len(indices), *self.shape), self.dtype)
        folder_of = np.searchsorted(self._starts, indices, side="right") - 1
        for number in np.unique(folder_of):
            here = folder_of == number
            array = self._arrays[number]
            taken[here] = array[indices[here] - self._starts[number]]
            if array.nbytes > _LARGE:
                # pages that were read count as memory in use until they are given back
                array._mmap.madvise(mmap.MADV_DONTNEED)
        return taken

    def stamp(self) -> list[list]:
        """Of each folder: its name, and the size (bytes) and time (ns) of its rows, to notice new content by."""
        files = [(folder.name, (folder / "features.npy").stat()) for folder in self.folders]
        return [[name, file.st_size, file.st_mtime_ns] for name, file in files]

    def __reduce__(self) -> tuple:
        # a pickled memory map would carry its content: another process opens the files anew
        return FeatureSet, (self.folders,)

    def _check(self, tables: list[pd.DataFrame]) -> None:
        first = self._arrays[0]
        for folder, array, table in zip(self.folders, self._arrays, tables, strict=True):
            if (array.shape[1:], array.dtype) != (first.shape[1:], first.dtype):
                raise EmofusionError(
                    f"{folder} holds rows of {array.shape[1:]} {array.dtype}, {self.folders[0]} of {first.shape[1:]} "
                    f"{first.dtype}: use the same feature settings for both."
                )
            if len(array) != len(table):
                raise EmofusionError(f"{folder} is damaged: {len(array)} rows, {len(table)} of them named. Delete it.")
        clips = pd.concat([table["clip"].drop_duplicates() for table in tables])
        if clips.duplicated().any():
            both = ", ".join(clips[clips.duplicated()].head(5))
            raise EmofusionError(f"the same clips are in more than one corpus, for example {both}: rename them in one.")


def _read(reader: Callable[..., Any], path: Path, **options) -> Any:
    try:
        return reader(path, **options)
    except (OSError, ValueError) as error:
        raise EmofusionError(f"cannot read {path}: {error}. Delete its folder to have it made again.") from error
