"""The accuracy of each fold, and how much of the variance is between folds and between actors."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from emofusion.evaluation.actors import strata_of
from emofusion.evaluation.systems import actors_of
from emofusion.evaluation.variance import components
from emofusion.predictions.table import labels


def fold_table(systems: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The accuracy on the test clips of each fold. Each fold's models were trained on other clips.

    Columns: system, fold, correct, clips, actors, accuracy (0–1).

    systems: name → test rows (`tables.PREDICTIONS`).
    """
    parts = []
    for name, rows in systems.items():
        counted = rows.assign(correct=labels(rows) == rows["emotion"].to_numpy()).groupby("fold")
        part = counted.agg(correct=("correct", "sum"), clips=("clip", "size"), actors=("actor", "nunique"))
        parts.append(part.reset_index().assign(system=name))
    table = pd.concat(parts, ignore_index=True)
    table["accuracy"] = table["correct"] / table["clips"]
    return table[["system", "fold", "correct", "clips", "actors", "accuracy"]]


def variance_table(systems: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """How much accuracies vary between folds and between the actors of a fold, among men and among women.

    Columns: system, folds, actors; fold and actor (standard deviations of accuracies, 0–1; see `variance.components`);
    clips (the standard deviation that the chance of single clips alone would give the accuracy of an actor, if clips
    were independent; the variance of actors contains it); set_to_0 (components that were estimated as negative).

    systems: name → test rows (`tables.PREDICTIONS`).
    """
    found: list[dict[str, Any]] = []
    for name, rows in systems.items():
        actors, actor = actors_of(rows)
        right = labels(rows) == rows["emotion"].to_numpy()
        clips, correct = np.bincount(actor), np.bincount(actor, right)
        shares = correct / clips
        fold = rows.groupby(actor)["fold"].agg(["first", "nunique"])
        folds = fold["first"].to_numpy() if (fold["nunique"] == 1).all() else None
        parts = components(shares[None], strata_of(actors["gender"].to_numpy()), folds)
        chance = (shares * (1 - shares))[clips > 1] / (clips[clips > 1] - 1)
        found.append(
            {
                "system": name,
                "folds": rows["fold"].nunique(),
                "actors": len(actors),
                "fold": np.sqrt(parts.fold),
                "actor": np.sqrt(parts.actor),
                "clips": np.sqrt(chance.mean()) if len(chance) else np.nan,
                "set_to_0": " and ".join(parts.negative),
            }
        )
    return pd.DataFrame(found)
