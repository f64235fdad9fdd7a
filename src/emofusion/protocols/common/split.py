"""Make a split: it says whether a clip is a training, validation or test clip in each fold.

`make_split` checks that a speaker has clips of only one of these kinds, unless the protocol declares that it leaks.
"""

from collections.abc import Collection

import numpy as np
import pandas as pd

from emofusion.errors import EmofusionError
from emofusion.protocols.common.labels import check_labels
from emofusion.settings.experiment import Emotions
from emofusion.settings.kinds import Protocol

Fold = tuple[pd.Series, pd.Series, pd.Series]  # boolean masks over the clips: train, validation, test


def make_split(
    clips: pd.DataFrame, protocol: Protocol, emotions: Emotions, closed: Collection[str] = ()
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Assign each clip to training, validation or test in each fold.

    Args:
        clips: `tables.CLIPS` of all corpora that the protocol names.
        protocol: the protocol.
        emotions: the classes, and the emotions that are counted as a class.
        closed: corpora in which every clip has to belong to a class (`Corpus.other_labels`).

    Returns:
        The split (`tables.SPLIT`), and a table of the clips that were left out because their emotion is not among the
        classes: `corpus`, `gender`, `emotion`, and the number of `clips`.

    Raises:
        EmofusionError: the protocol does not fit the clips, or labels do not fit the classes.
    """
    clips = clips.assign(emotion=clips["emotion"].replace(emotions.merge))
    used = clips["emotion"].isin(emotions.classes)
    left_out = clips[~used].groupby(["corpus", "gender", "emotion"], as_index=False).agg(clips=("clip", "size"))
    check_labels(clips, emotions.classes, closed)
    clips = clips[used].sort_values(["corpus", "clip"], ignore_index=True)
    parts = []
    for fold, masks in enumerate(protocol.masks(clips)):
        for part, mask in zip(("train", "validation", "test"), masks, strict=True):
            if not mask.any() and (part != "validation" or protocol.validation):
                raise EmofusionError(f"protocol: fold {fold} has no clip to {part} with")
            columns = ["clip", "corpus", "actor", "gender", "emotion"]
            parts.append(clips.loc[mask, columns].assign(fold=fold, split=part))
    split = pd.concat(parts, ignore_index=True)
    if not protocol.leaks_speakers:
        check_speakers(split)
    return split, left_out


def check_speakers(split: pd.DataFrame) -> None:
    """Raise `EmofusionError` if, in any fold, an actor is in more than one of train, validation and test."""
    parts = split.groupby(["fold", "actor"])["split"].nunique()
    if (parts > 1).any():
        fold, actor = parts[parts > 1].index[0]
        raise EmofusionError(
            f"protocol: actor {actor} is on more than one side of fold {fold}; use random_clips to leak"
        )


def with_validation(clips: pd.DataFrame, others: pd.Series, test: pd.Series, protocol: Protocol, fold: int) -> Fold:
    """The masks of a fold, where a share of the training actors is used for validation.

    Validation actors are drawn from each gender with at least two actors, at least one from each. With
    `protocol.validation=0` there are none.

    Args:
        clips: all clips of the classes.
        others: mask of the training and validation clips.
        test: mask of the test clips.
        protocol: its `validation` is the share, and its `seed` decides the draw.
        fold: the number of the fold, which also decides the draw.

    Raises:
        EmofusionError: there are too few actors.
    """
    if not protocol.validation:
        return others, others & False, test
    random = np.random.default_rng([protocol.seed, fold])
    actors = clips[others].drop_duplicates("actor").sort_values("actor")
    drawn: list[str] = []
    for _, group in actors.groupby("gender"):
        if len(group) > 1:
            wanted = min(max(1, round(protocol.validation * len(group))), len(group) - 1)
            drawn += list(random.choice(group["actor"].to_numpy(dtype=object), wanted, replace=False))
    if not drawn:
        raise EmofusionError("protocol.validation: too few actors to train with and to set any apart")
    validation = others & clips["actor"].isin(drawn)
    return others & ~validation, validation, test


def check_number_of_folds(number: int, most: int, of_what: str) -> None:
    """Raise `EmofusionError` unless the number of folds is from 2 to `most`.

    number: of folds. most: the number of actors or clips that are divided into folds. of_what: their name.
    """
    if not 2 <= number <= most:
        raise EmofusionError(f"protocol.number_of_folds={number}: from 2 to {most}, the number of {of_what}")
