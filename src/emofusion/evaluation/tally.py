"""Fuse many clips with many weights, and keep only the counts of recognised clips."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emofusion.predictions.missing import patterns, shared_weights
from emofusion.predictions.pools import combined, summands
from emofusion.predictions.ties import untied

# The number of weighted sums in memory at once: 1 MiB as float64. This fits the processor's cache, which is ten times
# as fast as the main memory.
CHUNK = 2**17


@dataclass(frozen=True)
class Tally:
    """The number of recognised clips for each setting. A setting is a pool with weights; they are sorted by pool.

    clips: (A, K), the number of clips by actor and emotion. groups: (G, 2), actor and emotion of each group that has
    clips, sorted. correct: (settings, G), the number of recognised clips. confusion: (settings, K, classes), the number
    of clips by true and predicted emotion.
    """

    clips: NDArray[Any]
    groups: NDArray[Any]
    correct: NDArray[Any]
    confusion: NDArray[Any]

    def by_actor(self, emotion: int | None) -> NDArray[Any]:
        """The number of recognised clips of each actor, (settings, A).

        emotion: its position; None for all emotions together.
        """
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
    posteriors: NDArray[Any],
    pools: Sequence[str],
    grid: NDArray[Any],
    actor: NDArray[Any],
    truth: NDArray[Any],
    known: NDArray[np.bool_] | None = None,
    present: NDArray[np.bool_] | None = None,
) -> Tally:
    """Fuse the clips with each pool and each combination of weights, and count the recognised clips.

    The memory that is needed besides the returned counts does not depend on the number of settings.

    Args:
        posteriors: (modalities, clips, classes).
        pools: names in `POOLS`.
        grid: (combinations of weights, modalities).
        actor: (clips,), the number of each clip's actor, from 0.
        truth: (clips,), the position of each clip's emotion. Emotions that are not a class come after the classes.
        known: (modalities, classes), as in `pools.completed_logs`.
        present: (modalities, clips), whether a clip has a modality; None: all have all. A clip that lacks modalities is
            fused by the others, with `missing.shared_weights`.
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
        predict = _predictor(name, posteriors[:, order], known, None if present is None else present[:, order])
        for start in range(0, len(grid), size):
            predicted = predict(grid[start : start + size])
            rows = slice(number * len(grid) + start, number * len(grid) + start + len(predicted))
            correct[rows] = np.add.reduceat(predicted == truth, starts, axis=1, dtype=correct.dtype)
            counted = np.bincount((cell[: len(predicted)] + predicted).ravel(), minlength=confusion[rows].size)
            confusion[rows] = counted.reshape(-1, emotions, classes)
    return Tally(clips, groups, correct, confusion)


def _predictor(
    name: str,
    posteriors: NDArray[Any],
    known: NDArray[np.bool_] | None,
    present: NDArray[np.bool_] | None,
) -> Callable[[NDArray[Any]], NDArray[np.intp]]:
    """A function: weights (settings, modalities) → the positions of the predicted classes, (settings, clips)."""
    if present is None or present.all():
        members = untied(summands(name, posteriors, known))
        return lambda weights: combined(name, members, weights, known).argmax(axis=-1)
    everything = np.ones((len(posteriors), posteriors.shape[2]), dtype=bool) if known is None else known
    parts = []
    for modalities, clips in patterns(present):
        classes = np.flatnonzero(everything[modalities].any(axis=0))
        of_part = everything[np.ix_(modalities, classes)]
        part = _predictor(name, posteriors[np.ix_(modalities, clips, classes)], of_part, None)
        parts.append((modalities, clips, classes, part))

    def predict(weights: NDArray[Any]) -> NDArray[np.intp]:
        predicted = np.empty((len(weights), posteriors.shape[1]), dtype=np.intp)
        for modalities, clips, classes, part in parts:
            predicted[:, clips] = classes[part(shared_weights(weights, modalities))]
        return predicted

    return predict


def distinct(rows: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Find equal rows, so that a costly computation is done once for all of them.

    Neighbouring weights often recognise the same clips.

    Args:
        rows: (rows, columns).

    Returns:
        The indices of rows that differ from each other, (distinct,); and for each row the position in these indices of
        the row that it equals, (rows,).
    """
    heads = np.flatnonzero(np.concatenate([[True], (rows[1:] != rows[:-1]).any(axis=1)]))
    run = np.repeat(np.arange(len(heads)), np.diff(heads, append=len(rows)))
    run_rows = np.ascontiguousarray(rows[heads])
    packed = run_rows.view(np.dtype((np.void, run_rows.itemsize * run_rows.shape[1]))).ravel()
    _, first, inverse = np.unique(packed, return_index=True, return_inverse=True)
    return heads[first], inverse[run]
