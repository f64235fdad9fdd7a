"""The interval of a mean over seeds and actors, and its variance by seed, actor and the rest.

Every seed is tested on every actor. The accuracy of actor a with seed s is modelled as mean + actor[a] + seed[s] +
rest[a, s], with random effects (two crossed factors, one value for each combination; Searle, Casella and McCulloch
1992, chapter 4). Men and women are strata, as in `evaluation.actors`: the variance of actors is the one among men
and among women, since another study would have as many of each.

The variance of the mean over A actors and S seeds is estimated by (MS_actor + MS_seed) / (A S), with the degrees of
freedom of Satterthwaite (1946, doi 10.2307/3002019). The unbiased estimate would subtract MS_rest. Without this, the
interval is slightly too wide, but it never becomes too narrow because a component was estimated as negative: with two
or three seeds that happens often. `tests/evaluation/grid/test_grid_coverage.py` measures how often the interval
contains the true mean.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from emofusion.evaluation.actors import FEWEST


@dataclass(frozen=True)
class Crossed:
    """The analysis of variance of values by seed and actor.

    mean: of all values. low, high: the ends of its interval; NaN where there is one seed, or too few actors (`enough`).
    seed, actor, rest: the variance components, never negative; NaN where there is one seed. negative: the components
    whose estimate was negative, so that 0 was taken.
    """

    mean: float
    low: float
    high: float
    seed: float
    actor: float
    rest: float
    negative: tuple[str, ...]


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


def crossed(values: NDArray[Any], strata: NDArray[Any], confidence: float) -> Crossed:
    """Analyse values by seed and actor.

    Args:
        values: (S, A), for S seeds and A actors.
        strata: (A,), such as whether an actor is a man, see `actors.strata_of`.
        confidence: the level of the interval, such as 0.95.
    """
    seeds, actors = values.shape
    mean, among = float(values.mean()), freedom(strata)
    if seeds < 2 or among < 1:
        return Crossed(mean, *(np.nan,) * 5, ())
    by_actor, by_seed = values.mean(axis=0), values.mean(axis=1)
    # the rest: without what the seed adds for men and for women, and without the actor's own mean
    rest = within(values - by_actor, strata)
    of_actor = seeds * float((within(by_actor, strata) ** 2).sum()) / among
    of_seed = actors * float(((by_seed - mean) ** 2).sum()) / (seeds - 1)
    of_rest = float((rest**2).sum()) / (among * (seeds - 1))
    parts = {"seed": (of_seed - of_rest) / actors, "actor": (of_actor - of_rest) / seeds}
    negative = tuple(name for name, part in parts.items() if part < 0)
    half = 0.0
    if (total := of_actor + of_seed) > 0:
        degrees = total**2 / (of_actor**2 / among + of_seed**2 / (seeds - 1))
        half = float(stdtrit(degrees, (1 + confidence) / 2)) * np.sqrt(total / (actors * seeds))
    low, high = (mean - half, mean + half) if enough(strata) else (np.nan, np.nan)
    return Crossed(mean, low, high, max(parts["seed"], 0), max(parts["actor"], 0), of_rest, negative)
