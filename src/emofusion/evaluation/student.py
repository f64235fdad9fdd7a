"""Intervals over actors that need no resamples: of an accuracy on the scale of logits, and of a difference.

Clips of one actor are similar, so actors are the sample, and the accuracy Σ correct / Σ clips is a ratio estimate
(Cochran 1977, *Sampling Techniques*, chapters 6 and 11). Men and women, or other groups, are strata. Near 0 or 1 an
accuracy is far from normal: an interval of plain percentiles holds the true accuracy too rarely there, and one that is
computed for its logit does not (Korn and Graubard 1998, *Survey Methodology* 24). `tests/evaluation/test_coverage.py`
counts how often.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, stdtrit

Ends = tuple[NDArray[Any], NDArray[Any]]


def logit_interval(
    correct: NDArray[Any], clips: NDArray[Any], strata: NDArray[np.int64], confidence: float
) -> Ends:
    """The low and high ends of intervals of the accuracy Σ correct / Σ clips, (rows,) each.

    The interval is logit(q) ± t s / (q (1 - q)), with the standard error s of the accuracy, and the accuracy q with half
    a clip added to each side (Anscombe 1956, doi 10.1093/biomet/43.3-4.461), so that a logit exists near 0 and 1. An
    interval of 1 ends at 1, and one of 0 begins at 0. Where actors do not differ at all, as where every clip is
    recognised, s cannot be estimated; the clips then count as independent.

    Args:
        correct: (rows, A), recognised clips of each actor.
        clips: (A,), each actor's clips, the same for all rows. Actors without one do not count.
        strata: (A,), each actor's stratum, see `bootstrap.strata_of`; at least two actors of one stratum are present.
        confidence: the level of the intervals, such as 0.95.
    """
    share, error, degrees = _estimates(correct, clips, strata)
    whole = clips.sum()
    centre = (share * whole + 0.5) / (whole + 1)
    spread = np.where(error > 0, error, np.sqrt(centre * (1 - centre) / whole))
    reach = stdtrit(degrees, (1 + confidence) / 2) * spread / (centre * (1 - centre))
    low, high = expit(logit(centre) - reach), expit(logit(centre) + reach)
    return np.where(share > 0, low, 0.0), np.where(share < 1, high, 1.0)


def student_interval(
    differences: NDArray[Any], clips: NDArray[Any], strata: NDArray[np.int64], confidence: float
) -> Ends:
    """The ends of Student's intervals of the difference of two accuracies on the same clips, (rows,) each.

    They are cut off at -1 and 1. The arguments are those of `logit_interval`, but for:

    differences: (rows, A), by how many clips more the first system has recognised of each actor.
    """
    value, error, degrees = _estimates(differences, clips, strata)
    reach = stdtrit(degrees, (1 + confidence) / 2) * error
    return np.maximum(value - reach, -1.0), np.minimum(value + reach, 1.0)


def _estimates(
    counts: NDArray[Any], clips: NDArray[Any], strata: NDArray[np.int64]
) -> tuple[NDArray[Any], NDArray[Any], float]:
    """The ratio Σ counts / Σ clips and its standard error, (rows,) each; and the degrees of freedom.

    The variance is that of each actor's deviation counts - ratio · clips within a stratum. The degrees of freedom are
    the actors minus the strata.
    """
    present = clips > 0
    counts, clips = counts[:, present].astype(float), clips[present].astype(float)
    groups, of = np.unique(strata[present], return_inverse=True)
    whole = clips.sum()
    ratio = counts.sum(axis=1) / whole
    away = counts - ratio[:, None] * clips
    squares = np.zeros(len(counts))
    for group in range(len(groups)):
        inside = away[:, of == group]
        number = inside.shape[1]
        deviation = inside - inside.mean(axis=1, keepdims=True)
        squares += number / max(number - 1, 1) * (deviation**2).sum(axis=1)
    # counts are whole numbers: a variance that is 0 on paper is not exactly 0 after rounding
    error = np.where(squares > 1e-12 * whole, np.sqrt(squares) / whole, 0.0)
    return ratio, error, float(present.sum() - len(groups))
