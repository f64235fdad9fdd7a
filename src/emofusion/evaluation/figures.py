"""The figures of several systems with intervals: overall, by gender and emotion, and who is taken for whom."""

from itertools import product

import numpy as np
import pandas as pd

from emofusion.emotions import GENDERS
from emofusion.evaluation.bootstrap import Resampling, percentiles
from emofusion.evaluation.counts import Counts, ratio
from emofusion.evaluation.systems import Systems

FIGURES = ("accuracy", "unweighted_average_recall", "macro_f1", "log_loss", "brier", "calibration_error")


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
        "unweighted_average_recall": ratio(right, np.maximum(true, 1)).sum(axis=-1) / occurring,
        "macro_f1": ratio(2 * right, np.maximum(true + taken, 1)).sum(axis=-1) / occurring,
        "log_loss": ratio(log_loss, clips),
        "brier": ratio(brier, clips),
        "calibration_error": ratio(off, clips),
    }


def figures(systems: Systems, counts: Counts, resampling: Resampling) -> pd.DataFrame:
    """A row a system: system, the figures of `measures`, each with `<name>_low` and `<name>_high`, clips, actors."""
    enough = resampling.enough(np.ones(len(systems.actors), dtype=bool))
    rows = []
    for place, name in enumerate(systems.names):
        sums = [part[place] for part in (counts.confusion, counts.log_loss, counts.brier, counts.calibration)]
        found = measures(*(part.sum(axis=0) for part in sums))
        drawn = measures(*(np.tensordot(resampling.weights, part, axes=1) for part in sums))
        row = {"system": name}
        for figure, value in found.items():
            low, high = percentiles(drawn[figure], resampling.confidence) if enough else (np.nan, np.nan)
            row |= {figure: float(value), f"{figure}_low": float(low), f"{figure}_high": float(high)}
        rows.append({**row, "clips": len(systems.truth), "actors": len(systems.actors)})
    return pd.DataFrame(rows)


def subset_table(systems: Systems, counts: Counts, resampling: Resampling) -> pd.DataFrame:
    """Accuracy by gender and emotion (each, and `all`), a row for each system and subset with at least one clip.

    Columns: system, gender, emotion, correct, clips, actors (with a clip of the subset), accuracy, low, high.
    """
    parts = []
    for gender, emotion in product(("all", *GENDERS), ("all", *systems.emotions)):
        clips, correct = subset_counts(counts.clips, counts.correct, systems, gender, emotion)
        if not clips.sum():
            continue
        low, high = resampling.accuracy(correct, clips)
        columns = {
            "system": systems.names,
            "gender": gender,
            "emotion": emotion,
            "correct": correct.sum(axis=1),
            "clips": clips.sum(),
            "actors": (clips > 0).sum(),
            "accuracy": correct.sum(axis=1) / clips.sum(),
            "low": low,
            "high": high,
        }
        parts.append(pd.DataFrame(columns).assign(place=range(len(systems.names)), subset=len(parts)))
    table = pd.concat(parts).sort_values(["place", "subset"], ignore_index=True)
    return table.drop(columns=["place", "subset"])


def subset_counts(
    clips: np.ndarray, correct: np.ndarray, systems: Systems, gender: str, emotion: str
) -> tuple[np.ndarray, np.ndarray]:
    """Each actor's part in a subset: of clips (A, K) gives (A,), of correct (..., A, K) gives (..., A)."""
    actors = np.ones(len(clips), dtype=bool) if gender == "all" else (systems.actors["gender"] == gender).to_numpy()
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
