"""The accuracy and the losses of each actor: which speakers a system recognises, and which it does not."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

import numpy as np
import pandas as pd

from emofusion.evaluation.arithmetic import ratio
from emofusion.evaluation.counts import Counts
from emofusion.evaluation.figures import beside_accuracy
from emofusion.evaluation.systems import Systems
from emofusion.settings.kinds import Metric

AnyMetric = TypeVar("AnyMetric", bound=Metric | type[Metric])


def metrics_of_actors(metrics: Iterable[AnyMetric]) -> list[AnyMetric]:
    """The metrics that each actor has alone: those with intervals that need no mean over emotions, such as log loss."""
    return [metric for metric in beside_accuracy(metrics) if metric.has_interval and not metric.over_emotions]


def actor_table(systems: Systems, counts: Counts, metrics: Sequence[Metric] = ()) -> pd.DataFrame:
    """The recognised clips and the losses of each actor, by system and emotion.

    Columns: system, actor, gender, emotion (`all` for the total), correct, clips, accuracy (0–1); then the metrics of
    `metrics_of_actors`, of the actor's clips alone. An actor has no row for an emotion that the actor does not show.
    There are no intervals: a row is about this actor alone, and the clips of one actor are not independent.

    Args:
        systems: the systems on the same clips.
        counts: their counts, with the sums of the metrics.
        metrics: the metrics besides accuracy.
    """
    clips = np.concatenate([counts.clips.sum(axis=1, keepdims=True), counts.clips], axis=1)
    correct = np.concatenate([counts.correct.sum(axis=2, keepdims=True), counts.correct], axis=2)
    actor, emotion = np.nonzero(clips)
    names = np.array(["all", *systems.emotions], dtype=object)
    rows, number = len(actor), len(systems.names)
    figures = {}
    for metric in metrics_of_actors(metrics):
        sums = counts.sums[metric.kind]
        sums = np.concatenate([sums.sum(axis=2, keepdims=True), sums], axis=2)[:, actor, emotion]
        figures[metric.kind] = np.asarray(
            metric.value(sums, np.tile(clips[actor, emotion], (number, 1))), float
        ).ravel()
    return pd.DataFrame(
        {
            "system": np.repeat(np.array(systems.names, dtype=object), rows),
            "actor": np.tile(systems.actors["actor"].to_numpy(dtype=object)[actor], number),
            "gender": np.tile(systems.genders[actor], number),
            "emotion": np.tile(names[emotion], number),
            "correct": correct[:, actor, emotion].ravel().astype("int64"),
            "clips": np.tile(clips[actor, emotion], number).astype("int64"),
            "accuracy": ratio(correct, clips)[:, actor, emotion].ravel(),
            **figures,
        }
    ).astype(dict.fromkeys(("system", "actor", "gender", "emotion"), "str"))
