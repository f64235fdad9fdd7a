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
# The smallest posterior in a product. A posterior that was rounded to 0 is not certain.
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


def completed_logs(posteriors: NDArray[Any], known: NDArray[np.bool_] | None = None) -> NDArray[Any]:
    """Natural logarithms of posteriors, in which no modality denies a class that it does not know.

    A modality that lacks a class says nothing about it, and not that it is impossible. So the class gets the share that
    the modalities that know it give it, relative to the classes that they have in common with this modality, and the
    modality's own posteriors share the rest. With one other modality, which knows all classes and gives the share s,
    the posteriors are s and (1 - s) P.

    Args:
        posteriors: (modalities, clips, classes); 0 for a class that a modality does not know.
        known: (modalities, classes), whether a modality knows a class; each class is known to at least one. None: all.

    Returns:
        (modalities, clips, classes). Where all classes are known, it is `log_posteriors`.
    """
    logs = log_posteriors(posteriors)
    if known is None or known.all():
        return logs
    for number in np.flatnonzero(~known.all(axis=1)):
        common = known & known[number]
        for lacking in np.flatnonzero(~known[number]):
            know = known[:, lacking]
            rest = np.where(common[know][:, None], posteriors[know], 0).sum(axis=(0, 2))
            if not common[know].any():  # nothing in common: all that they know counts as much as all that it knows
                rest = np.full(posteriors.shape[1], know.sum())
            logs[number, :, lacking] = log_posteriors(posteriors[know, :, lacking].sum(axis=0)) - log_posteriors(rest)
        logs[number] -= logsumexp(logs[number], axis=1, keepdims=True)
    return logs


def summands(name: str, posteriors: NDArray[Any], known: NDArray[np.bool_] | None = None) -> NDArray[Any]:
    """What a pool sums with weights: (modalities, clips, classes). Arguments are as in `completed_logs`.

    name: in `POOLS`.
    """
    return completed_logs(posteriors, known) if name == "product" else POOLS[name](posteriors)


def combined(
    name: str, members: NDArray[Any], weights: NDArray[Any], known: NDArray[np.bool_] | None = None
) -> NDArray[Any]:
    """The weighted sums of a pool's summands; the fused class has the largest. Shapes are as in `weighted_sum`.

    Args:
        name: in `POOLS`.
        members: from `summands`.
        weights: as in `weighted_sum`.
        known: (modalities, classes), as in `completed_logs`. A class that no modality with a weight knows is impossible
            in a product.
    """
    summed = weighted_sum(members, weights)
    if name == "product" and known is not None and not known.all():
        nobody = ~((weights > 0) @ known)  # for bool, a product of matrices asks whether any is true
        summed = np.where(nobody[..., None, :], -np.inf, summed)
    return summed


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


def pool(
    name: str, posteriors: NDArray[Any], weights: NDArray[Any], known: NDArray[np.bool_] | None = None
) -> NDArray[Any]:
    """The fused posteriors of a pool; each row sums to 1. Shapes are as in `weighted_sum`.

    name: in `POOLS`. weights: for `linear`, their sum is 1; for `product`, they are exponents and may have any sum.
    known: (modalities, classes), as in `completed_logs`.
    """
    summed = combined(name, summands(name, posteriors, known), weights, known)
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
