"""Counts and sums by system and actor, from which every metric is computed.

They are made in one pass over the clips. A resample of a bootstrap over actors is a vector that says how often each
actor is drawn. The sums of all resamples are a matrix product of these vectors and the sums by actor, so that the
bootstrap does not need the clips.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emofusion.errors import EmofusionError
from emofusion.evaluation.systems import Systems
from emofusion.settings.kinds import Metric


@dataclass(frozen=True)
class Counts:
    """Sums over the clips of each actor, for S systems, A actors and K emotions.

    clips: (A, K), the number of clips by actor and emotion; it is the same for every system.
    confusion: (S, A, K, K), the number of clips by true and predicted emotion. Clips that a system lacks are in none.
    sums: metric → (S, A, K, *any), its terms added up by actor and true emotion.
    """

    clips: NDArray[Any]
    confusion: NDArray[Any]
    sums: dict[str, NDArray[Any]]

    @property
    def correct(self) -> NDArray[Any]:
        """The number of recognised clips by system, actor and emotion, (S, A, K)."""
        return np.diagonal(self.confusion, axis1=-2, axis2=-1)


def count(systems: Systems, metrics: Sequence[Metric] = ()) -> Counts:
    """Count clips, and add up the terms of metrics.

    Args:
        systems: the systems on the same clips.
        metrics: the metrics whose terms are added up.

    Raises:
        EmofusionError: the terms of a metric do not have one entry for each clip.
    """
    actors, emotions = len(systems.actors), len(systems.emotions)
    cell = systems.actor * emotions + systems.truth
    clips = np.bincount(cell, minlength=actors * emotions).reshape(actors, emotions)
    confusion = confusion_of_cells(systems, cell, actors * emotions).reshape(-1, actors, emotions, emotions)
    sums: dict[str, NDArray[Any]] = {}
    for metric in metrics:
        by_system = []
        for predicted, posteriors in zip(systems.predicted, systems.posteriors, strict=True):
            terms = np.asarray(metric.terms(posteriors, systems.truth, predicted))
            if len(terms) != len(cell):
                raise EmofusionError(
                    f"the metric {metric.kind} has terms of shape {terms.shape}; the first axis must be the "
                    f"{len(cell)} clips."
                )
            by_system.append(_by_cell(terms, cell, actors * emotions).reshape(actors, emotions, *terms.shape[1:]))
        sums[metric.kind] = np.stack(by_system)
    return Counts(clips, confusion, sums)


def confusion_of_cells(systems: Systems, cell: NDArray[Any], cells: int) -> NDArray[Any]:
    """The number of clips by system, cell and predicted emotion, (S, cells, K).

    A clip that a system lacks is in none of its cells.

    cell: (N,), each clip's cell, from 0 to cells - 1; -1 for a clip that is in no cell.
    """
    emotions, found = len(systems.emotions), []
    for predicted in systems.predicted:
        counted = (cell >= 0) & (predicted >= 0)
        both = cell[counted] * emotions + predicted[counted]
        found.append(np.bincount(both, minlength=cells * emotions).reshape(cells, emotions))
    return np.stack(found)


def _by_cell(terms: NDArray[Any], cell: NDArray[Any], cells: int) -> NDArray[Any]:
    """The sums of terms (clips, *any) over the clips of each cell, added in the clips' order: (cells, *any)."""
    columns = terms.reshape(len(terms), -1).T
    summed = np.stack([np.bincount(cell, column, minlength=cells) for column in columns], axis=-1)
    return np.ascontiguousarray(summed).reshape(cells, *terms.shape[1:])
