"""Comparisons of pairs of systems on the same clips."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import bdtr

from emofusion.evaluation.bootstrap import Resampling
from emofusion.evaluation.counts import Counts
from emofusion.evaluation.permutation import holm, sign_flip
from emofusion.evaluation.systems import Systems


def mcnemar(only_first: NDArray[Any], only_second: NDArray[Any]) -> NDArray[Any]:
    """Two-sided p values of the exact McNemar test (McNemar 1947), for many pairs of systems at once.

    It is the binomial test of a share of 1/2, as in `scipy.stats.binomtest`. The test assumes that clips are
    independent, but clips of one actor are not. `permutation.sign_flip` does not make this assumption.

    Args:
        only_first: (pairs,), the number of clips that only the first system recognises.
        only_second: (pairs,), the number of clips that only the second system recognises.

    Returns:
        (pairs,); 1 where both numbers are 0.
    """
    discordant = only_first + only_second
    p: NDArray[Any] = np.minimum(2 * bdtr(np.minimum(only_first, only_second).astype(float), discordant, 0.5), 1.0)
    return p


def pairs(systems: Systems, counts: Counts, resampling: Resampling, every: bool = True) -> pd.DataFrame:
    """Compare pairs of systems.

    Args:
        systems: the systems on the same clips.
        counts: their counts.
        resampling: the resamples of the actors.
        every: compare all pairs; otherwise compare only the first system with each other one.

    Returns:
        A row for each pair, with the columns first, second; difference (accuracy of the first minus that of the second)
        with its interval low and high from resamples of actors; only_first and only_second (clips that only one of
        them recognises); clips, actors; mcnemar_p and sign_flip_p (from each actor's difference in recognised clips),
        each also with the suffix `_holm`, adjusted for all pairs; compared (the number of pairs).
    """
    first, second = np.triu_indices(len(systems.names), k=1)
    if not every:
        first, second = first[first == 0], second[first == 0]
    right = (systems.predicted == systems.truth).astype(np.int64)
    only = right @ (1 - right).T
    correct, clips = counts.correct.sum(axis=-1), counts.clips.sum(axis=-1)
    differences = correct[first] - correct[second]
    low, high = resampling.accuracy(differences, clips)
    names = np.array(systems.names, dtype=object)
    table = pd.DataFrame(
        {
            "first": pd.Series(names[first], dtype=str),
            "second": pd.Series(names[second], dtype=str),
            "difference": differences.sum(axis=1) / clips.sum(),
            "low": low,
            "high": high,
            "only_first": only[first, second],
            "only_second": only[second, first],
            "clips": len(systems.truth),
            "actors": len(systems.actors),
            "mcnemar_p": mcnemar(only[first, second], only[second, first]),
            "sign_flip_p": sign_flip(differences),
        }
    )
    for name in ("mcnemar_p", "sign_flip_p"):
        table[f"{name}_holm"] = holm(table[name].to_numpy())
    return table.assign(compared=len(table))
