"""Compute sparse features of every clip, and write them as a sparse feature set; see `feature_set`."""

import os
from collections.abc import Sequence
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from scipy import sparse

from emofusion.features.common.feature_set import ENTRY, write_rows
from emofusion.features.common.rows_of_clip import Outcome, RowsOfClip
from emofusion.features.common.unfinished import Unfinished

_CHUNK = 256  # clips in a task


def compute_sparse(
    clips: pd.DataFrame, row_counts: Sequence[int], of_clip: RowsOfClip, work: Unfinished, workers: int
) -> list[Outcome]:
    """Compute the sparse features of every clip, and keep them in pieces. Returns what is noted of each clip.

    Args:
        clips: `tables.CLIPS`.
        row_counts: how many rows each clip has.
        of_clip: computes the rows of a clip.
        work: where the pieces lie, and which of them are done.
        workers: the number of processes.

    Raises:
        EmofusionError: see `RowsOfClip`.
    """
    left = work.left(range(0, len(clips), _CHUNK))
    tasks = (
        joblib.delayed(_chunk)(
            *(first, of_clip, clips.iloc[first : first + _CHUNK], row_counts[first : first + _CHUNK]),
            _file(work, first),
        )
        for first in left
    )
    return work.compute(tasks, len(left), workers)


def write_sparse(rows: pd.DataFrame, clips: int, of_clip: RowsOfClip, out: Path, work: Unfinished) -> None:
    """Join the pieces: `work.array`, and `rows.parquet` in the folder `out`.

    Args:
        rows: clip, row, frame and view of every row that was computed, in the order of the clips.
        clips: the number of all clips.
        of_clip: what computed them.
        out: the folder of the feature set.
        work: where the pieces lie.
    """
    parts = [sparse.load_npz(_file(work, first)) for first in range(0, clips, _CHUNK)]
    matrix = sparse.csr_array(sparse.vstack(parts, format="csr"))
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    entries = np.empty(matrix.nnz, ENTRY)
    entries["column"], entries["value"] = matrix.indices, matrix.data
    with work.array.open("wb") as file:
        np.save(file, entries)
    (width,) = of_clip.row_shape
    numbered = rows.assign(row=np.arange(len(rows)), entries=np.diff(matrix.indptr).astype(np.int64), width=width)
    write_rows(numbered, out)


def _file(work: Unfinished, piece: int) -> Path:
    return work.folder / f"{piece}.npz"


def _chunk(
    piece: int, of_clip: RowsOfClip, clips: pd.DataFrame, row_counts: Sequence[int], path: Path
) -> tuple[int, list[Outcome]]:
    """Compute the rows of some clips and write them. Returns `piece`, and what is noted of each of the clips."""
    outcomes, parts = [], [sparse.csr_array((0, *of_clip.row_shape), dtype=of_clip.dtype)]
    for clip, count in zip(clips.itertuples(index=False), row_counts, strict=True):
        rows, outcome = of_clip(clip, count, clips)
        outcomes.append(outcome)
        if rows is not None:
            parts.append(rows)
    with path.open("wb") as file:
        sparse.save_npz(file, sparse.vstack(parts, format="csr"), compressed=False)
        file.flush()
        os.fsync(file.fileno())
    return piece, outcomes
