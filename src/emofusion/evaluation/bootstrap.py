"""The bootstrap over actors, for metrics that are any function of sums over clips.

Clips of one actor are similar, so clips are not independent. The bootstrap therefore draws actors (Efron 1979); men and
women, or other groups, are drawn separately. With few actors plain percentiles are too near to each other, so that they
are moved outwards, as in a t interval (Hesterberg 2015, doi 10.1080/00031305.2015.1089789). Shares of 0 to 1 and losses
have Student's interval instead, on the scale of logits or of logarithms, from the standard deviation of the resamples.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtrit

from emofusion.evaluation.actors import Actors, strata_of
from emofusion.evaluation.arithmetic import ratio
from emofusion.evaluation.student import Ends, effective, logit_interval


def actor_weights(groups: Sequence[str] | NDArray[Any], samples: int, seed: int) -> NDArray[Any]:
    """How often each actor is drawn in each resample: (samples, actors), whole numbers.

    Actors are drawn with replacement. Each resample has the same number of actors of each group as the data.

    Args:
        groups: (actors,), each actor's group, such as `male` or `female`; see `actors.strata_of`.
        samples: the number of resamples.
        seed: of the random numbers.
    """
    strata = strata_of(groups)
    weights = np.zeros((samples, len(strata)), dtype=np.int64)
    random = np.random.default_rng(seed)
    for stratum in np.unique(strata):
        number = int((strata == stratum).sum())
        weights[:, strata == stratum] = random.multinomial(number, np.full(number, 1 / number), size=samples)
    return weights


def percentiles(draws: NDArray[Any], tail: float | NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The quantiles `tail` and 1 - `tail` of draws, interpolated as in `np.quantile`.

    Args:
        draws: (..., samples). NaN, for a resample without a clip of the subset, is left out.
        tail: a share from 0 to 0.5, a number or (...).

    Returns:
        Two arrays (...); NaN where all draws are NaN.
    """
    # numpy's full sort is vectorised: it takes a fifth of the time of its partition at four positions
    ordered = np.sort(draws, axis=-1)
    last = np.maximum(ordered.shape[-1] - np.isnan(ordered).sum(axis=-1, keepdims=True) - 1, 0)

    def quantile(share: float | NDArray[Any]) -> NDArray[Any]:
        position = np.asarray(share)[..., None] * last
        below = np.floor(position).astype(int)
        low, high = (np.take_along_axis(ordered, np.minimum(rank, last), axis=-1) for rank in (below, below + 1))
        values: NDArray[Any] = (low + (position - below) * (high - low))[..., 0]
        return values

    return quantile(tail), quantile(1 - np.asarray(tail))


@dataclass(frozen=True)
class Resampling(Actors):
    """The resamples of the actors, and the intervals that follow from them.

    weights: (samples, A), see `actor_weights`, for A actors.
    """

    weights: NDArray[Any] = field(default_factory=lambda: np.zeros((0, 0), dtype=np.int64))

    @classmethod
    def of(cls, groups: Sequence[str] | NDArray[Any], samples: int, seed: int, confidence: float) -> "Resampling":
        """Draw resamples of actors.

        Args:
            groups: (A,), each actor's group, such as `male`, `female` or `unknown`.
            samples: the number of resamples.
            seed: of the random numbers.
            confidence: the level of the intervals, such as 0.95.
        """
        return cls(np.asarray(groups), confidence, actor_weights(groups, samples, seed))

    def tail(self, clips: NDArray[Any]) -> NDArray[Any]:
        """The share of resamples outside the interval at each end: Φ(-t √(n/(n-1))).

        t is a quantile of the t distribution; its degrees of freedom are the number of actors minus the number of
        groups, times `student.effective`. n is the number of actors of the rarest group: the variance of resamples is
        too small by (n-1)/n.

        clips: (..., A), each actor's clips; 0 without a part. Returns (...).
        """
        reach, widened = self._reach(clips)
        tails: NDArray[Any] = ndtr(-stdtrit(reach, (1 + self.confidence) / 2) * widened)
        return tails

    def interval(self, draws: NDArray[Any], clips: NDArray[Any]) -> Ends:
        """The low and high ends of intervals, (...) each; NaN where too few actors have clips.

        In simulations an interval of 95 % holds a mean that is not skewed over actors, and a ratio of two such means,
        in 94 to 95 of 100 studies with 5 + 4 actors or more. It holds the mean of skewed values less often: that of an
        exponential distribution in 93 (12 + 12 actors) or 90 (5 + 4) of 100.

        draws: (..., samples), a statistic in each resample. clips: (..., A), as for `tail`.
        """
        return self._where_enough(percentiles(draws, self.tail(clips)), clips)

    def interval_of_share(self, value: NDArray[Any], draws: NDArray[Any], clips: NDArray[Any]) -> Ends:
        """The ends of intervals of shares from 0 to 1, (...) each; NaN where too few actors have clips.

        value: (...), the share. draws, clips: as for `interval`.
        """
        error, degrees = self._deviation(draws, clips)
        return self._where_enough(logit_interval(value, error, degrees, clips.sum(axis=-1), self.confidence), clips)

    def interval_of_positive(self, value: NDArray[Any], draws: NDArray[Any], clips: NDArray[Any]) -> Ends:
        """The ends of intervals of values that are not negative, such as losses: Student's on the scale of logarithms.

        A few actors have great losses, so that a mean loss varies more upwards than downwards. In simulations an
        interval of 95 % holds the true loss in 94 of 100 studies or more where the losses of actors have a gamma
        distribution and deviate by up to 0.7 of their mean, or a lognormal one and up to 0.5. A heavier tail is held
        less often: a lognormal one with 0.7 in 93 (12 + 12 actors) or 92 (5 + 4), with 1.0 in 92 or 91. The arguments
        are those of `interval_of_share`.
        """
        error, degrees = self._deviation(draws, clips)
        reach = np.exp(stdtrit(degrees, (1 + self.confidence) / 2) * ratio(error, np.where(value > 0, value, 1.0)))
        return self._where_enough((value / reach, value * reach), clips)

    def _deviation(self, draws: NDArray[Any], clips: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """The standard error from the deviation of resamples, and its degrees of freedom, (...) each."""
        degrees, widened = self._reach(clips)
        known = np.isfinite(draws)
        mean = ratio(np.where(known, draws, 0).sum(axis=-1), known.sum(axis=-1))
        squares = (np.where(known, draws - mean[..., None], 0) ** 2).sum(axis=-1)
        error = np.sqrt(ratio(squares, known.sum(axis=-1))) * widened
        # resamples that are equal on paper differ by rounding
        return np.where(error > 1e-9, error, 0.0), degrees

    def _reach(self, clips: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """The degrees of freedom, and by how much the deviation of resamples is too small, (...) each."""
        numbers = self.numbers(clips)
        rarest = np.where(numbers > 0, numbers, numbers.max(axis=-1, keepdims=True)).min(axis=-1)
        rarest = np.maximum(rarest, 2)
        freedom = (numbers.sum(axis=-1) - (numbers > 0).sum(axis=-1)) * effective(clips)
        return np.fmax(freedom, 1.0), np.sqrt(rarest / (rarest - 1))
