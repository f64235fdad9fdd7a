"""Permutation tests over actors, and the correction of p values for the number of comparisons."""

from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Differences of accuracies that are equal up to rounding count as equal.
ROUNDING = 1e-9


def sign_flip(differences: NDArray[Any]) -> NDArray[Any]:
    """Two-sided p value of the sign-flip permutation test, (rows,), of whole differences (rows, actors).

    If two systems are alike, each actor's difference might as well have the other sign. p is the share of the 2^actors
    ways to choose the signs whose sum is as far from 0 as the observed one (Fisher 1935). It is exact for any number of
    actors, and nothing is drawn: the sums are whole numbers, and their distribution is built up actor by actor (Pagano
    and Tritchler 1983).
    """
    p = np.ones(len(differences))
    for row, values in enumerate(np.asarray(differences, dtype=int)):
        sizes = np.abs(values[values != 0])
        total = sizes.sum()
        chance = np.zeros(total + 1)  # the probability of each sum of the differences whose sign is chosen to be +
        chance[0] = 1.0
        for size in sizes:
            chance[size:] = (chance[size:] + chance[:-size]) / 2
            chance[:size] /= 2
        p[row] = chance[np.abs(2 * np.arange(total + 1) - total) >= abs(values.sum())].sum()
    return np.minimum(p, 1.0)


def relabellings(number: int, chosen: int, permutations: int, seed: int) -> tuple[NDArray[Any], bool]:
    """Ways to call `chosen` of `number` actors male, (ways, number) booleans, and whether these are all ways.

    They are all if there are at most `permutations`; otherwise `permutations` of them are drawn at random.
    """
    if (every := comb(number, chosen)) <= permutations:
        positions = np.array(list(combinations(range(number), chosen)), dtype=int).reshape(every, chosen)
        ways = np.zeros((len(positions), number), dtype=bool)
        np.put_along_axis(ways, positions, True, axis=1)
        return ways, True
    ranks = np.random.default_rng(seed).random((permutations, number)).argsort(axis=1)
    return ranks < chosen, False


def two_sided(observed: NDArray[Any], permuted: NDArray[Any], exact: bool) -> NDArray[Any]:
    """The share of permuted statistics (ways, ...) as far from 0 as the observed one (...); NaN where that is NaN.

    Where the ways were drawn, the observed one counts as one more (Phipson and Smyth 2010, doi
    10.2202/1544-6115.1585).
    """
    with np.errstate(invalid="ignore"):
        extreme = (np.abs(permuted) >= np.abs(observed) - ROUNDING).sum(axis=0)
    p = extreme / len(permuted) if exact else (extreme + 1) / (len(permuted) + 1)
    return np.where(np.isnan(observed), np.nan, p)


def holm(p: NDArray[Any]) -> NDArray[Any]:
    """Holm's adjusted p values (1979) along the last axis; NaN is no comparison and stays NaN."""
    p = np.asarray(p, dtype=float)
    order = p.argsort(axis=-1)  # NaN comes last
    number = (~np.isnan(p)).sum(axis=-1, keepdims=True)
    steps = np.take_along_axis(p, order, axis=-1) * np.maximum(number - np.arange(p.shape[-1]), 1)
    adjusted = np.empty_like(p)
    np.put_along_axis(adjusted, order, np.minimum(np.maximum.accumulate(steps, axis=-1), 1.0), axis=-1)
    return adjusted
