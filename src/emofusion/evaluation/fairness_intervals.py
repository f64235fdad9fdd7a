"""Intervals of fairness metrics: absolute differences between two groups of clips, over actors.

The groups are men and women, or two levels of another group. An absolute difference is never below 0, so an interval
around it would leave out a true difference of 0. It is an interval of a size instead (`student.size_interval`), which
leaves out 0 just where the interval of the gap does. That is `Actors.gap`, or `Actors.within` where the same people
have clips of both groups. The equalized odds difference is the larger of two differences. Its upper end is the larger
upper end. Its lower end is the larger of two lower ends that hold together (Bonferroni).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emofusion.evaluation.actors import Actors, share_of
from emofusion.evaluation.student import Ends


def fairness_ends(clips: NDArray[Any], confusion: NDArray[Any], over: Actors) -> Ends:
    """The low and high ends of the intervals, (S, 1 + 3 K) each; NaN where too few actors show an emotion.

    The columns are the difference of accuracy, and for each of the K emotions those of demographic parity, equalized
    odds and equal opportunity, see `fairness.fairness_table`.

    Args:
        clips: (2, A, K), the number of clips by group, actor and true emotion. An actor may have clips of both groups,
            as of two intensities.
        confusion: (S, 2, A, K, K), the number of clips by system, group, actor, true and predicted emotion. Clips that
            a system lacks are in none.
        over: the actors.
    """
    shown, whole = np.moveaxis(clips, -1, 1), clips.sum(axis=-1)[:, None]  # (2, K, A) and (2, 1, A)
    right = np.moveaxis(np.diagonal(confusion, axis1=-2, axis2=-1), -1, 2)  # (S, 2, K, A)
    taken = np.moveaxis(confusion.sum(axis=-2), -1, 2)
    stricter = replace(over, confidence=(1 + over.confidence) / 2)
    same_people = bool((whole > 0).all(axis=0).any())
    once, strictly = (one.within if same_people else one.gap for one in (over, stricter))
    of_all = _ends(right.sum(axis=2, keepdims=True), whole, once)
    parity, opportunity = _ends(taken, whole, once), _ends(right, shown, once)
    of_others = _ends(taken - right, whole - shown, once)
    together = _ends(right, shown, strictly), _ends(taken - right, whole - shown, strictly)
    odds = np.maximum(together[0][0], together[1][0]), np.maximum(opportunity[1], of_others[1])
    by_emotion = [np.stack(ends, axis=-1) for ends in zip(parity, odds, opportunity, strict=True)]  # (S, K, 3) each
    low, high = (
        np.concatenate([first, each.reshape(len(first), -1)], axis=1)
        for first, each in zip(of_all, by_emotion, strict=True)
    )
    return low, high


def _ends(part: NDArray[Any], whole: NDArray[Any], interval: Callable[..., Ends]) -> Ends:
    """The interval of the size of the first group's rate minus the second's, (S, R) each, of R rates Σ part / Σ whole.

    part: (S, 2, R, A). whole: (2, R, A), or an axis R of length 1. interval: `Actors.gap` or `Actors.within`.
    """
    return interval(*(share_of(part[:, side], whole[side]) for side in (0, 1)), of_size=True)
