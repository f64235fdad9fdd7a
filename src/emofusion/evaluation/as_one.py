"""Accuracy and gender gap where some emotions are right for each other, as in a listening test that accepts calm for
neutral."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from emofusion.evaluation.actors import Actors, share_of
from emofusion.evaluation.systems import actors_of
from emofusion.predictions.table import labels


def counted_as_one(rows: pd.DataFrame, groups: Sequence[Sequence[str]], confidence: float) -> dict[str, float]:
    """The accuracy and the gender gap of a system where the emotions of a group count as one.

    The predictions stay what they are: the emotion with the largest posterior of all classes.

    Args:
        rows: test rows of a prediction table (`tables.PREDICTIONS`), each clip once. A clip without a prediction is
            not recognised.
        groups: groups of emotions, each emotion at most once.
        confidence: the level of the interval over actors, such as 0.95.

    Returns:
        accuracy (0–1) with its interval low and high, gap (accuracy of men minus accuracy of women) with gap_low and
        gap_high, and clips. Intervals are NaN with too few actors, and so is the gap without one of the genders.
    """
    first = {emotion: group[0] for group in groups for emotion in group}
    right = pd.Series(labels(rows)).replace(first).to_numpy() == rows["emotion"].replace(first).to_numpy()
    actors, actor = actors_of(rows)
    clips, correct, genders = np.bincount(actor), np.bincount(actor, right), actors["gender"].to_numpy()
    over = Actors(genders, confidence)
    men, women = (share_of(correct * (genders == one), clips * (genders == one)) for one in ("male", "female"))
    figures = correct.sum() / clips.sum(), *over.accuracy(correct, clips), men[0] - women[0], *over.gap(men, women)
    names = ("accuracy", "low", "high", "gap", "gap_low", "gap_high")
    return {**dict(zip(names, map(float, figures), strict=True)), "clips": clips.sum()}
