"""The smallest gap between two groups of people that a test over these people would probably find."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri, nctdtrinc, stdtrit
from scipy.stats import beta

from emofusion.evaluation.arithmetic import ratio
from emofusion.evaluation.student import Ends

SIGNIFICANCE, POWER = 0.05, 0.8
DETECTABLE = ("minimum_detectable_gap", "minimum_detectable_gap_low", "minimum_detectable_gap_high")


def minimum_detectable_gap(values: NDArray[Any], first: NDArray[Any], confidence: float) -> NDArray[Any]:
    """The gap that Welch's t test over actors would find in four of five studies: two-sided, level 5 %.

    The power comes from the non-central t distribution (Cohen 1988) with Satterthwaite's degrees of freedom. A
    significant difference of the wrong sign is not counted; its chance is below 10⁻⁴.

    The gap is proportional to the standard error of a gap, which few actors show badly. Its interval is that of the
    root of a sum of two variances (Graybill and Wang 1980, doi 10.1080/01621459.1980.10477565), each by the chi-squared
    distribution, whose degrees of freedom follow from the kurtosis of the actors' accuracies (Shoemaker 2003, doi
    10.1198/0003130031441). Few actors show the kurtosis badly too. So it is the mean of two: that of the deviations
    from the median of a group, and that of a beta distribution with the mean and the variance of the actors, which is
    great near the ceiling. The interval is about other actors with as many clips.

    Args:
        values: (..., A), each actor's accuracy; NaN where an actor has no clip.
        first: (A,), whether an actor is of the first group; the others are of the second one.
        confidence: the level of the interval, such as 0.95.

    Returns:
        (3, ...), the gap and the low and high ends of its interval; NaN with fewer than two actors of a group, and
        where the actors do not vary within the groups.
    """
    present = ~np.isnan(values)
    groups = [_Group(values, present & of) for of in (first, ~first)]
    total = groups[0].part + groups[1].part
    enough = (np.minimum(groups[0].number, groups[1].number) >= 2) & (total > 0)
    welch = ratio(total**2, sum(ratio(group.part**2, group.number - 1) for group in groups))
    degrees = np.where(enough, welch, 2.0)
    shift = np.where(enough, nctdtrinc(degrees, 1 - POWER, stdtrit(degrees, 1 - SIGNIFICANCE / 2)), np.nan)
    kurtosis, down, up = _kurtosis(groups), np.zeros(total.shape), np.zeros(total.shape)
    for group in groups:
        low, high = _variance_ends(group.number, kurtosis, confidence)
        down, up = down + (group.part * (1 - low)) ** 2, up + (group.part * (high - 1)) ** 2
    ends = np.maximum(total - np.sqrt(down), 0), total + np.sqrt(up)
    return np.stack([shift * np.sqrt(variance) for variance in (total, *ends)])


class _Group:
    """The accuracies of the actors of one group.

    number: (...), how many. sum, squares, fourth: (...), their sum, that of the squares of their deviations from their
    mean, and that of the fourth powers of their deviations from their median. part: (...), the variance of the mean; 0
    with fewer than two actors.
    """

    def __init__(self, values: NDArray[Any], of: NDArray[np.bool_]) -> None:
        self.number = of.sum(axis=-1)
        self.sum = np.where(of, values, 0).sum(axis=-1)
        median = _median(np.where(of, values, np.nan))
        self.squares = (np.where(of, values - ratio(self.sum, self.number)[..., None], 0) ** 2).sum(axis=-1)
        self.fourth = (np.where(of, values - median[..., None], 0) ** 4).sum(axis=-1)
        self.part = np.where(self.number > 1, ratio(self.squares, self.number * (self.number - 1)), 0.0)


def _kurtosis(groups: list[_Group]) -> NDArray[Any]:
    """The kurtosis of actors within their groups, (...), 3 for normal values; see `minimum_detectable_gap`."""
    number, squares = (sum(values) for values in zip(*((one.number, one.squares) for one in groups), strict=True))
    seen = ratio(number * sum(one.fourth for one in groups), squares**2)
    expected = _beta_kurtosis(ratio(sum(one.sum for one in groups), number), ratio(squares, number - 2))
    return np.where(np.isnan(expected), seen, (seen + expected) / 2)


def _beta_kurtosis(mean: NDArray[Any], variance: NDArray[Any]) -> NDArray[Any]:
    """The kurtosis of a beta distribution with this mean (from 0 to 1) and variance; NaN where there is none."""
    known = (variance > 0) & (variance < mean * (1 - mean))
    size = np.where(known, ratio(mean * (1 - mean), np.where(known, variance, 1)) - 1, np.nan)
    kurtosis: NDArray[Any] = 3 + beta.stats(mean * size, (1 - mean) * size, moments="k")
    return kurtosis


def _median(values: NDArray[Any]) -> NDArray[Any]:
    """The median over the last axis without NaN; NaN where there is nothing else."""
    ordered = np.sort(values, axis=-1)  # NaN comes last
    number = (~np.isnan(values)).sum(axis=-1, keepdims=True)
    places = (np.maximum(number - 1, 0) // 2, np.minimum(number // 2, values.shape[-1] - 1))
    middle: NDArray[Any] = np.mean([np.take_along_axis(ordered, place, axis=-1) for place in places], axis=0)[..., 0]
    return middle


def _variance_ends(number: NDArray[Any], kurtosis: NDArray[Any], confidence: float) -> Ends:
    """The ends of the interval of a variance, as multiples of the estimate.

    number: (...), how many people it is from. kurtosis: (...), 3 for normal values; NaN where it is not known.
    """
    # the variance of an estimated variance, divided by the square of the true one, is 2 / degrees
    degrees = ratio(2, ratio(kurtosis - 3, number) + ratio(2, number - 1))
    low, high = (degrees / chdtri(degrees, share) for share in ((1 - confidence) / 2, (1 + confidence) / 2))
    return low, high
