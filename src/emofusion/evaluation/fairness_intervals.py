"""Intervals of fairness metrics: absolute differences between men and women, from resamples of actors.

An absolute difference is never below 0, so its resamples lie above it where the groups hardly differ, and percentiles
of them would leave out a true difference of 0. The interval is therefore that of the signed difference, folded at 0: an
interval from -3 to +5 points becomes one from 0 to 5. The equalized odds difference is the larger of two differences.
Its upper end is the larger upper end. Its lower end is the larger of two lower ends that hold together (Bonferroni).
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emofusion.evaluation.arithmetic import ratio
from emofusion.evaluation.bootstrap import Resampling
from emofusion.evaluation.counts import Counts
from emofusion.evaluation.systems import Systems

Ends = tuple[NDArray[Any], NDArray[Any]]


def fairness_ends(systems: Systems, counts: Counts, resampling: Resampling) -> Ends:
    """The low and high ends of the intervals, (S, 1 + 3 K) each; NaN where too few actors show an emotion.

    The columns are the difference of accuracy, and for each of the K emotions those of demographic parity, equalized
    odds and equal opportunity, see `fairness.fairness_table`.
    """
    stricter = replace(resampling, confidence=(1 + resampling.confidence) / 2)
    shown = counts.clips.T  # (K, A)
    known = systems.male | systems.female
    anything, of_emotion = known & (shown.sum(axis=0) > 0), known & (shown > 0)
    of_others = known & (shown.sum(axis=0) > shown)
    lows, highs = list[NDArray[Any]](), list[NDArray[Any]]()
    for confusion in counts.confusion:
        right, taken = np.diagonal(confusion, axis1=-2, axis2=-1).T, confusion.sum(axis=1).T  # (K, A)
        accuracy, selected, true, false = _signed(systems, shown, right, taken, resampling)
        of_all = folded(*resampling.interval(accuracy, anything))
        parity = folded(*resampling.interval(selected, np.broadcast_to(anything, shown.shape)))
        opportunity = folded(*resampling.interval(true, of_emotion))
        others = folded(*resampling.interval(false, of_others))
        together = [folded(*stricter.interval(d, p)) for d, p in ((true, of_emotion), (false, of_others))]
        odds = np.maximum(together[0][0], together[1][0]), np.maximum(opportunity[1], others[1])
        for ends, side in ((lows, 0), (highs, 1)):
            each = np.stack([parity[side], odds[side], opportunity[side]], axis=-1)
            ends.append(np.concatenate([[of_all[side]], each.ravel()]))
    return np.stack(lows), np.stack(highs)


def folded(low: NDArray[Any], high: NDArray[Any]) -> Ends:
    """The interval of |d| from that of d: both ends (...), low ≤ high."""
    least = np.where((low <= 0) & (high >= 0), 0, np.minimum(np.abs(low), np.abs(high)))
    return np.where(np.isnan(low), np.nan, least), np.maximum(np.abs(low), np.abs(high))


def _signed(
    systems: Systems, shown: NDArray[Any], right: NDArray[Any], taken: NDArray[Any], resampling: Resampling
) -> tuple[NDArray[Any], ...]:
    """Rates of men minus rates of women in each resample, of one system.

    Accuracy (samples,), and for each emotion, (K, samples): the share of clips that are predicted as the emotion, the
    true positive rate, the false positive rate.

    shown, right, taken: (K, A), clips of the emotion, those of them that are recognised, clips predicted as it.
    """
    of_gender, weights = [], resampling.weights.T.astype(float)
    for gender in (systems.male, systems.female):
        clips, correct, all_taken = ((part * gender) @ weights for part in (shown, right, taken))
        whole = clips.sum(axis=0)
        of_gender.append(
            (
                ratio(correct.sum(axis=0), whole),
                ratio(all_taken, whole),
                ratio(correct, clips),
                ratio(all_taken - correct, whole - clips),
            )
        )
    return tuple(men - women for men, women in zip(*of_gender, strict=True))
