"""The interval of a mean over seeds and actors, and its variance by seed, actor and the rest.

Every seed is tested on every actor. The accuracy of actor a with seed s is modelled as mean + actor[a] + seed[s] +
rest[a, s], with random effects (two crossed factors, one value for each combination; Searle, Casella and McCulloch
1992, chapter 4). Men and women are strata, as in `evaluation.actors`: the variance of actors is the one among men
and among women, since another study would have as many of each.

The variance of the mean over A actors and S seeds is estimated without bias, by (MS_actor + MS_seed - MS_rest) / (A S).
Where MS_seed is below MS_rest, the component of the seeds is set to 0, and the variance is MS_actor / (A S). The
degrees of freedom are those of Satterthwaite (1946, doi 10.2307/3002019). With two or three seeds they can be so few
that the interval becomes wider than the one from (MS_actor + MS_seed) / (A S), whose variance is too great by that of
the rest. The shorter one of the two is taken. `tests/evaluation/grid/test_grid_coverage.py` measures how often it
contains the true mean, also where the rest is greatest, as it is with few clips.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from emofusion.evaluation.actors import FEWEST
from emofusion.evaluation.student import effective, logit_interval

# Mean squares below this are 0 on paper: values that are equal differ by rounding. A single clip adds far more.
NOTHING = 1e-18
# Mean squares that differ by a smaller share are equal: they are where one answer of all is wrong.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Crossed:
    """The analysis of variance of values by seed and actor.

    mean: of all values. low, high: the ends of its interval; NaN where there is one seed, or too few actors (`enough`).
    seed, actor, rest: the variance components, never negative; NaN where there is one seed. negative: the components
    whose estimate was negative, so that 0 was taken. error, degrees: the standard error of the mean, and its degrees of
    freedom. seeds: how many.
    """

    mean: float
    low: float
    high: float
    seed: float
    actor: float
    rest: float
    negative: tuple[str, ...]
    error: float = 0.0
    degrees: float = 1.0
    seeds: int = 1

    def of_share(self, clips: int, confidence: float) -> tuple[float, float]:
        """The ends of the interval of a mean that is a share, on the scale of logits; NaN where there is none.

        Near 0 or 1 a share is far from normal, and the symmetric interval is too short; see `student.logit_interval`.
        Each clip is answered once with each seed, and half an answer is added to each side. With half a clip, an
        interval near 0 or 1 could leave out the mean itself. Where neither actors nor seeds differ, as where every clip
        is recognised, the clips of one seed count as independent.

        clips: the number of clips of a seed. confidence: the level, such as 0.95.
        """
        if np.isnan(self.low):
            return np.nan, np.nan
        share = np.round(self.mean, 12)  # what is 1 on paper is not quite 1 after rounding
        answers = np.array(clips * self.seeds if self.error > 0 else clips)
        low, high = logit_interval(share, np.array(self.error), np.array(self.degrees), answers, confidence)
        return float(low), float(high)

    def of_positive(self, confidence: float) -> tuple[float, float]:
        """The ends of the interval of a mean that is 0 or more, such as a loss, on the scale of logarithms; NaN where
        there is none.

        A loss is skewed over actors, and the symmetric interval is too short above; see
        `bootstrap.Resampling.interval_of_positive`, which is for one seed. confidence: the level, such as 0.95.
        """
        if np.isnan(self.low) or self.mean <= 0:
            return (np.nan, np.nan) if np.isnan(self.low) else (0.0, 0.0)
        reach = float(np.exp(stdtrit(self.degrees, (1 + confidence) / 2) * self.error / self.mean))
        return self.mean / reach, self.mean * reach


def within(values: NDArray[Any], strata: NDArray[Any]) -> NDArray[Any]:
    """Values minus the mean of their stratum, (..., A). strata: (A,), such as whether an actor is a man."""
    centred = np.array(values, dtype=float)
    for stratum in np.unique(strata):
        chosen = strata == stratum
        centred[..., chosen] -= centred[..., chosen].mean(axis=-1, keepdims=True)
    return centred


def freedom(strata: NDArray[Any]) -> int:
    """The degrees of freedom of the differences among actors: actors minus strata that occur."""
    return len(strata) - len(np.unique(strata))


def enough(strata: NDArray[Any]) -> bool:
    """Whether there are enough actors for an interval: three of each stratum, as in `Actors.enough`."""
    return bool((np.unique(strata, return_counts=True)[1] >= FEWEST).all())


def crossed(
    values: NDArray[Any],
    strata: NDArray[Any],
    confidence: float,
    unequal: bool = False,
    clips: NDArray[Any] | None = None,
) -> Crossed:
    """Analyse values by seed and actor.

    Args:
        values: (S, A), for S seeds and A actors.
        strata: (A,), such as whether an actor is a man, see `actors.strata_of`.
        confidence: the level of the interval, such as 0.95.
        unequal: whether actors may differ more in one stratum than in another, as for gaps between strata: see
            `student.standard_error`.
        clips: (A,), each actor's clips; None: all have as many. The degrees of freedom of actors are multiplied by
            `student.effective`.
    """
    clips = np.ones(values.shape[1]) if clips is None else clips
    seeds, actors = values.shape
    mean, among = float(values.mean()), freedom(strata)
    if seeds < 2 or among < 1:
        return Crossed(mean, *(np.nan,) * 5, ())
    by_actor, by_seed = values.mean(axis=0), values.mean(axis=1)
    # the rest: without what the seed adds for men and for women, and without the actor's own mean
    rest = (within(values - by_actor, strata) ** 2).sum(axis=0)
    of_actor, free_actor = _mean_square(seeds * within(by_actor, strata) ** 2, strata, clips, 1, unequal)
    of_rest, free_rest = _mean_square(rest, strata, clips, seeds - 1, unequal)
    of_seed = actors * float(((by_seed - mean) ** 2).sum()) / (seeds - 1)
    of_actor, of_seed, of_rest = (square if square > NOTHING else 0.0 for square in (of_actor, of_seed, of_rest))
    parts = {"seed": (of_seed - of_rest) / actors, "actor": (of_actor - of_rest) / seeds}
    negative = tuple(name for name, part in parts.items() if part < 0)
    known = [_student(of_actor + of_seed, (of_actor, free_actor), (of_seed, seeds - 1))]
    if of_seed > of_rest * (1 + ROUNDING):
        free = ((of_actor, free_actor), (of_seed, seeds - 1), (of_rest, free_rest))
        known.append(_student(of_actor + of_seed - of_rest, *free))
    elif of_actor > 0:
        known.append((of_actor, float(free_actor)))

    def reach(estimate: tuple[float, float]) -> float:
        return float(stdtrit(estimate[1], (1 + confidence) / 2) * np.sqrt(estimate[0] / (actors * seeds)))

    # the first one is finite, and stays where the degrees of freedom of the other are almost 0
    total, degrees = min(known, key=reach)
    half = reach((total, degrees))
    low, high = (mean - half, mean + half) if enough(strata) else (np.nan, np.nan)
    kept = max(parts["seed"], 0), max(parts["actor"], 0), of_rest
    return Crossed(mean, low, high, *kept, negative, float(np.sqrt(total / (actors * seeds))), degrees, seeds)


def _mean_square(
    squares: NDArray[Any], strata: NDArray[Any], clips: NDArray[Any], each: int, unequal: bool
) -> tuple[float, float]:
    """The mean square of actors within strata, and its degrees of freedom.

    squares: (A,), sums of squares of each actor. clips: (A,), each actor's clips. each: the degrees of freedom that an
    actor has. unequal: whether each stratum has a mean square of its own; they are averaged by their numbers of actors.
    """
    if not unequal:
        number = freedom(strata) * each
        return float(squares.sum()) / number, number * float(effective(clips))
    parts = []
    for inside in (strata == stratum for stratum in np.unique(strata)):
        number = (int(inside.sum()) - 1) * each
        if number:
            share = inside.sum() / len(strata)
            parts.append((share * float(squares[inside].sum()) / number, number * float(effective(clips[inside]))))
    return _student(sum(part for part, _ in parts), *parts)


def _student(total: float, *squares: tuple[float, float]) -> tuple[float, float]:
    """A sum or difference of mean squares, and its degrees of freedom by Satterthwaite.

    squares: each mean square with its own degrees of freedom; where all are 0, those of the first one count.
    """
    spread = sum(square**2 / number for square, number in squares)
    return total, total**2 / spread if spread > 0 else float(squares[0][1])
