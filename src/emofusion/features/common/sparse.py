"""Compute sparse features of every clip, and write them as a sparse feature set; see `feature_set`."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from scipy import sparse

from emofusion.counted import counting
from emofusion.errors import EmofusionError
from emofusion.features.common.feature_set import ENTRY, write_rows
from emofusion.features.common.rows_of_clip import check_finite, rows_of
from emofusion.features.common.unfinished import Unfinished
from emofusion.settings.kinds import Features

_CHUNK = 256  # clips in a task


def write_sparse(
    clips: pd.DataFrame,
    rows: pd.DataFrame,
    compute: Callable[[Any], sparse.csr_array],
    features: Features,
    out: Path,
    work: Unfinished,
    workers: int,
) -> list[Counter[str]]:
    """Compute the sparse features of every clip: `work.array`, and `rows.parquet` in the folder `out`.

    Returns what was counted as left out, for each clip.

    Args:
        clips: `tables.CLIPS`.
        rows: clip, row, frame and view of every row, in the order of the clips.
        compute: the function that `features.prepare` has given.
        features: the features.
        out: the folder of the feature set.
        work: where the pieces lie, and which of them are done.
        workers: the number of processes.

    Raises:
        EmofusionError: a clip has other rows than `rows_of` and `row_shape` of the features declare, or values that are
            not finite.
    """
    pieces = range(0, len(clips), _CHUNK)
    left = work.left(pieces)
    tasks = (
        joblib.delayed(_chunk)(first, compute, features.kind, clips.iloc[first : first + _CHUNK], _file(work, first))
        for first in left
    )
    counts = work.compute(tasks, len(left), workers)
    matrix = sparse.csr_array(sparse.vstack([sparse.load_npz(_file(work, first)) for first in pieces], format="csr"))
    (width,) = features.row_shape()
    if matrix.shape != (len(rows), width):
        raise EmofusionError(
            f"features of kind {features.kind}: all clips together have rows of shape {matrix.shape}, but rows_of and "
            f"row_shape declare {(len(rows), width)}: make them agree."
        )
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    entries = np.empty(matrix.nnz, ENTRY)
    entries["column"], entries["value"] = matrix.indices, matrix.data
    with work.array.open("wb") as file:
        np.save(file, entries)
    write_rows(rows.assign(entries=np.diff(matrix.indptr).astype(np.int64), width=width), out)
    return counts


def _file(work: Unfinished, piece: int) -> Path:
    return work.folder / f"{piece}.npz"


def _chunk(
    piece: int, compute: Callable[[Any], sparse.csr_array], kind: str, clips: pd.DataFrame, path: Path
) -> tuple[int, list[Counter[str]]]:
    """Compute the rows of some clips and write them. Returns `piece`, and what was counted, for each of the clips."""
    rows, counted = [], []
    for clip in clips.itertuples(index=False):
        with counting() as counts:
            rows.append(rows_of(clip, compute, clips))
        check_finite(rows[-1].data, kind, clip, clips)
        counted.append(counts)
    with path.open("wb") as file:
        sparse.save_npz(file, sparse.vstack(rows, format="csr"), compressed=False)
        file.flush()
        os.fsync(file.fileno())
    return piece, counted
