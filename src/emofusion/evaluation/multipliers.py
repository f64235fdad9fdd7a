"""Welch's t tests of many contrasts between groups of people, each alone and adjusted by max-T.

Permutations of people over groups, as in `permutation`, assume that people differ as much in all groups. This
adjustment does not. It knows how the contrasts depend on each other, so that many rules that nearly agree cost little
more than one.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from emofusion.evaluation.arithmetic import ratio
from emofusion.evaluation.permutation import MaxT
from emofusion.evaluation.student import standard_error, student_p

# The number of statistics in memory at once: 16 MiB as float64.
BLOCK = 2**21
# More draws, and more squares for a variance, would change little and take long.
MOST_DRAWS, MOST_SUMMED = 2000, 20


def welch_max_t(
    values: NDArray[Any],
    away: NDArray[Any],
    clips: NDArray[Any],
    strata: NDArray[np.int64],
    draws: int,
    seed: int,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """The two-sided p values of H contrasts, and their p values adjusted by max-T for all of them, (H,) each.

    The statistics are correlated as the people's deviations are, and each has its own degrees of freedom, as where
    Hasler and Hothorn (2008, doi 10.1002/bimj.200710466) compare groups that spread unequally. Their distribution is
    drawn at random. People's deviations, multiplied by normal numbers, give normal statistics; the mean squares of
    further ones stand for the variances that they are divided by, so that these are correlated too. They are brought to
    each one's degrees of freedom by the cube root, which is nearly normal (Wilson and Hilferty 1931). Statistics are
    compared after division by their own 5 % limits.

    Args:
        values: (H,), such as differences of two gaps; NaN where there is none.
        away: (H, A), what each actor adds, see `student.deviations`.
        clips: (H, A), each actor's clips; 0 for one without a part in it.
        strata: (A,), the group of each actor.
        draws: how many random draws; at most `MOST_DRAWS` are made.
        seed: of the random numbers.

    Returns:
        The p values and the adjusted ones; NaN where a value is NaN or nobody differs from others of the same group.
    """
    error, degrees = standard_error(away, clips, strata, unequal=True)
    p = student_p(values, error, degrees)
    known = np.isfinite(p)
    adjusted = np.full(len(p), np.nan)
    if not known.any():
        return p, adjusted
    error, degrees = error[known], degrees[known]
    limit = stdtrit(degrees, 0.975)
    unit = (_deviations(away[known], clips[known] > 0, strata) / error[:, None]).T
    tests = MaxT(np.abs(values[known]) / (error * limit))
    random, draws = np.random.default_rng(seed), min(draws, MOST_DRAWS)
    size = max(1, BLOCK // unit.shape[1])
    for start in range(0, draws, size):
        shape = (min(size, draws - start), len(unit))
        spread = np.sqrt(_chi_squared(random, shape, unit, degrees))
        tests.add(np.abs(random.normal(size=shape) @ unit) / (spread * limit))
    adjusted[known] = np.maximum(tests.p_values(exact=False)[1], p[known])
    return p, adjusted


def _chi_squared(
    random: np.random.Generator, shape: tuple[int, int], unit: NDArray[Any], degrees: NDArray[Any]
) -> NDArray[Any]:
    """Chi-squared numbers divided by their degrees of freedom, correlated as squares of the statistics, (draws, H).

    shape: draws and actors. unit: (A, H), what each actor adds to a statistic of the variance 1. degrees: (H,).
    """
    summed = int(np.clip(np.round(np.median(degrees)), 1, MOST_SUMMED))
    squares = sum((random.normal(size=shape) @ unit) ** 2 for _ in range(summed)) / summed
    ninth, own = 2 / (9 * summed), 2 / (9 * degrees)
    normal = (np.cbrt(squares) - (1 - ninth)) / np.sqrt(ninth)
    scaled: NDArray[Any] = np.maximum(1 - own + normal * np.sqrt(own), 0.05) ** 3
    return scaled


def _deviations(away: NDArray[Any], present: NDArray[np.bool_], strata: NDArray[np.int64]) -> NDArray[Any]:
    """What each actor adds minus the mean of the stratum, (H, A), so that the sum of squares is the error's square."""
    centred = np.zeros(away.shape)
    for stratum in np.unique(strata):
        inside = present & (strata == stratum)
        number = inside.sum(axis=1, keepdims=True)
        mean = ratio(np.where(inside, away, 0).sum(axis=1, keepdims=True), number)
        factor = np.sqrt(ratio(number, np.maximum(number - 1, 1)))
        centred += np.where(inside, (np.where(inside, away, 0) - mean) * factor, 0)
    return centred
