"""Permutation tests over actors, and the correction of p values for the number of comparisons.

A permutation of people over groups asks whether the groups are the same: also in how much people differ. So tests over
people have Welch's t test beside it, see `groups`.
"""

from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Two differences of accuracies count as equal if they differ by less than this, because of rounding.
ROUNDING = 1e-9


def sign_flip(differences: NDArray[Any]) -> NDArray[Any]:
    """Two-sided p values of the sign-flip permutation test (Fisher 1935).

    If two systems are equally good, each actor's difference could as well have the other sign. There are 2^actors ways
    to choose the signs. p is the share of these ways whose sum is at least as far from 0 as the observed sum. It is
    exact for any number of actors: the sums are whole numbers, and their distribution is computed actor by actor
    (Pagano and Tritchler 1983).

    Args:
        differences: (rows, actors), whole numbers.

    Returns:
        (rows,).
    """
    p = np.ones(len(differences))
    for row, values in enumerate(np.asarray(differences, dtype=int)):
        sizes = np.abs(values[values != 0])
        total = sizes.sum()
        chance = np.zeros(total + 1)  # chance[s]: the probability that the differences with the sign + have the sum s
        chance[0] = 1.0
        for size in sizes:
            chance[size:] = (chance[size:] + chance[:-size]) / 2
            chance[:size] /= 2
        p[row] = chance[np.abs(2 * np.arange(total + 1) - total) >= abs(values.sum())].sum()
    return np.minimum(p, 1.0)


def relabellings(number: int, chosen: int, permutations: int, seed: int) -> tuple[NDArray[Any], bool]:
    """Ways to choose which actors are called male, for a permutation test of gender.

    Args:
        number: the number of actors.
        chosen: how many of them are called male.
        permutations: the largest number of ways. If more are possible, this number is drawn at random.
        seed: of the random numbers.

    Returns:
        Booleans (ways, number), and whether they are all possible ways.
    """
    if (possible := comb(number, chosen)) <= permutations:
        positions = np.array(list(combinations(range(number), chosen)), dtype=int).reshape(possible, chosen)
        ways = np.zeros((len(positions), number), dtype=bool)
        np.put_along_axis(ways, positions, True, axis=1)
        return ways, True
    ranks = np.random.default_rng(seed).random((permutations, number)).argsort(axis=1)
    return ranks < chosen, False


def two_sided(observed: NDArray[Any], permuted: NDArray[Any], exact: bool) -> NDArray[Any]:
    """The share of permuted statistics that are at least as far from 0 as the observed one.

    If the permutations were drawn at random, the observed statistic counts as one of them (Phipson and Smyth 2010,
    doi 10.2202/1544-6115.1585).

    Args:
        observed: (...).
        permuted: (ways, ...).
        exact: whether `permuted` has all possible ways.

    Returns:
        (...); NaN where `observed` is NaN.
    """
    with np.errstate(invalid="ignore"):
        extreme = (np.abs(permuted) >= np.abs(observed) - ROUNDING).sum(axis=0)
    p = extreme / len(permuted) if exact else (extreme + 1) / (len(permuted) + 1)
    return np.where(np.isnan(observed), np.nan, p)


def holm(p: NDArray[Any]) -> NDArray[Any]:
    """p values adjusted by Holm's method (Holm 1979) along the last axis. NaN does not count as a comparison."""
    p = np.asarray(p, dtype=float)
    order = p.argsort(axis=-1)  # NaN comes last
    number = (~np.isnan(p)).sum(axis=-1, keepdims=True)
    multiplied = np.take_along_axis(p, order, axis=-1) * np.maximum(number - np.arange(p.shape[-1]), 1)
    adjusted = np.empty_like(p)
    np.put_along_axis(adjusted, order, np.minimum(np.maximum.accumulate(multiplied, axis=-1), 1.0), axis=-1)
    return adjusted


class MaxT:
    """p values of many hypotheses from the same permutations, each alone and adjusted by max-T over all of them.

    It is the step-down procedure of Westfall and Young (1993, *Resampling-Based Multiple Testing*, algorithm 4.1): the
    probability that one or more true null hypotheses are rejected is at most the level. Unlike Holm's method, it knows
    how the statistics depend on each other: many rules that nearly agree cost little more than one.

    observed: (H,), statistics of H hypotheses without their signs, on a common scale. Permutations are added in blocks.
    """

    def __init__(self, observed: NDArray[Any]) -> None:
        self._order = (-observed).argsort(kind="stable")
        self._limit = observed[self._order] - ROUNDING
        self._alone, self._most, self._ways = np.zeros(len(observed)), np.zeros(len(observed)), 0

    def add(self, permuted: NDArray[Any]) -> None:
        """Count the permutations that are at least as extreme. permuted: (ways, H), as `observed`."""
        ordered = permuted[:, self._order]
        self._alone += (ordered >= self._limit).sum(axis=0)
        # the greatest statistic among this hypothesis and all that are less extreme
        greatest = np.maximum.accumulate(ordered[:, ::-1], axis=1)[:, ::-1]
        self._most += (greatest >= self._limit).sum(axis=0)
        self._ways += len(permuted)

    def p_values(self, exact: bool) -> tuple[NDArray[Any], NDArray[Any]]:
        """The p values, (H,), and the adjusted p values, (H,); an adjusted one is never smaller.

        exact: whether all possible permutations were added; see `two_sided`.
        """
        p, adjusted = np.empty(len(self._order)), np.empty(len(self._order))
        more = 0 if exact else 1
        p[self._order] = (self._alone + more) / (self._ways + more)
        adjusted[self._order] = np.maximum.accumulate((self._most + more) / (self._ways + more))
        return p, adjusted
