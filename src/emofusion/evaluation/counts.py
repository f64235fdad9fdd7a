"""What every figure is computed from: counts and sums by system and actor, made in one pass over the clips.

A bootstrap over actors then never touches a clip again: a resample is a vector of how often each actor is drawn, and
resampled sums are a matrix product of such vectors with these.
"""

from dataclasses import dataclass

import numpy as np

from emofusion.evaluation.systems import Systems


@dataclass(frozen=True)
class Counts:
    """Sums over the clips of each actor, for S systems, A actors and K emotions.

    confusion: (S, A, K, K), clips by true and predicted emotion.
    log_loss: (S, A, K), by true emotion, in nats; a posterior is clipped to [eps, 1 - eps], as by
        `sklearn.metrics.log_loss`.
    brier: (S, A, K), of Σ_k (p_k - y_k)², from 0 to 2 for a clip (Brier 1950, doi
        10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2; not halved).
    calibration: (S, A, K, bins, 3), by bin of the greatest posterior: clips, sum of that posterior, correct clips. Bins
        are of equal width and hold their upper edge (Guo et al. 2017, arXiv 1706.04599).
    """

    confusion: np.ndarray
    log_loss: np.ndarray
    brier: np.ndarray
    calibration: np.ndarray

    @property
    def correct(self) -> np.ndarray:
        """Clips recognised, by system, actor and emotion, (S, A, K)."""
        return np.diagonal(self.confusion, axis1=-2, axis2=-1)

    @property
    def clips(self) -> np.ndarray:
        """Clips by actor and emotion, (A, K), the same for every system."""
        return self.confusion[0].sum(axis=-1)


def count(systems: Systems, bins: int = 15) -> Counts:
    """The counts and sums of the systems."""
    actors, emotions, clips = len(systems.actors), len(systems.emotions), np.arange(len(systems.truth))
    cell = systems.actor * emotions + systems.truth
    onehot = np.eye(emotions)[systems.truth]
    eps = np.finfo(float).eps

    def by_cell(values: np.ndarray) -> np.ndarray:
        return np.bincount(cell, values, minlength=actors * emotions).reshape(actors, emotions)

    confusion, log_loss, brier, calibration = [], [], [], []
    for predicted, posteriors in zip(systems.predicted, systems.posteriors, strict=True):
        table = np.bincount(cell * emotions + predicted, minlength=actors * emotions**2)
        confusion.append(table.reshape(actors, emotions, emotions))
        log_loss.append(by_cell(-np.log(np.clip(posteriors[clips, systems.truth], eps, 1 - eps))))
        brier.append(by_cell(((posteriors - onehot) ** 2).sum(axis=1)))
        confidence = posteriors.max(axis=1)
        place = cell * bins + np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
        sums = [None, confidence, predicted == systems.truth]
        found = [np.bincount(place, weights, minlength=actors * emotions * bins) for weights in sums]
        calibration.append(np.stack(found, axis=-1).reshape(actors, emotions, bins, 3))
    return Counts(*(np.stack(part) for part in (confusion, log_loss, brier, calibration)))


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, broadcast; missing (NaN) where the whole is 0."""
    part, whole = np.broadcast_arrays(part, whole)
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole != 0)
