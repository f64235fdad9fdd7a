"""Whether fusion narrows the gender gap of a single modality."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emofusion.evaluation.actors import Actors
from emofusion.evaluation.gender import OVERALL, Gaps
from emofusion.evaluation.multipliers import BLOCK, welch_max_t
from emofusion.evaluation.paired import ORACLE
from emofusion.evaluation.permutation import ROUNDING, MaxT
from emofusion.evaluation.student import Ends
from emofusion.evaluation.systems import Systems

NOT_SHOWN, NOT_TESTED = "not shown", "not tested"
VERDICTS = ("narrowed", "widened", NOT_SHOWN, NOT_TESTED)


def narrowed_table(
    systems: Systems,
    over: Actors,
    gaps: Gaps,
    modalities: Sequence[str],
    permuted: tuple[NDArray[Any], bool],
    kinds: Mapping[str, str] | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare the gender gap of each fusion rule with that of each single modality, by emotion.

    The gap has become narrower if |after| < |before|, which is the same as (before - after) (before + after) > 0. So
    two statistics must both differ from 0: the difference and the sum of the two gaps. Each is tested by permuting
    which actors are called male and by Welch's t test, and p is the greatest one of these four p values (an
    intersection-union test, Berger 1982, doi 10.1080/00401706.1982.10487790). A gap near 0 rarely gets a verdict: it is
    not known which sign it has.

    Args:
        systems: fusion rules and single modalities on the same clips.
        over: the actors.
        gaps: the gaps of the same systems.
        modalities: the names of the systems that are single modalities.
        permuted: see `gender.permuted_gaps`.
        kinds: system → its kind. An oracle is chosen on the test clips, so it is not tested.
        seed: of the random draws of `multipliers.welch_max_t`.

    Returns:
        A table with the columns system, modality, emotion; gap_before (male - female accuracy of the modality),
        gap_after (of the system); change (|after| - |before|) with its interval low and high over actors;
        p; p_max_t (adjusted for all rules and modalities, and for all emotions in the rows of single emotions);
        verdict (`narrowed` or `widened` by `p_max_t` at the level of the intervals, otherwise `not shown`; `not tested`
        for an oracle); clips and actors that the row is computed from.
    """
    fused = [position for position, name in enumerate(systems.names) if name not in modalities]
    single = [systems.names.index(name) for name in modalities]
    after, before = np.array([(a, b) for a in fused for b in single], dtype=int).reshape(-1, 2).T
    low, high = change_interval(gaps, over, after, before)
    change = np.abs(gaps.observed[after]) - np.abs(gaps.observed[before])
    oracle = np.array([(kinds or {}).get(systems.names[position]) == ORACLE for position in after], dtype=bool)
    p, adjusted = np.full(change.shape, np.nan), np.full(change.shape, np.nan)
    for rows in _families(gaps.rows):
        pairs = after[~oracle], before[~oracle]
        tests = change_tests(gaps.observed[:, rows], permuted[0][:, rows], permuted[1], *pairs)
        welch = change_welch(gaps, over, *pairs, rows, permuted[0].shape[-1], seed)
        p[~oracle, rows], adjusted[~oracle, rows] = np.fmax(tests, welch)
    shown = adjusted <= 1 - over.confidence + ROUNDING
    verdict = np.select([shown & (change < 0), shown & (change > 0)], VERDICTS[:2], NOT_SHOWN)
    columns: dict[str, NDArray[Any]] = {
        "gap_before": gaps.observed[before],
        "gap_after": gaps.observed[after],
        "change": change,
        "low": low,
        "high": high,
        "p": p,
        "p_max_t": adjusted,
        "verdict": np.where(oracle[:, None], NOT_TESTED, verdict),
    }
    names, rows_of = np.array(systems.names, dtype=object), len(gaps.rows)
    keys = {
        "system": np.repeat(names[after], rows_of),
        "modality": np.repeat(names[before], rows_of),
        "emotion": np.tile(np.array(gaps.rows, dtype=object), len(after)),
    }
    counted = {"clips": gaps.clips.sum(axis=1), "actors": (gaps.clips > 0).sum(axis=1)}
    columns |= {name: np.tile(values, len(after)) for name, values in counted.items()}
    table = pd.DataFrame({**keys, **{name: values.ravel() for name, values in columns.items()}})
    return table.astype(dict.fromkeys([*keys, "verdict"], "str"))


