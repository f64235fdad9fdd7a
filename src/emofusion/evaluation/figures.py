"""The figures of several systems with intervals: overall, by gender and emotion, and who is taken for whom."""

from itertools import product

import numpy as np
import pandas as pd

from emofusion.emotions import GENDERS
from emofusion.evaluation.bootstrap import Resampling
from emofusion.evaluation.counts import Counts, ratio
from emofusion.evaluation.systems import Systems

OVER_EMOTIONS = ("unweighted_average_recall", "macro_f1")
FIGURES = ("accuracy", *OVER_EMOTIONS, "log_loss", "brier", "calibration_error")


def measures(
    confusion: np.ndarray, log_loss: np.ndarray, brier: np.ndarray, calibration: np.ndarray
) -> dict[str, np.ndarray]:
    """The figures of sums over clips: confusion (..., K, K), log_loss and brier (...), calibration (..., bins, 3).

    accuracy. unweighted_average_recall and macro_f1: means over the emotions that *occur*, so that systems are compared
    over the same emotions; what is taken for an emotion that does not occur lowers the recall of the true one, and has
    no F1 of its own (scikit-learn's f1_score(average="macro", labels=those that occur)). log_loss: nats a clip.
    brier: 0 to 2. calibration_error: Σ_bins clips/N |accuracy - confidence| (Guo et al. 2017), which chance alone makes
    greater than 0, the more so in a resample.
    """
    clips = confusion.sum(axis=(-2, -1))
    right, true, taken = np.diagonal(confusion, axis1=-2, axis2=-1), confusion.sum(axis=-1), confusion.sum(axis=-2)
    occurring = (true > 0).sum(axis=-1)
    off = np.abs(calibration[..., 2] - calibration[..., 1]).sum(axis=-1)
    return {
        "accuracy": ratio(right.sum(axis=-1), clips),
        "unweighted_average_recall": ratio(ratio(right, np.maximum(true, 1)).sum(axis=-1), occurring),
        "macro_f1": ratio(ratio(2 * right, np.maximum(true + taken, 1)).sum(axis=-1), occurring),
        "log_loss": ratio(log_loss, clips),
        "brier": ratio(brier, clips),
        "calibration_error": ratio(off, clips),
    }


def subset_table(systems: Systems, counts: Counts, resampling: Resampling) -> pd.DataFrame:
    """All figures of every system by gender and emotion, each of them and `all`: a row for each system and subset.

    Columns: system, gender, emotion, correct, clips, actors (with a clip of the subset), accuracy with low and high,
    then the other figures of `measures`, each with `<name>_low` and `<name>_high`. Of one emotion alone there is no
    unweighted average recall, which is the accuracy, and no macro F1, as what else is taken for it lies outside.
    Subsets without a clip have no row.
    """
    parts = []
    for gender, emotion in product(("all", *GENDERS), ("all", *systems.emotions)):
        clips, correct = subset_counts(counts.clips, counts.correct, systems, gender, emotion)
        if not clips.sum():
            continue
        columns = {"system": systems.names, "gender": gender, "emotion": emotion, "correct": correct.sum(axis=1)}
        columns |= {"clips": clips.sum(), "actors": (clips > 0).sum()}
        columns |= {"accuracy": correct.sum(axis=1) / clips.sum()}
        columns["low"], columns["high"] = resampling.accuracy(correct, clips)
        columns |= _others(systems, counts, resampling, gender, emotion, clips > 0)
        parts.append(pd.DataFrame(columns).assign(place=range(len(systems.names)), subset=len(parts)))
    table = pd.concat(parts).sort_values(["place", "subset"], ignore_index=True)
    return table.drop(columns=["place", "subset"])


def _others(
    systems: Systems, counts: Counts, resampling: Resampling, gender: str, emotion: str, present: np.ndarray
) -> dict[str, np.ndarray]:
    """The columns of all figures but accuracy in a subset, (S,) each; present: (A,), who has a clip of it."""
    who = present & (np.ones(len(present), dtype=bool) if gender == "all" else systems.genders == gender)
    kinds = slice(None) if emotion == "all" else [systems.emotions.index(emotion)]
    weights = resampling.weights[:, who].astype(float)
    rows = []
    for place in range(len(systems.names)):
        confusion = counts.confusion[place, who][:, kinds].astype(float)
        sums = [part[place, who][:, kinds].sum(axis=1) for part in (counts.log_loss, counts.brier, counts.calibration)]
        seen = measures(*(part.sum(axis=0) for part in (confusion, *sums)))
        drawn = measures(*(np.tensordot(weights, part, axes=1) for part in (confusion, *sums)))
        row = {}
        for figure in FIGURES[1:]:
            undefined = emotion != "all" and figure in OVER_EMOTIONS
            row[figure] = np.nan if undefined else float(seen[figure])
            ends = (np.nan, np.nan) if undefined else resampling.interval(drawn[figure], present)
            row[f"{figure}_low"], row[f"{figure}_high"] = map(float, ends)
        rows.append(row)
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def subset_counts(
    clips: np.ndarray, correct: np.ndarray, systems: Systems, gender: str, emotion: str
) -> tuple[np.ndarray, np.ndarray]:
    """Each actor's part in a subset: of clips (A, K) gives (A,), of correct (..., A, K) gives (..., A)."""
    actors = np.ones(len(clips), dtype=bool) if gender == "all" else systems.genders == gender
    emotions = slice(None) if emotion == "all" else [systems.emotions.index(emotion)]
    return tuple(part[..., emotions].sum(axis=-1) * actors for part in (clips, correct))


def confusion_table(systems: Systems, counts: Counts) -> pd.DataFrame:
    """Counts of clips by system, gender (each, and `all`), emotion and predicted emotion.

    Columns: system, gender, emotion, predicted, clips. Each emotion that occurs or is a class of a system is there;
    a gender without a clip is not.
    """
    genders = {"all": np.ones(len(systems.actors), dtype=bool), "female": ~systems.male, "male": systems.male}
    genders = {name: who for name, who in genders.items() if who.any()}
    clips = np.stack([counts.confusion[:, who].sum(axis=1) for who in genders.values()], axis=1)
    axes = [systems.names, list(genders), systems.emotions, systems.emotions]
    index = pd.MultiIndex.from_product(axes, names=["system", "gender", "emotion", "predicted"])
    return pd.DataFrame({"clips": clips.ravel()}, index=index).reset_index()
