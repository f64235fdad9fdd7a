"""Opinion pools, which fusion rules use to combine posteriors, and the grid of weights for sweeps.

`linear` is the weighted mean of posteriors (Jiang and Sato-Shimokawara, section 4.3). `product` is the logarithmic
pool: the weighted geometric mean, normalised (Genest and Zidek 1986, doi 10.1214/ss/1177013825).
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
# The smallest posterior in a product. A posterior that was rounded to 0 is not certain, and neither is the posterior of
# a class that a modality does not know.
FLOOR = 1e-12


def log_posteriors(posteriors: NDArray[Any]) -> NDArray[Any]:
    """Natural logarithms of posteriors. Posteriors below 1e-12 are replaced by 1e-12."""
    logarithms: NDArray[Any] = np.log(np.maximum(posteriors, FLOOR))
    return logarithms


# Pool → the function of posteriors that it sums with weights. The fused class has the largest sum.
POOLS: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "linear": lambda posteriors: posteriors,
    "product": log_posteriors,
}


def weighted_sum(members: NDArray[Any], weights: NDArray[Any]) -> NDArray[Any]:
    """The weighted sum Σ_m w_m x_m over modalities.

    Args:
        members: x, (modalities, clips, classes).
        weights: w, (modalities,); or (settings, modalities) for many settings at once.

    Returns:
        (clips, classes), or (settings, clips, classes).
    """
    # summed modality by modality and not by BLAS, so that one setting and many settings give identical bits
    summed: NDArray[Any] = sum(weights[..., m, None, None] * member for m, member in enumerate(members))
    return summed


def pool(name: str, posteriors: NDArray[Any], weights: NDArray[Any]) -> NDArray[Any]:
    """The fused posteriors of a pool; each row sums to 1. Shapes are as in `weighted_sum`.

    name: in `POOLS`. weights: for `linear`, their sum is 1; for `product`, they are exponents and may have any sum.
    """
    summed = weighted_sum(POOLS[name](posteriors), weights)
    return summed if name == "linear" else np.exp(summed - logsumexp(summed, axis=-1, keepdims=True))


def simplex(modalities: int, steps: int) -> NDArray[Any]:
    """All combinations of weights that are multiples of 1/steps, are 0 or more and sum to 1: (settings, modalities).

    They are sorted by the first modality's weight in ascending order, then by the second's, and so on. Raises
    `EmofusionError` for more than 200,000 settings.
    """
    bars = modalities - 1
    if (settings := comb(steps + bars, bars)) > MAX_SETTINGS:
        raise EmofusionError(
            f"fusion.steps={steps} gives {settings:,} settings of {modalities} weights; choose fewer steps, so that "
            f"there are at most {MAX_SETTINGS:,}."
        )
    # stars and bars: each choice of positions for the bars is one way to distribute `steps` stars
    positions = np.array(list(combinations(range(steps + bars), bars)), dtype=int).reshape(settings, bars)
    edges = np.pad(positions, ((0, 0), (1, 1)), constant_values=((0, 0), (-1, steps + bars)))
    weights: NDArray[Any] = (np.diff(edges, axis=1) - 1) / steps
    return weights
