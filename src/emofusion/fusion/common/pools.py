"""Opinion pools: the weighted sums that fusion rules are made of, and the grid of weights that is swept.

`linear` is the weighted mean of posteriors (Jiang and Sato-Shimokawara, section 4.3); `product` the logarithmic pool,
the normalised weighted geometric mean (Genest and Zidek 1986, doi 10.1214/ss/1177013825).
"""

from collections.abc import Callable
from itertools import combinations
from math import comb

import numpy as np
from scipy.special import logsumexp

from emofusion.errors import EmofusionError

MAX_SETTINGS = 200_000
# The least posterior that a product sees: a member's rounded 0, or a class it does not know, is no certainty.
FLOOR = 1e-12


def log_posteriors(posteriors: np.ndarray) -> np.ndarray:
    """Natural logarithms, of 1e-12 where a posterior is less."""
    return np.log(np.maximum(posteriors, FLOOR))


# What of the posteriors each pool sums, weighted: the fused class is where the sum is greatest.
POOLS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "linear": lambda posteriors: posteriors,
    "product": log_posteriors,
}


def weighted_sum(members: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Σ_m w_m x_m of members (modalities, clips, classes).

    weights: (modalities,), or (settings, modalities) for many settings at once. Returns (clips, classes), or
    (settings, clips, classes).
    """
    # summed modality by modality, not by BLAS, so that one setting and many agree to the last bit
    return sum(weights[..., m, None, None] * member for m, member in enumerate(members))


def pool(name: str, posteriors: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Fused posteriors of the pool of that name; shapes as in `weighted_sum`, each row sums to 1.

    The weights of `linear` sum to 1; those of `product` are exponents, and may sum to anything.
    """
    summed = weighted_sum(POOLS[name](posteriors), weights)
    return summed if name == "linear" else np.exp(summed - logsumexp(summed, axis=-1, keepdims=True))


def simplex(modalities: int, steps: int) -> np.ndarray:
    """All weight settings that are multiples of 1/steps, are 0 or more and sum to 1: (settings, modalities).

    Sorted by the first modality's weight, rising, then the second's, and so on. Raises `EmofusionError` if `steps`
    is no positive whole number or if it gives more than 200,000 settings.
    """
    if not isinstance(steps, int) or steps < 1:
        raise EmofusionError(f"fusion.steps={steps} must be a whole number of 1 or more.")
    bars = modalities - 1
    if (settings := comb(steps + bars, bars)) > MAX_SETTINGS:
        raise EmofusionError(
            f"fusion.steps={steps} gives {settings:,} settings of {modalities} weights; choose fewer steps, so that "
            f"there are at most {MAX_SETTINGS:,}."
        )
    # stars and bars: each choice of places for the bars is one way to share `steps` out
    places = np.array(list(combinations(range(steps + bars), bars)), dtype=int).reshape(settings, bars)
    edges = np.pad(places, ((0, 0), (1, 1)), constant_values=((0, 0), (-1, steps + bars)))
    return (np.diff(edges, axis=1) - 1) / steps
