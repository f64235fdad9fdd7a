"""Group fairness metrics: how much rates differ between men and women, or between other groups."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emofusion.evaluation.actors import Actors
from emofusion.evaluation.arithmetic import ratio
from emofusion.evaluation.counts import Counts
from emofusion.evaluation.fairness_intervals import fairness_ends
from emofusion.evaluation.systems import Systems

ACCURACY = "accuracy_difference"
DEMOGRAPHIC_PARITY = "demographic_parity_difference"
METRICS = (DEMOGRAPHIC_PARITY, "equalized_odds_difference", "equal_opportunity_difference")


def fairness_table(systems: Systems, counts: Counts, over: Actors) -> pd.DataFrame:
    """Absolute differences between the genders, from 0 to 1.

    Columns: system, emotion, metric, value, and the ends low and high of its interval over actors (see
    `fairness_intervals`); male_clips and female_clips (the clips that the shares are of: all clips of the gender for
    the emotion `all` and for demographic_parity_difference, and otherwise its clips of the emotion; the false positive
    rate of equalized_odds_difference is a share of the others).

    The emotion `all` has the metric accuracy_difference. Each emotion that occurs has three metrics. They are defined
    as in fairlearn, for this emotion against all others:

    * demographic_parity_difference: of the share of clips that are predicted as the emotion. It is only meaningful if
      both genders show the emotion equally often.
    * equalized_odds_difference: the larger of the differences of the true and of the false positive rate.
    * equal_opportunity_difference: of the true positive rate, which is the emotion's recall.

    A clip that a system lacks is predicted as no emotion, and is not recognised. A value is missing where a gender has
    no clip to compute a rate from. (fairlearn would use the rate 0.)
    """
    of_group = np.stack([systems.male, systems.female])[:, :, None]
    by_actor, confusion = counts.clips * of_group, counts.confusion[:, None] * of_group[..., None]
    table = with_intervals(systems, by_actor, confusion, np.asarray(counts.clips.any(axis=0)), over)
    for gender, shown in zip(("female", "male"), by_actor.sum(axis=1)[::-1], strict=True):
        numbers = {"all": shown.sum(), **dict(zip(systems.emotions, shown, strict=True))}
        of_emotion = table["emotion"].map(numbers)
        table[f"{gender}_clips"] = of_emotion.mask(table["metric"] == DEMOGRAPHIC_PARITY, shown.sum()).astype("int64")
    return table


def with_intervals(
    systems: Systems, clips: NDArray[Any], confusion: NDArray[Any], occurs: NDArray[Any], over: Actors
) -> pd.DataFrame:
    """The differences between groups of clips, with intervals where there are two groups.

    Args:
        systems: the systems, for their names and emotions.
        clips: (G, A, K), the number of clips by group, actor and true emotion.
        confusion: (S, G, A, K, K), the number of clips by system, group, actor, true and predicted emotion.
        occurs: (K,), whether an emotion has rows.
        over: the actors.

    Returns:
        The table of `differences`, with the columns low and high: see `fairness_intervals.fairness_ends`. They are
        missing with more than two groups: the two that differ most are then chosen by their rates, and the interval of
        a chosen difference would lie too high.
    """
    table = differences(systems, clips.sum(axis=1), confusion.sum(axis=2), occurs)
    if len(clips) != 2:
        return table.assign(low=np.nan, high=np.nan)
    columns = np.concatenate([[True], np.repeat(occurs, len(METRICS))])
    low, high = (ends[:, columns].ravel() for ends in fairness_ends(clips, confusion, over))
    return table.assign(low=low, high=high)


def differences(systems: Systems, clips: NDArray[Any], confusion: NDArray[Any], occurs: NDArray[Any]) -> pd.DataFrame:
    """The differences between any number of groups: the largest rate of a group minus the smallest, as in fairlearn.

    Args:
        systems: the systems, for their names and emotions.
        clips: (G, K), the number of clips by group and true emotion.
        confusion: (S, G, K, K), the number of clips by system, group, true and predicted emotion. Clips that a system
            lacks are in none.
        occurs: (K,), whether an emotion has rows.

    Returns:
        A table with the columns system, emotion, metric and value, see `fairness_table`.
    """
    emotions = np.flatnonzero(occurs)
    accuracy, rates = _accuracy(clips, confusion), _one_against_the_rest(clips, confusion)[:, emotions]
    keys = [("all", ACCURACY), *((systems.emotions[emotion], metric) for emotion in emotions for metric in METRICS)]
    values = np.concatenate([accuracy[:, None], rates.reshape(len(confusion), -1)], axis=1)
    rows = [(name, *key) for name in systems.names for key in keys]
    return pd.DataFrame(rows, columns=["system", "emotion", "metric"]).assign(value=values.ravel())


def _accuracy(clips: NDArray[Any], confusion: NDArray[Any]) -> NDArray[Any]:
    """The differences of accuracy, (S,). clips, confusion: see `differences`."""
    return _difference(np.trace(confusion, axis1=-2, axis2=-1), clips.sum(axis=-1))


def _one_against_the_rest(clips: NDArray[Any], confusion: NDArray[Any]) -> NDArray[Any]:
    """The differences named in `METRICS` for each emotion, (S, K, 3). clips, confusion: see `differences`."""
    recognised, taken = np.diagonal(confusion, axis1=-2, axis2=-1), confusion.sum(axis=-2)
    whole = clips.sum(axis=-1, keepdims=True)
    selected = _difference(taken, whole)
    true, false = _difference(recognised, clips), _difference(taken - recognised, whole - clips)
    return np.stack([selected, np.maximum(true, false), true], axis=-1)


def _difference(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[Any]:
    """The largest minus the smallest part / whole of the groups, (S, ...); NaN with fewer than two groups.

    A group whose `whole` is 0 does not count. part: (S, G, ...). whole: (G, ...), or an axis of length 1.
    """
    shares = ratio(part, whole)
    known = np.isfinite(shares)
    spread = np.where(known, shares, -np.inf).max(axis=1) - np.where(known, shares, np.inf).min(axis=1)
    return np.where(known.sum(axis=1) > 1, spread, np.nan)
