"""The number of recognised clips of every cell of a grid, by actor and emotion."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as parquet
from numpy.typing import NDArray
from pyarrow import ArrowException

from emofusion.emotions import in_order
from emofusion.errors import EmofusionError
from emofusion.evaluation.systems import actors_of
from emofusion.predictions import ties
from emofusion.tables import LOGIT

_ABOUT = ["clip", "actor", "gender", "emotion"]


@dataclass(frozen=True)
class TestSet:
    """Cells that were tested on the same clips with the same emotions: C cells, A actors, K emotions.

    cells: the names of the cells. genders: (A,), each `male` or `female`. clips: (A, K), the number of clips. correct:
    (C, A, K), the number of recognised clips. folds: (C, A), the fold that tests each actor, -1 for an actor of several
    folds; None where it is not known.
    """

    cells: list[str]
    genders: NDArray[Any]
    clips: NDArray[Any]
    correct: NDArray[Any]
    folds: NDArray[Any] | None = None

    def shared_folds(self, cells: Sequence[int]) -> NDArray[Any] | None:
        """The fold that tests each actor in some cells, (A,); None where they differ, or an actor is in several folds.

        cells: their positions.
        """
        if self.folds is None:
            return None
        chosen = self.folds[list(cells)]
        same = bool((chosen == chosen[0]).all() and (chosen[0] >= 0).all())
        return chosen[0] if same else None


def count_cells(files: dict[str, Path]) -> list[TestSet]:
    """Count the recognised test clips of each cell. The cells are grouped by the clips that they were tested on.

    Cells belong together if they have the same test clips and agree on each clip's actor, gender and emotion. A grid
    that changes the emotions, such as calm counted as neutral, therefore has several test sets.

    Args:
        files: cell → file of its fused predictions (`tables.PREDICTIONS`).

    Returns:
        The test sets, in the order of their first cells.

    Raises:
        EmofusionError: a file cannot be read or lacks a column; a cell has no test clip, or tests a clip in several
            folds; or an actor has two genders.
    """
    groups: dict[tuple[Any, ...], _Group] = {}
    known: list[_Group] = []
    order: list[str] = []  # of the emotions in all counts: that of the first cell's classes
    for name, path in files.items():
        clips, fold, predicted = _read(path, name)
        order = order or [column.removeprefix(LOGIT) for column in predicted]
        # most cells have the very same column of clips as another one: the first look is cheap
        group = next((one for one in known if one.clips.equals(clips)), None)
        if group is None:
            group = _Group(clips, order)
            known.append(group)
        counted = group.count(predicted)
        same = groups.setdefault(group.tested, group)
        same.cells.append(name)
        same.correct.append(counted)
        same.folds.append(group.fold_of_actors(fold))
    return [group.test_set() for group in groups.values()]


class _Group:
    """One order of test clips: its counts by actor and emotion are the same in every order of the same clips."""

    def __init__(self, clips: pd.DataFrame, order: list[str]) -> None:
        self.clips, self.cells, self.correct = clips, list[str](), list[NDArray[Any]]()
        self.folds: list[NDArray[Any]] = []
        actors, actor = actors_of(clips)
        emotions = in_order(clips["emotion"], order)
        self.actor = actor
        self.genders: NDArray[Any] = actors["gender"].to_numpy()
        self.shape = (len(actors), len(emotions))
        self.cell = actor * len(emotions) + pd.Index(emotions).get_indexer(clips["emotion"])
        self.emotion = clips["emotion"].to_numpy(dtype=object)
        self.tested = tuple(clips.sort_values("clip").itertuples(index=False, name=None))

    def count(self, predicted: pd.DataFrame) -> NDArray[Any]:
        """The number of recognised clips, (A, K). predicted: a logit for each clip and class."""
        classes = np.array([column.removeprefix(LOGIT) for column in predicted], dtype=object)
        # of equal logits the first class counts, as in `table.labels`
        return self._table(classes[ties.predicted(predicted.to_numpy())] == self.emotion)

    def fold_of_actors(self, fold: NDArray[Any]) -> NDArray[Any]:
        """The fold of each actor, (A,); -1 for an actor of several folds. fold: of each clip."""
        folds = np.full(self.shape[0], -1, dtype=np.int64)
        folds[self.actor] = fold  # the last clip's
        several = np.bincount(self.actor, fold != folds[self.actor], minlength=self.shape[0]) > 0
        return np.where(several, -1, folds)

    def test_set(self) -> TestSet:
        clips = self._table(np.ones(len(self.emotion), dtype=bool))
        return TestSet(self.cells, self.genders, clips, np.stack(self.correct), np.stack(self.folds))

    def _table(self, chosen: NDArray[Any]) -> NDArray[Any]:
        counts: NDArray[Any] = np.bincount(self.cell[chosen], minlength=self.shape[0] * self.shape[1])
        return counts.reshape(self.shape)


def _read(path: Path, name: str) -> tuple[pd.DataFrame, NDArray[Any], pd.DataFrame]:
    """The test clips of a cell, their folds, and their logits."""
    try:
        with parquet.ParquetFile(path) as file:
            names = file.schema_arrow.names
            logits = [column for column in names if column.startswith(LOGIT)]
            if not logits or not {*_ABOUT, "fold", "split"} <= set(names):
                raise EmofusionError(f"{path} is no table of predictions; fuse the predictions of {name} again")
            table = file.read(columns=[*_ABOUT, "fold", "split", *logits], use_threads=False).to_pandas()
    except (OSError, ValueError, ArrowException) as error:
        raise EmofusionError(f"cannot read the fused predictions {path}: {error}") from error
    table = table[table["split"] == "test"].reset_index(drop=True)
    if table.empty:
        raise EmofusionError(f"the cell {name} has no test clip; check its protocol")
    if (twice := table["clip"].duplicated()).any():
        raise EmofusionError(
            f"the cell {name} tests {twice.sum()} clips in several folds, such as {table['clip'][twice].iloc[0]}; use "
            "a protocol whose folds test each clip once"
        )
    return table[_ABOUT], table["fold"].to_numpy(dtype=np.int64), table[logits]
