"""Ways to exchange the levels of a group, for permutation tests over people or within people."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emofusion.evaluation.permutation import relabellings

_BLOCK = 500  # permutations in memory at once


def pair_exchanges(
    present: NDArray[np.bool_], of_people: bool, permutations: int, seed: int
) -> tuple[NDArray[np.bool_], bool]:
    """Ways to exchange two levels.

    Args:
        present: (A, 2), the levels that each actor has clips of; at least one.
        of_people: whether each actor has only one level. People are then relabelled, and as many have the first level
            as before. Otherwise the two levels of a person are exchanged, for people who have both; the others stay as
            they are.
        permutations: the largest number of ways. If more are possible, this number is drawn at random.
        seed: of the random numbers.

    Returns:
        Booleans (ways, A): for people, whether the actor has the first level; otherwise whether the clips that the
        actor has of the first level stay there. And whether these are all possible ways.
    """
    if of_people:
        return relabellings(len(present), int(present[:, 0].sum()), permutations, seed)
    both = present.all(axis=1)
    number = int(both.sum())
    exact = number < 63 and 2**number <= permutations
    if exact:
        chosen = (np.arange(2**number)[:, None] >> np.arange(number) & 1).astype(bool)
    else:
        chosen = np.random.default_rng(seed).random((permutations, number)) < 0.5
    stay = np.ones((len(chosen), len(present)), dtype=bool)
    stay[:, both] = chosen
    return stay, exact


def shuffles(
    actor: NDArray[Any], level: NDArray[Any], of_people: bool, permutations: int, seed: int
) -> Iterator[NDArray[Any]]:
    """Random ways to exchange any number of levels: (ways, cells), the new level of each cell, in several blocks.

    Args:
        actor: (cells,), the actor of each cell, in ascending order. A cell is an actor's clips of one level.
        level: (cells,), its level.
        of_people: whether each actor has only one level. Levels are then permuted over actors, otherwise within each.
        permutations: the number of ways.
        seed: of the random numbers.
    """
    random = np.random.default_rng(seed)
    for start in range(0, permutations if len(level) else 0, _BLOCK):
        number = min(_BLOCK, permutations - start)
        keys = random.random((number, len(level)))
        if not of_people:  # sorted within each actor, because the cells of an actor stand together
            keys += actor
        yield level[keys.argsort(axis=1)]
