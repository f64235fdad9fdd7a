"""Precision, recall and F1 of each class, with intervals."""

from typing import Any

import pandas as pd

from emofusion.evaluation.actors import Actors
from emofusion.evaluation.arithmetic import ratio
from emofusion.evaluation.counts import Counts
from emofusion.evaluation.systems import Systems

FIGURES = ("precision", "recall", "f1")


def class_table(systems: Systems, counts: Counts, over: Actors) -> pd.DataFrame:
    """Precision, recall and F1 of each emotion, by system.

    Columns: system, emotion, correct (clips), clips (that show the emotion), predicted (clips as which it was
    predicted), actors (who show it), and for each of precision (correct / predicted), recall (correct / clips) and f1
    (2 correct / (clips + predicted)) its value (0–1) and the ends `_low` and `_high` of its interval over actors. Only
    emotions that occur or are predicted have rows. A figure is missing where it would be divided by 0: the precision of
    an emotion that is never predicted.

    Args:
        systems: the systems on the same clips.
        counts: their counts.
        over: the actors, for intervals.
    """
    tables = []
    for number, system in enumerate(systems.names):
        correct = counts.correct[number].T  # (K, A)
        shown, taken = counts.clips.T, counts.confusion[number].sum(axis=1).T
        columns: dict[str, Any] = {"system": system, "emotion": systems.emotions}
        columns |= {"correct": correct.sum(axis=1), "clips": shown.sum(axis=1), "predicted": taken.sum(axis=1)}
        columns["actors"] = (shown > 0).sum(axis=1)
        for name, whole, part in zip(FIGURES, (taken, shown, shown + taken), (1, 1, 2), strict=True):
            columns[name] = ratio(part * correct.sum(axis=1), whole.sum(axis=1))
            columns[f"{name}_low"], columns[f"{name}_high"] = over.accuracy(part * correct, whole)
        table = pd.DataFrame(columns)
        tables.append(table[(table["clips"] > 0) | (table["predicted"] > 0)])
    return pd.concat(tables, ignore_index=True).astype({"system": "str", "emotion": "str"})
