"""Sign-flip tests over actors of many contrasts at once, adjusted by max-T over all of them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emofusion.evaluation.permutation import MaxT

# The number of statistics in memory at once: 32 MiB as float64.
BLOCK = 2**22
# Equal means over seeds and pairs can differ by rounding. A single clip changes a measure by far more than this.
NOTHING = 1e-12


def signs(actors: int, permutations: int, seed: int) -> tuple[NDArray[Any], bool]:
    """Ways to choose each actor's sign: (ways, actors) of 1 and -1; and whether they are all possible ways.

    Both choices of all signs have the same statistic without its sign, so the first actor always keeps the sign +.

    Args:
        actors: the number of actors.
        permutations: the largest number of ways. If more are possible, this number is drawn at random.
        seed: of the random numbers.
    """
    if 2 ** (actors - 1) <= permutations:
        ways = np.arange(2 ** (actors - 1))[:, None] >> np.arange(actors - 1) & 1
        return np.concatenate([np.ones((len(ways), 1)), 1.0 - 2 * ways], axis=1), True
    flipped = np.random.default_rng(seed).integers(2, size=(permutations, actors))
    return 1.0 - 2 * flipped, False


def sign_flips(contrasts: NDArray[Any], permutations: int, seed: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Two-sided p values of sign-flip tests (Fisher 1935), for each contrast alone and adjusted by max-T.

    If a setting is as good as the one that it is compared with, each actor's difference could as well have the other
    sign. All contrasts of an actor get the same sign, so that the adjustment (`permutation.MaxT`) knows how the
    contrasts depend on each other. The statistic is the sum over actors, divided by the root of its sum of squares. It
    orders the ways in the same way as Student's t, because flipping does not change the sum of squares.

    Args:
        contrasts: (H, A), what each actor adds to each of H contrasts.
        permutations, seed: see `signs`. If the ways are drawn at random, the observed one counts as one of them
            (Phipson and Smyth 2010, doi 10.2202/1544-6115.1585).

    Returns:
        The p values, (H,), and the adjusted p values, (H,); an adjusted one is never smaller. A contrast that is 0 for
        every actor has p 1.
    """
    hypotheses, actors = contrasts.shape
    if not hypotheses:
        return np.zeros(0), np.zeros(0)
    root = np.sqrt((contrasts**2).sum(axis=1))
    differs = root > NOTHING
    scaled = np.where(differs[:, None], contrasts, 0) / np.where(differs, root, 1)[:, None]
    observed = np.abs(scaled.sum(axis=1))
    ways, exact = signs(actors, permutations, seed)
    tests = MaxT(observed)
    for block in np.array_split(ways, max(1, -(-len(ways) * hypotheses // BLOCK))):
        tests.add(np.abs(block @ scaled.T))
    return tests.p_values(exact)
