"""Accuracy where some emotions are right for each other, as in a listening test that accepts calm for neutral."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from emofusion.evaluation.actors import Actors
from emofusion.evaluation.systems import actors_of
from emofusion.predictions.table import labels


def accuracy_as_one(rows: pd.DataFrame, groups: Sequence[Sequence[str]], confidence: float) -> dict[str, float]:
    """The accuracy of a system where the emotions of a group count as one.

    The predictions stay what they are: the emotion with the largest posterior of all classes.

    Args:
        rows: test rows of a prediction table (`tables.PREDICTIONS`), each clip once. A clip without a prediction is
            not recognised.
        groups: groups of emotions, each emotion at most once.
        confidence: the level of the interval over actors, such as 0.95.

    Returns:
        accuracy (0–1), its interval low and high (NaN with too few actors), and clips.
    """
    first = {emotion: group[0] for group in groups for emotion in group}
    right = pd.Series(labels(rows)).replace(first).to_numpy() == rows["emotion"].replace(first).to_numpy()
    actors, actor = actors_of(rows)
    clips, correct = np.bincount(actor), np.bincount(actor, right)
    low, high = Actors(actors["gender"].to_numpy(), confidence).accuracy(correct, clips)
    return {"accuracy": correct.sum() / clips.sum(), "low": float(low), "high": float(high), "clips": clips.sum()}
