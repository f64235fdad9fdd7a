"""Opinion pools: the weighted sums that fusion rules are made of, and the grid of weights that is swept.

`linear` is the weighted mean of posteriors (Jiang and Sato-Shimokawara, section 4.3); `product` the logarithmic pool,
the normalised weighted geometric mean (Genest and Zidek 1986, doi 10.1214/ss/1177013825).
"""

from collections.abc import Callable
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from emofusion.errors import EmofusionError

MAX_SETTINGS = 200_000
# The least posterior that a product sees. A posterior that was rounded to 0, or that of a class which a modality does
# not know, is no certainty.
FLOOR = 1e-12


def log_posteriors(posteriors: NDArray[Any]) -> NDArray[Any]:
    """Natural logarithms of posteriors, of 1e-12 where a posterior is less."""
    logarithms: NDArray[Any] = np.log(np.maximum(posteriors, FLOOR))
    return logarithms


# What each pool sums with weights: the posteriors, or their logarithms. The fused class is where the sum is greatest.
POOLS: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "linear": lambda posteriors: posteriors,
    "product": log_posteriors,
}


def weighted_sum(members: NDArray[Any], weights: NDArray[Any]) -> NDArray[Any]:
    """Σ_m w_m x_m of members (modalities, clips, classes).

    weights: (modalities,), or (settings, modalities) for many settings at once. Returns (clips, classes), or
    (settings, clips, classes).
    """
    # Summed modality by modality and not by BLAS, so that one setting and many agree to the last bit.
    summed: NDArray[Any] = sum(weights[..., m, None, None] * member for m, member in enumerate(members))
    return summed


def pool(name: str, posteriors: NDArray[Any], weights: NDArray[Any]) -> NDArray[Any]:
    """Fused posteriors of the pool of that name; shapes as in `weighted_sum`, each row sums to 1.

    The weights of `linear` sum to 1; those of `product` are exponents, and may have any sum.
    """
    summed = weighted_sum(POOLS[name](posteriors), weights)
    return summed if name == "linear" else np.exp(summed - logsumexp(summed, axis=-1, keepdims=True))


def simplex(modalities: int, steps: int) -> NDArray[Any]:
    """All weight settings that are multiples of 1/steps, are 0 or more and sum to 1: (settings, modalities).

    Sorted by the first modality's weight, rising, then the second's, and so on. Raises `EmofusionError` for more than
    200,000 settings.
    """
    bars = modalities - 1
    if (settings := comb(steps + bars, bars)) > MAX_SETTINGS:
        raise EmofusionError(
            f"fusion.steps={steps} gives {settings:,} settings of {modalities} weights; choose fewer steps, so that "
            f"there are at most {MAX_SETTINGS:,}."
        )
    # Stars and bars: each choice of positions for the bars is one way to share `steps` stars out.
    positions = np.array(list(combinations(range(steps + bars), bars)), dtype=int).reshape(settings, bars)
    edges = np.pad(positions, ((0, 0), (1, 1)), constant_values=((0, 0), (-1, steps + bars)))
    weights: NDArray[Any] = (np.diff(edges, axis=1) - 1) / steps
    return weights
