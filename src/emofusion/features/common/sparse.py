"""Compute sparse features of every clip, and write them as a sparse feature set; see `feature_set`."""

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
from emofusion.settings.kinds import Features

_CHUNK = 256  # clips in a task


def write_sparse(
    clips: pd.DataFrame,
    rows: pd.DataFrame,
    compute: Callable[[Any], sparse.csr_array],
    features: Features,
    out: Path,
    workers: int,
) -> list[Counter[str]]:
    """Compute the sparse features of every clip into the folder `out`.

    Returns what was counted as left out, for each clip.

    Args:
        clips: `tables.CLIPS`.
        rows: clip, row, frame and view of every row, in the order of the clips.
        compute: the function that `features.prepare` has given.
        features: the features.
        out: the folder of the feature set.
        workers: the number of processes.

    Raises:
        EmofusionError: a clip has other rows than `rows_of` and `row_shape` of the features declare, or values that are
            not finite.
    """
    tasks = (
        joblib.delayed(_chunk)(compute, features.kind, clips.iloc[first : first + _CHUNK])
        for first in range(0, len(clips), _CHUNK)
    )
    with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
        parts = joblib.Parallel(n_jobs=workers)(tasks)
    matrix = sparse.csr_array(sparse.vstack([part for part, _ in parts], format="csr"))
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
    partial = out / "features.npy.partial"
    with partial.open("wb") as file:
        np.save(file, entries)
    write_rows(rows.assign(entries=np.diff(matrix.indptr).astype(np.int64), width=width), out)
    partial.replace(out / "features.npy")
    return [counts for _, counted in parts for counts in counted]


def _chunk(
    compute: Callable[[Any], sparse.csr_array], kind: str, clips: pd.DataFrame
) -> tuple[sparse.csr_array, list[Counter[str]]]:
    rows, counted = [], []
    for clip in clips.itertuples(index=False):
        with counting() as counts:
            rows.append(rows_of(clip, compute, clips))
        check_finite(rows[-1].data, kind, clip, clips)
        counted.append(counts)
    return sparse.csr_array(sparse.vstack(rows, format="csr")), counted
