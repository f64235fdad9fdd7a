"""Comparisons of pairs of systems on the same clips."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import bdtr

from emofusion.evaluation.actors import Actors
from emofusion.evaluation.counts import Counts
from emofusion.evaluation.flips import sign_flips
from emofusion.evaluation.permutation import holm, sign_flip
from emofusion.evaluation.student import deviations
from emofusion.evaluation.systems import Systems

RULE, ORACLE = "rule", "oracle"
NO_FAMILY = -1
# kind of a system → the family of tests that compares it with the configured rule
FAMILIES = {RULE: 0, "baseline": 0, "modality": 1, "reference": 2, ORACLE: NO_FAMILY}


def mcnemar(only_first: NDArray[Any], only_second: NDArray[Any]) -> NDArray[Any]:
    """Two-sided p values of the exact McNemar test (McNemar 1947), for many pairs of systems at once.

    It is the binomial test of a share of 1/2, as in `scipy.stats.binomtest`. The test takes the clips as independent:
    it asks about further clips of these very actors. For other actors, whose differences vary, it rejects too often;
    use `permutation.sign_flip` there.

    Args:
        only_first: (pairs,), the number of clips that only the first system recognises.
        only_second: (pairs,), the number of clips that only the second system recognises.

    Returns:
        (pairs,); 1 where both numbers are 0.
    """
    discordant = only_first + only_second
    p: NDArray[Any] = np.minimum(2 * bdtr(np.minimum(only_first, only_second).astype(float), discordant, 0.5), 1.0)
    return p


def pairs(
    systems: Systems,
    counts: Counts,
    over: Actors,
    permutations: int,
    seed: int,
    kinds: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Compare every two systems.

    Args:
        systems: the systems on the same clips.
        counts: their counts.
        over: the actors, for intervals.
        permutations, seed: of the adjusted sign-flip test, see `flips.sign_flips`.
        kinds: system → its kind. An oracle is chosen on the test clips: its pairs have no p values, and are in no
            family of tests.

    Returns:
        A row for each pair, with the columns first, second; difference (accuracy of the first minus that of the second)
        with Student's interval low and high over actors; only_first and only_second (clips that only one of them
        recognises); clips, actors; mcnemar_p and mcnemar_p_holm; sign_flip_p (exact, from each actor's difference in
        recognised clips) and sign_flip_p_max_t; compared (the number of pairs that the adjusted p values are adjusted
        for).
    """
    first, second = np.triu_indices(len(systems.names), k=1)
    only = _only(systems)
    table = pd.DataFrame(
        {
            "first": pd.Series(np.array(systems.names, dtype=object)[first], dtype=str),
            "second": pd.Series(np.array(systems.names, dtype=object)[second], dtype=str),
            **_differences(counts, over, first, second),
            "only_first": only[first, second],
            "only_second": only[second, first],
            "clips": len(systems.truth),
            "actors": len(systems.actors),
            "mcnemar_p": mcnemar(only[first, second], only[second, first]),
        }
    )
    oracle = np.array([(kinds or {}).get(name) == ORACLE for name in systems.names])
    family = np.where(oracle[first] | oracle[second], NO_FAMILY, 0)
    tested = _tests(counts, first, second, family, permutations, seed)
    table["mcnemar_p"] = table["mcnemar_p"].where(family != NO_FAMILY)
    table["mcnemar_p_holm"] = holm(table["mcnemar_p"].to_numpy())
    return table.assign(**tested)


def against(
    systems: Systems,
    counts: Counts,
    over: Actors,
    permutations: int,
    seed: int,
    configured: str,
    kinds: Mapping[str, str],
) -> pd.DataFrame:
    """Compare every other system with the configured rule.

    Three questions are asked: whether another rule is better, whether the fusion is better than a modality alone, and
    whether it is better than a reference that was made elsewhere. Each is a family of tests of its own. An oracle is
    chosen on the test clips: it has a difference and no p value.

    Args:
        configured: the configured rule.
        kinds: system → modality, rule, baseline, oracle or reference; a system without a kind counts as a rule.
        systems, counts, over, permutations, seed: as for `pairs`.

    Returns:
        A row for each other system, with the columns system, configured; difference (accuracy of the system minus that
        of the configured rule) with Student's interval low and high; sign_flip_p, sign_flip_p_max_t and compared (the
        number of tests of the family), as in `pairs`.
    """
    others = np.array([place for place, name in enumerate(systems.names) if name != configured], dtype=int)
    second = np.full(len(others), systems.names.index(configured))
    family = np.array([FAMILIES.get(kinds.get(systems.names[place], RULE), 0) for place in others], dtype=int)
    names = np.array(systems.names, dtype=object)
    table = pd.DataFrame(
        {
            "system": pd.Series(names[others], dtype=str),
            "configured": pd.Series(names[second], dtype=str),
            **_differences(counts, over, others, second),
        }
    )
    return table.assign(**_tests(counts, others, second, family, permutations, seed))


def _only(systems: Systems) -> NDArray[Any]:
    """How many clips each system recognises that another one does not, (S, S)."""
    right = (systems.predicted == systems.truth).astype(np.int64)
    only: NDArray[Any] = right @ (1 - right).T
    return only


def _differences(counts: Counts, over: Actors, first: NDArray[Any], second: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """The differences of accuracy of some pairs (positions of systems), and their intervals, (pairs,) each."""
    clips = counts.clips.sum(axis=-1)
    differences = _by_actor(counts, first, second)
    value = differences.sum(axis=1) / clips.sum()
    low, high = over.difference(value, deviations(differences, clips), clips)
    return {"difference": value, "low": low, "high": high}


def _tests(
    counts: Counts, first: NDArray[Any], second: NDArray[Any], family: NDArray[Any], permutations: int, seed: int
) -> dict[str, NDArray[Any]]:
    """The sign-flip tests of some pairs (positions of systems), each alone and adjusted for the tests of its family.

    family: (pairs,), a number from 0 for each family; `NO_FAMILY` for a pair that is not tested.
    """
    differences = _by_actor(counts, first, second)
    alone = np.where(family == NO_FAMILY, np.nan, sign_flip(differences))
    adjusted, compared = np.full(len(family), np.nan), np.zeros(len(family), dtype=np.int64)
    for number in set(family) - {NO_FAMILY}:
        rows = family == number
        _, of_family = sign_flips(differences[rows].astype(float), permutations, seed)
        # drawn signs could make an adjusted p value smaller than the exact one
        adjusted[rows], compared[rows] = np.maximum(of_family, alone[rows]), rows.sum()
    return {"sign_flip_p": alone, "sign_flip_p_max_t": adjusted, "compared": compared}


def _by_actor(counts: Counts, first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    """By how many clips more the first system of each pair recognises of each actor, (pairs, A)."""
    correct = counts.correct.sum(axis=-1)
    differences: NDArray[Any] = correct[first] - correct[second]
    return differences