def change_interval(gaps: Gaps, over: Actors, after: NDArray[Any], before: NDArray[Any]) -> Ends:
    """The ends of the intervals of |after| - |before|, (pairs, R) each.

    With the difference D = after - before and the sum S of the two gaps, |after| - |before| is the greater one of
    min(D, S) and -max(D, S). Its ends follow from those of D and S. The interval leaves out 0 just where both do, and
    with opposite signs, as Welch's t test alone would have it. Resamples would not do: the size of a gap near 0 is
    greater in nearly all of them.

    after, before: (pairs,), positions of systems.
    """
    (low_d, high_d), (low_s, high_s) = (over.change(*both) for both in _differences_and_sums(gaps, after, before))
    low = np.maximum(np.minimum(low_d, low_s), -np.maximum(high_d, high_s))
    high = np.maximum(np.minimum(high_d, high_s), -np.maximum(low_d, low_s))
    return low, high


def change_welch(
    gaps: Gaps, over: Actors, after: NDArray[Any], before: NDArray[Any], rows: slice, draws: int, seed: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """The p values of Welch's t tests and the adjusted p values of one family of rows, (pairs, R) each.

    Each is the greater one of that of the difference and that of the sum of two gaps. It is NaN where neither is
    tested: where people of a gender cannot differ, or a gap is not known.

    rows: of the gaps. draws, seed: see `multipliers.welch_max_t`. after, before: as in `change_tests`.
    """
    values, away, clips = [], [], []
    for value, moved, of_row in _differences_and_sums(gaps, after, before):
        values.append(value[:, rows].ravel())
        away.append(moved[:, rows].reshape(values[-1].size, moved.shape[-1]))
        clips.append(np.tile(of_row[rows], (len(after), 1)))
    whole, moved, of_actors = np.concatenate(values), np.concatenate(away), np.concatenate(clips)
    found = welch_max_t(whole, moved, of_actors, over.strata, draws, seed)
    shape = (2, len(after), len(gaps.rows[rows]))
    p, adjusted = (np.fmax(*each.reshape(shape)) for each in found)
    return p, adjusted


def _differences_and_sums(gaps: Gaps, after: NDArray[Any], before: NDArray[Any]) -> list[tuple[NDArray[Any], ...]]:
    """The arguments of `Actors.change`, for the differences of two gaps and for their sums."""
    return [
        (gaps.observed[after] + sign * gaps.observed[before], gaps.away[after] + sign * gaps.away[before], gaps.clips)
        for sign in (-1, 1)
    ]


def _families(rows: Sequence[str]) -> list[slice]:
    """The rows whose tests are adjusted together: the accuracy, the average recall, and all single emotions."""
    singles = [slice(place, place + 1) for place in range(len(OVERALL))]
    return [*singles, slice(len(OVERALL), len(rows))]


def change_tests(
    observed: NDArray[Any], permuted: NDArray[Any], exact: bool, after: NDArray[Any], before: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """The p values and the adjusted p values of one family of rows, (pairs, R) each; NaN where a gap is not known.

    Differences and sums are on the scale of their standard deviations over the permutations.

    observed: (S, R). permuted: (S, R, ways). exact: see `gender.permuted_gaps`. after, before: (pairs,), positions of
    systems.
    """
    known = np.isfinite(observed)
    permuted = np.nan_to_num(permuted)
    squares = np.einsum("srw,trw->str", permuted, permuted, optimize=True) / permuted.shape[-1]
    own = np.diagonal(squares).T
    statistics, scales = [], []
    for sign in (-1, 1):
        variance = own[after] + own[before] + 2 * sign * squares[after, before]
        scale = np.sqrt(np.maximum(variance, 0))
        differs = (scale > ROUNDING) & known[after] & known[before]
        scales.append(np.where(differs, 1 / np.where(differs, scale, 1), 0.0))
        gap = np.nan_to_num(observed)
        statistics.append(np.abs(gap[after] + sign * gap[before]) * scales[-1])
    tests, (pairs, rows) = MaxT(np.ravel(statistics)), (len(after), observed.shape[1])
    size = max(1, BLOCK // max(1, 2 * pairs * rows))
    for start in range(0, permuted.shape[-1], size):
        block = permuted[..., start : start + size]
        both = [
            np.abs(block[after] + sign * block[before]) * scale[..., None]
            for sign, scale in zip((-1, 1), scales, strict=True)
        ]
        tests.add(np.reshape(both, (2 * pairs * rows, block.shape[-1])).T)
    p, adjusted = (np.reshape(values, (2, pairs, rows)).max(axis=0) for values in tests.p_values(exact))
    unknown = ~(known[after] & known[before])
    return np.where(unknown, np.nan, p), np.where(unknown, np.nan, adjusted)
