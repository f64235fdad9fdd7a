"""Fusing many clips under many weight settings, and keeping only the counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emofusion.predictions.pools import POOLS, weighted_sum

# Weighted sums that are held at once (1 MiB as float64): in the processor's cache, which is ten times as fast.
CHUNK = 2**17


@dataclass(frozen=True)
class Tally:
    """How many clips are recognised under each setting; the settings of the first pool come first.

    clips: (A, K), by actor and emotion. groups: (G, 2), the actor and the emotion of each group that has clips,
    sorted. correct: (settings, G), clips recognised. confusion: (settings, K, classes), by true and predicted emotion.
    """

    clips: NDArray[Any]
    groups: NDArray[Any]
    correct: NDArray[Any]
    confusion: NDArray[Any]

    def by_actor(self, emotion: int | None) -> NDArray[Any]:
        """Clips of an emotion, or of all, that are recognised, (settings, A)."""
        most = self.clips.sum(axis=1).max()
        recognised = np.zeros((len(self.correct), len(self.clips)), dtype=np.min_scalar_type(most))
        if emotion is None:
            starts = np.flatnonzero(np.diff(self.groups[:, 0], prepend=-1))
            sums = np.add.reduceat(self.correct, starts, axis=1, dtype=recognised.dtype)
            recognised[:, self.groups[starts, 0]] = sums
        else:
            columns = self.groups[:, 1] == emotion
            recognised[:, self.groups[columns, 0]] = self.correct[:, columns]
        return recognised


def tally(
    posteriors: NDArray[Any], pools: Sequence[str], grid: NDArray[Any], actor: NDArray[Any], truth: NDArray[Any]
) -> Tally:
    """Fuse and count.

    posteriors: (modalities, clips, classes). pools: names in `POOLS`. grid: (weights, modalities). actor, truth:
    (clips,), whole numbers from 0; emotions that are no class come after the classes.

    Memory beyond that of the returned counts is bounded, however many settings there are.
    """
    classes, actors, emotions = posteriors.shape[-1], actor.max() + 1, max(posteriors.shape[-1], truth.max() + 1)
    order = np.lexsort((truth, actor))
    actor, truth = actor[order], truth[order]
    clips = np.zeros((actors, emotions), dtype=np.int64)
    np.add.at(clips, (actor, truth), 1)
    groups = np.argwhere(clips)
    starts = np.searchsorted(actor * emotions + truth, groups @ [emotions, 1])
    settings = len(pools) * len(grid)
    correct = np.empty((settings, len(groups)), dtype=np.min_scalar_type(clips.max()))
    confusion = np.empty((settings, emotions, classes), dtype=np.min_scalar_type(clips.sum(axis=0).max()))
    size = max(1, CHUNK // (len(truth) * classes))
    cell = np.arange(size)[:, None] * emotions * classes + truth * classes
    for number, name in enumerate(pools):
        members = POOLS[name](posteriors[:, order])
        for start in range(0, len(grid), size):
            predicted = weighted_sum(members, grid[start : start + size]).argmax(axis=-1)
            rows = slice(number * len(grid) + start, number * len(grid) + start + len(predicted))
            correct[rows] = np.add.reduceat(predicted == truth, starts, axis=1, dtype=correct.dtype)
            counted = np.bincount((cell[: len(predicted)] + predicted).ravel(), minlength=confusion[rows].size)
            confusion[rows] = counted.reshape(-1, emotions, classes)
    return Tally(clips, groups, correct, confusion)


def distinct(rows: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The indices of rows (rows, columns) that differ from each other, and which of them each row equals, (rows,).

    Neighbouring weights often recognise the very same clips, so that costly figures are computed once for all of them.
    """
    heads = np.flatnonzero(np.concatenate([[True], (rows[1:] != rows[:-1]).any(axis=1)]))
    run = np.repeat(np.arange(len(heads)), np.diff(heads, append=len(rows)))
    few = np.ascontiguousarray(rows[heads])
    packed = few.view(np.dtype((np.void, few.itemsize * few.shape[1]))).ravel()
    _, first, inverse = np.unique(packed, return_index=True, return_inverse=True)
    return heads[first], inverse[run]
