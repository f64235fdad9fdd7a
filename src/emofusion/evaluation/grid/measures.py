"""The measures of a grid: accuracy and unweighted average recall, as weighted sums of recognised clips.

Both are a sum over actors a and emotions e of weight[e] · recognised[a, e]: the weight is one over all clips for the
accuracy, and one over emotions times clips of the emotion for the unweighted average recall.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

ACCURACY, RECALL = "accuracy", "unweighted_average_recall"
MEASURES = (ACCURACY, RECALL)


def weights_of(measure: str, clips: NDArray[Any]) -> NDArray[Any]:
    """The weight of a recognised clip by its emotion, (K,). clips: (A, K), the number of clips."""
    by_emotion = clips.sum(axis=0)
    if measure == ACCURACY:
        return np.full(len(by_emotion), 1 / by_emotion.sum())
    return np.asarray(1 / (len(by_emotion) * by_emotion))


def value(measure: str, counts: NDArray[Any], clips: NDArray[Any]) -> NDArray[Any]:
    """The measure, (...). counts: (..., A, K), recognised clips or a difference of them. clips: (A, K)."""
    values: NDArray[Any] = counts.sum(axis=-2) @ weights_of(measure, clips)
    return values


def by_actor(measure: str, counts: NDArray[Any], clips: NDArray[Any]) -> NDArray[Any]:
    """What each actor adds to the measure, (..., A); the sum over actors is `value`. Arguments as for `value`."""
    added: NDArray[Any] = counts @ weights_of(measure, clips)
    return added


def values_by_actor(measure: str, counts: NDArray[Any], clips: NDArray[Any]) -> NDArray[Any]:
    """Counts (S, A, K) as values (S, A) of seeds and actors, whose mean is the measure's mean over seeds.

    They are the deviations of `deviations`, from the mean over seeds and times the number of actors, and the measure.
    """
    mean = counts.mean(axis=0)
    return np.asarray(len(clips) * deviations(measure, counts, clips, mean) + value(measure, mean, clips))


def deviations(measure: str, counts: NDArray[Any], clips: NDArray[Any], centre: NDArray[Any]) -> NDArray[Any]:
    """How far each actor is from the mean actor, in what they add to the measure, (..., A).

    It is the linearised ratio: what the actor adds, minus what the same clips would add if they were recognised as
    often as the clips of all actors. Where all actors have the same clips it is `by_actor` minus its mean. Over actors
    it adds up to 0 for counts whose mean is `centre`.

    Args:
        measure: a name in `MEASURES`.
        counts, clips: as for `value`.
        centre: (A, K) or (..., A, K), the counts whose rates are the centre.
    """
    weights, total = weights_of(measure, clips), clips.sum(axis=0)
    summed = centre.sum(axis=-2)
    if measure == ACCURACY:
        rates = np.broadcast_to(summed.sum(axis=-1, keepdims=True) / total.sum(), summed.shape)
    else:
        rates = summed / total
    expected = np.einsum("ak,...k->...a", clips * weights, rates)
    away: NDArray[Any] = by_actor(measure, counts, clips) - expected
    return away
