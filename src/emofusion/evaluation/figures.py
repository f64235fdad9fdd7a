"""The metrics of several systems with intervals, overall and by gender and emotion; and the confusion matrices."""

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emofusion.emotions import GENDERS
from emofusion.errors import EmofusionError
from emofusion.evaluation.bootstrap import Resampling
from emofusion.evaluation.counts import Counts
from emofusion.evaluation.systems import Systems
from emofusion.settings.kinds import Metric

ACCURACY = "accuracy"
# the names of other columns in the tables of metrics, by subset and by actor
SUBSET = ("system", "actor", "gender", "emotion", "correct", "clips", "actors", "low", "high")

AnyMetric = TypeVar("AnyMetric", bound=Metric | type[Metric])


def beside_accuracy(metrics: Iterable[AnyMetric]) -> list[AnyMetric]:
    """The metrics in the order of the tables, without accuracy, which is always computed from its own counts.

    Raises `EmofusionError` for a metric with the name of another column of the table of metrics.
    """
    others = sorted((metric for metric in metrics if metric.kind != ACCURACY), key=lambda m: (m.position, m.kind))
    if taken := [metric.kind for metric in others if metric.kind in SUBSET]:
        raise EmofusionError(f"a metric cannot be called {taken[0]}: the table of metrics has a column of this name.")
    return others


def subset_table(systems: Systems, counts: Counts, resampling: Resampling, metrics: Sequence[Metric]) -> pd.DataFrame:
    """All metrics of every system, by gender and emotion: a row for each system and subset.

    Columns: system, gender and emotion (`all` for the total), correct, clips, actors (with a clip of the subset),
    accuracy with its interval low and high, then the metrics, each with `<name>_low` and `<name>_high` (missing where
    the metric has no interval). A metric over emotions is missing for a single emotion: its unweighted average recall
    would equal the accuracy, and macro F1 also needs clips of other emotions. Subsets without a clip have no row.

    Args:
        systems: the systems on the same clips.
        counts: their counts, with the sums of the metrics.
        resampling: the resamples of the actors.
        metrics: the metrics besides accuracy.

    Raises:
        EmofusionError: the value of a metric has the wrong shape.
    """
    others, tables = beside_accuracy(metrics), list[pd.DataFrame]()
    for gender, emotion in product(("all", *GENDERS), ("all", *systems.emotions)):
        clips, correct = subset_counts(counts.clips, counts.correct, systems, gender, emotion)
        if not clips.sum():
            continue
        columns: dict[str, Any] = {"system": systems.names, "gender": gender, "emotion": emotion}
        columns |= {"correct": correct.sum(axis=1), "clips": clips.sum(), "actors": (clips > 0).sum()}
        columns[ACCURACY] = correct.sum(axis=1) / clips.sum()
        columns["low"], columns["high"] = resampling.accuracy(correct, clips)
        for metric in others:
            values = _figures(metric, counts, resampling, _emotions(systems, emotion), clips)
            columns |= dict(zip((metric.kind, f"{metric.kind}_low", f"{metric.kind}_high"), values, strict=True))
        tables.append(pd.DataFrame(columns).assign(order=range(len(systems.names)), subset=len(tables)))
    table = pd.concat(tables).sort_values(["order", "subset"], ignore_index=True)
    return table.drop(columns=["order", "subset"])


def _figures(
    metric: Metric, counts: Counts, resampling: Resampling, emotions: slice | list[int], clips: NDArray[Any]
) -> NDArray[Any]:
    """A metric in a subset, (3, S): its value, and the low and high ends of its interval.

    emotions: the positions of the subset's emotions. clips: (A,), each actor's number of clips in the subset.
    """
    sums = counts.sums[metric.kind]
    figures = np.full((3, len(sums)), np.nan)
    if metric.over_emotions and emotions != slice(None):
        return figures
    present = clips > 0
    resamples = resampling.weights if metric.has_interval else resampling.weights[:0]  # nothing is drawn for the others
    weights = resamples[:, present].astype(float)
    drawn_clips = np.concatenate([[clips.sum()], weights @ clips[present]])
    for number, by_actor in enumerate(sums):
        of_subset = by_actor[present][:, emotions].sum(axis=1)
        # row 0: the clips without resampling; other rows: the resamples
        drawn = np.concatenate([of_subset.sum(axis=0)[None], np.tensordot(weights, of_subset, axes=1)])
        values = np.asarray(metric.value(drawn, drawn_clips))
        if values.shape != drawn_clips.shape:
            raise EmofusionError(
                f"the metric {metric.kind} has a value of shape {values.shape} for sums of shape {drawn.shape}; "
                f"it must be {drawn_clips.shape}."
            )
        figures[:, number] = values[0], *_ends(metric, values, resampling, clips)
    return figures


def _ends(metric: Metric, values: NDArray[Any], resampling: Resampling, clips: NDArray[Any]) -> tuple[Any, Any]:
    """The ends of a metric's interval, on the scale that fits its bounds; NaN for a metric without intervals.

    values: the metric, followed by the metric of each resample. clips: (A,), each actor's clips.
    """
    if not metric.has_interval:
        return np.nan, np.nan
    if (metric.least, metric.most) == (0, 1):
        return resampling.interval_of_share(values[0], values[1:], clips)
    if metric.least == 0:
        return resampling.interval_of_positive(values[0], values[1:], clips)
    return resampling.interval(values[1:], clips)


def _emotions(systems: Systems, emotion: str) -> slice | list[int]:
    """The positions of an emotion, or of all emotions for `all`."""
    return slice(None) if emotion == "all" else [systems.emotions.index(emotion)]


def subset_counts(
    clips: NDArray[Any], correct: NDArray[Any], systems: Systems, gender: str, emotion: str
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Each actor's number of clips, (A,), and of recognised clips, (..., A), in a subset.

    clips: (A, K). correct: (..., A, K). gender, emotion: of the subset, or `all`.
    """
    actors = np.ones(len(clips), dtype=bool) if gender == "all" else systems.genders == gender
    emotions = _emotions(systems, emotion)
    return clips[..., emotions].sum(axis=-1) * actors, correct[..., emotions].sum(axis=-1) * actors


def confusion_table(systems: Systems, counts: Counts) -> pd.DataFrame:
    """The number of clips by system, gender (and `all`), true emotion and predicted emotion.

    Columns: system, gender, emotion, predicted, clips. All emotions that occur or are a class of a system have rows. A
    gender without a clip has no rows.
    """
    genders = {"all": np.ones(len(systems.actors), dtype=bool), "female": systems.female, "male": systems.male}
    genders = {name: actors for name, actors in genders.items() if actors.any()}
    clips = np.stack([counts.confusion[:, actors].sum(axis=1) for actors in genders.values()], axis=1)
    axes = [systems.names, list(genders), systems.emotions, systems.emotions]
    index = pd.MultiIndex.from_product(axes, names=["system", "gender", "emotion", "predicted"])
    return pd.DataFrame({"clips": clips.ravel()}, index=index).reset_index()
