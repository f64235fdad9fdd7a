"""Fusing many clips under many weight settings, and keeping only the counts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emofusion.fusion.common.pools import POOLS, weighted_sum

# weighted sums held at once (1 MiB as float64): they stay in the processor's cache, which is ten times as fast as not
CHUNK = 2**17


@dataclass(frozen=True)
class Tally:
    """How many clips are recognised under each setting (those of the first pool, then of the next, ...).

    clips: (A, K), by actor and emotion. groups: (G, 2), the actor and the emotion of each group of clips that there
    is, sorted. correct: (settings, G). confusion: (settings, K, classes), by true and predicted.
    """

    clips: np.ndarray
    groups: np.ndarray
    correct: np.ndarray
    confusion: np.ndarray

    def by_actor(self, emotion: int | None) -> np.ndarray:
        """Clips of an emotion, or of all, that are recognised, (settings, A)."""
        found = np.zeros((len(self.correct), len(self.clips)), dtype=np.min_scalar_type(self.clips.sum(axis=1).max()))
        if emotion is None:
            starts = np.flatnonzero(np.diff(self.groups[:, 0], prepend=-1))
            found[:, self.groups[starts, 0]] = np.add.reduceat(self.correct, starts, axis=1, dtype=found.dtype)
        else:
            columns = self.groups[:, 1] == emotion
            found[:, self.groups[columns, 0]] = self.correct[:, columns]
        return found


def tally(
    posteriors: np.ndarray, pools: Sequence[str], grid: np.ndarray, actor: np.ndarray, truth: np.ndarray
) -> Tally:
    """Fuse and count.

    posteriors: (modalities, clips, classes). pools: names in `POOLS`. grid: (weights, modalities). actor, truth:
    (clips,), whole numbers from 0; those of emotions that are no class come after the classes.

    Returns the counts; memory beyond them is bounded, however many settings there are.
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


def distinct(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The places of rows (rows, columns) that differ from each other, and which of them each row equals, (rows,).

    Neighbouring weights often recognise the very same clips, so what is costly is computed once for all such settings.
    """
    heads = np.flatnonzero(np.concatenate([[True], (rows[1:] != rows[:-1]).any(axis=1)]))
    run = np.repeat(np.arange(len(heads)), np.diff(heads, append=len(rows)))
    few = np.ascontiguousarray(rows[heads])
    packed = few.view(np.dtype((np.void, few.itemsize * few.shape[1]))).ravel()
    _, first, inverse = np.unique(packed, return_index=True, return_inverse=True)
    return heads[first], inverse[run]
