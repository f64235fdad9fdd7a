"""Accuracy by the modalities that clips have, and when more clips lack one."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from emofusion.evaluation.actors import Actors
from emofusion.evaluation.systems import Systems, actors_of
from emofusion.fusion.common.crossfit import NothingToLearnFrom, score
from emofusion.fusion.common.fuse import aligned_for
from emofusion.plan.settings import EvaluationSettings, FusionSettings
from emofusion.predictions.missing import USE_OTHERS, in_words, patterns
from emofusion.predictions.table import Aligned, labels
from emofusion.predictions.ties import predicted
from emofusion.settings.kinds import FusionRule

PRESENCE = ("present", "system", "correct", "clips", "actors", "accuracy", "low", "high")
ROBUSTNESS = ("lacking", "share", "removed", "correct", "clips", "actors", "accuracy", "low", "high")
SHARES = tuple(range(0, 101, 10))  # percent of a modality's test clips that are removed


def presence_table(systems: Systems, modalities: Sequence[str], over: Actors) -> pd.DataFrame:
    """The accuracy of every system on the clips that have the same modalities; without rows where none is missing.

    Columns: present (the modalities, in words), system, correct, clips, actors, accuracy (0–1), low and high (its
    interval over actors). A modality has no row for clips that it lacks.

    Args:
        systems: the systems on the same clips.
        modalities: the systems that are single modalities.
        over: the actors, for intervals.
    """
    of_modality = [systems.names.index(name) for name in modalities]
    present = systems.predicted[of_modality] >= 0
    rows: list[dict[str, Any]] = []
    for having, clips in () if present.all() else patterns(present):
        names = [modalities[position] for position in having]
        right = systems.predicted[:, clips] == systems.truth[clips]
        correct, tested = _by_actor(right, systems.actor[clips], len(systems.actors))
        low, high = over.accuracy(correct, tested)
        shown = in_words(names, len(modalities))
        for number, system in enumerate(systems.names):
            if system in names or system not in modalities:
                figures = (correct[number].sum(), tested.sum(), (tested > 0).sum())
                ends = (figures[0] / figures[1], low[number], high[number])
                rows.append(dict(zip(PRESENCE, (shown, system, *figures, *ends), strict=True)))
    return _typed(rows, PRESENCE)


def robustness_table(
    modalities: dict[str, pd.DataFrame],
    fused: pd.DataFrame,
    rule: FusionRule,
    fusion: FusionSettings,
    settings: EvaluationSettings,
    fitting: dict[str, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """The accuracy of the fusion when a share of a modality's test clips is removed, from none to all.

    The rule is fitted on clips that are not removed, as it would be before it is used. Which clips are removed is drawn
    at random; a greater share contains a smaller one. A clip of which nothing is left is not recognised.

    Columns: lacking (the modality), share (0–1), removed (clips), correct, clips, actors, accuracy (0–1), low and high
    (its interval over actors). There are no rows for a single modality, nor for a modality without which
    the rule has nothing to learn from.

    Args:
        modalities: modality → its predictions, checked (`tables.PREDICTIONS`).
        fused: the configured rule's predictions, from which nothing is removed.
        rule: the configured rule.
        fusion: its weights, and what it learns from.
        settings: the level of the intervals; the seed decides which clips are removed.
        fitting: modality → the predictions that the rule is fitted on, where these are others.
    """
    rows: list[dict[str, Any]] = []
    if len(modalities) > 1:
        aligned = aligned_for(modalities, replace(fusion, missing=USE_OTHERS), fitting)
        tested = aligned.clips["split"].to_numpy() == "test"
        clips = aligned.clips[tested]
        actors, actor = actors_of(clips)
        chosen = settings.evaluation
        with threadpool_limits(1):
            over = Actors(actors["gender"].to_numpy(), chosen.confidence)
            right = pd.Series(labels(fused) == fused["emotion"].to_numpy(), fused["clip"].to_numpy())
            whole = right[clips["clip"]].to_numpy()
            for position, modality in enumerate(aligned.modalities):
                try:
                    without = _recognised(_without(aligned, position), rule, fusion)
                except NothingToLearnFrom:
                    continue
                having = np.flatnonzero(aligned.present[position, tested])
                order = np.random.default_rng([chosen.seed, position]).permutation(having)
                removed = [order[: round(len(order) * share / 100)] for share in SHARES]
                right = np.stack([_replaced(whole, without, gone) for gone in removed])
                correct, by_actor = _by_actor(right, actor, len(actors))
                low, high = over.accuracy(correct, by_actor)
                for number, share in enumerate(SHARES):
                    figures = (int(correct[number].sum()), len(clips), len(actors))
                    ends = (figures[0] / figures[1], low[number], high[number])
                    about = (modality, share / 100, len(removed[number]))
                    rows.append(dict(zip(ROBUSTNESS, (*about, *figures, *ends), strict=True)))
    return _typed(rows, ROBUSTNESS)


def _typed(rows: list[dict[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    """The rows as a table whose columns have their types also where there is no row."""
    words, counts = {"present", "system", "lacking"}, {"removed", "correct", "clips", "actors"}
    types = {name: "str" if name in words else "int64" if name in counts else "float64" for name in columns}
    return pd.DataFrame(rows, columns=list(columns)).astype(types)


def _without(aligned: Aligned, position: int) -> Aligned:
    """The clips without a modality (its position)."""
    present = aligned.present.copy()
    present[position] = False
    return replace(aligned, present=present)


def _recognised(aligned: Aligned, rule: FusionRule, fusion: FusionSettings) -> NDArray[np.bool_]:
    """Which test clips the rule recognises, (test clips,)."""
    test = aligned.clips["split"].to_numpy() == "test"
    truth = pd.Index(aligned.classes).get_indexer(aligned.clips.loc[test, "emotion"])
    right = predicted(score(aligned, rule, fusion).posteriors) == truth
    return np.asarray(right & aligned.present[:, test].any(axis=0))


def _replaced(whole: NDArray[np.bool_], without: NDArray[np.bool_], rows: NDArray[Any]) -> NDArray[np.bool_]:
    right = whole.copy()
    right[rows] = without[rows]
    return right


def _by_actor(right: NDArray[np.bool_], actor: NDArray[Any], actors: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Recognised clips, (rows, A), and clips, (A,), of each actor. right: (rows, clips). actor: (clips,)."""
    correct = np.stack([np.bincount(actor, row, actors) for row in right]).astype(np.int64)
    return correct, np.bincount(actor, minlength=actors)
