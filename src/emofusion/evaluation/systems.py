"""Align the predictions of several systems (fusion rules and single modalities) on the same test clips."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emofusion.emotions import in_order
from emofusion.errors import EmofusionError
from emofusion.evaluation.accuracy import on_test
from emofusion.predictions.table import align, labels


@dataclass(frozen=True)
class Systems:
    """The predictions of S systems on the same N clips of A actors, with K emotions.

    clip: (N,), the names of the clips.
    names: the names of the S systems. emotions: the K emotions that occur or are a class of a system, in the order of
    the classes. actors: A rows with the columns actor and gender, sorted by actor. actor: (N,), each clip's row in
    `actors`. truth: (N,), the position of each clip's true emotion in `emotions`. predicted: (S, N), the positions of
    the predicted emotions; -1 for a clip that a system lacks. posteriors: (S, N, K); 0 for an emotion that is not a
    class of a system.
    """

    names: list[str]
    emotions: list[str]
    actors: pd.DataFrame
    actor: NDArray[Any]
    truth: NDArray[Any]
    predicted: NDArray[Any]
    posteriors: NDArray[Any]
    clip: NDArray[Any]

    def only(self, names: Sequence[str]) -> "Systems":
        """Some of the systems, in this order, on the same clips."""
        rows = [self.names.index(name) for name in names]
        return replace(self, names=list(names), predicted=self.predicted[rows], posteriors=self.posteriors[rows])

    @property
    def genders(self) -> NDArray[Any]:
        """Each actor's gender, (A,)."""
        genders: NDArray[Any] = self.actors["gender"].to_numpy()
        return genders

    @property
    def male(self) -> NDArray[np.bool_]:
        """Which actors are men, (A,)."""
        return np.asarray(self.genders == "male")

    @property
    def female(self) -> NDArray[np.bool_]:
        """Which actors are women, (A,)."""
        return np.asarray(self.genders == "female")


def side_by_side(systems: dict[str, pd.DataFrame], are_checked: bool = False) -> Systems:
    """Put the test rows of several systems' prediction tables into the same order.

    Args:
        systems: name → prediction table (`tables.PREDICTIONS`).
        are_checked: whether the tables were checked already.

    Raises:
        EmofusionError: there is no system; a system has no test clip, or tests a clip in several folds; systems have
            different test clips, or disagree on a clip's corpus, actor, gender or emotion; or an actor has two genders.
    """
    # The folds need not agree: two systems may be trained on different folds and still be tested on the same clips.
    tables = {name: on_test(table, name).assign(fold=0) for name, table in systems.items()}
    aligned = align(tables, are_checked)
    emotions = in_order([*aligned.classes, *aligned.clips["emotion"]], aligned.order)
    actors, actor = actors_of(aligned.clips)
    posteriors = np.zeros((len(tables), len(aligned.clips), len(emotions)))
    posteriors[:, :, [emotions.index(emotion) for emotion in aligned.classes]] = aligned.posteriors
    positions = pd.Index(emotions)
    order = [pd.Index(table["clip"]).get_indexer(aligned.clips["clip"]) for table in tables.values()]
    predicted = [positions.get_indexer(labels(table))[rows] for table, rows in zip(tables.values(), order, strict=True)]
    truth = positions.get_indexer(aligned.clips["emotion"])
    return Systems(
        list(tables), emotions, actors, actor, truth, np.stack(predicted), posteriors, aligned.clips["clip"].to_numpy()
    )


def actors_of(clips: pd.DataFrame) -> tuple[pd.DataFrame, NDArray[Any]]:
    """The actors of some clips, and each clip's actor.

    Args:
        clips: a table with the columns actor and gender.

    Returns:
        A table with the columns actor and gender, sorted by actor; and each clip's row in this table, (clips,).

    Raises:
        EmofusionError: an actor has two genders.
    """
    actors = clips[["actor", "gender"]].drop_duplicates().sort_values("actor", ignore_index=True)
    if (twice := actors["actor"].duplicated()).any():
        actor = actors["actor"][twice].iloc[0]
        genders = " and ".join(sorted(actors.loc[actors["actor"] == actor, "gender"]))
        raise EmofusionError(f"actor {actor} has two genders, {genders}; correct the clip table.")
    return actors, pd.Index(actors["actor"]).get_indexer(clips["actor"])
