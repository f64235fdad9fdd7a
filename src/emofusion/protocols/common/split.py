"""Protocols: who trains, who validates and who tests, in which fold.

A speaker is never on both sides of a split, unless the protocol is named as leaking; `make_split` checks it.
"""

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, train_test_split

from emofusion.errors import EmofusionError
from emofusion.settings.schema import LEAKING_PROTOCOLS

Fold = tuple[pd.Series, pd.Series, pd.Series]  # boolean masks over the clips: train, validation, test


def make_split(clips: pd.DataFrame, protocol: dict, emotions: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give each clip its part in each fold.

    `clips` is `tables.CLIPS` of all corpora that the protocol names; `protocol` and `emotions` are those nodes of the
    configuration. Returns the split (`tables.SPLIT`) and a table of what was left out because its emotion is not among
    the classes (corpus, gender, emotion, clips). Raises `EmofusionError` where the protocol does not fit the clips.
    """
    clips = clips.assign(emotion=clips["emotion"].replace(emotions["merge"]))
    used = clips["emotion"].isin(emotions["classes"])
    left_out = clips[~used].groupby(["corpus", "gender", "emotion"], as_index=False).agg(clips=("clip", "size"))
    clips = clips[used].sort_values(["corpus", "clip"], ignore_index=True)
    folds = _FOLDS[protocol["kind"]](clips, protocol)
    parts = []
    for number, masks in enumerate(folds):
        for split, mask in zip(("train", "validation", "test"), masks, strict=True):
            if not mask.any() and (split != "validation" or protocol["validation"]):
                raise EmofusionError(f"protocol: fold {number} has no clip to {split} with")
            parts.append(
                clips.loc[mask, ["clip", "corpus", "actor", "gender", "emotion"]].assign(fold=number, split=split)
            )
    split = pd.concat(parts, ignore_index=True)
    if protocol["kind"] not in LEAKING_PROTOCOLS:
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


def _cross_corpus(clips: pd.DataFrame, protocol: dict) -> list[Fold]:
    test = clips["corpus"].isin(protocol["test"])
    both = set(protocol["train"]) & set(protocol["test"])
    if both:
        raise EmofusionError(f"protocol: {', '.join(sorted(both))} both trains and tests; use speaker_independent")
    return [_with_validation(clips, clips["corpus"].isin(protocol["train"]), test, protocol, fold=0)]


def _speaker_independent(clips: pd.DataFrame, protocol: dict) -> list[Fold]:
    if protocol["folds"] is not None:
        testing = [_actors(clips, fold) for fold in protocol["folds"]]
    else:
        number = _number_of_folds(protocol, clips["actor"].nunique(), "actors")
        folds = StratifiedGroupKFold(number, shuffle=True, random_state=protocol["seed"])
        testing = [
            set(clips["actor"].iloc[test]) for _, test in folds.split(clips, clips["gender"], groups=clips["actor"])
        ]
    masks = [clips["actor"].isin(actors) for actors in testing]
    twice = sum(masks)[sum(masks) > 1]
    if len(twice):
        raise EmofusionError(f"protocol.folds: actor {clips['actor'][twice.index[0]]} is tested in more than one fold")
    return [_with_validation(clips, ~mask, mask, protocol, fold) for fold, mask in enumerate(masks)]


def _random_clips(clips: pd.DataFrame, protocol: dict) -> list[Fold]:
    number = _number_of_folds(protocol, int(clips["emotion"].value_counts().min()), "clips of the rarest emotion")
    folds = StratifiedKFold(number, shuffle=True, random_state=protocol["seed"])
    masks = []
    for fold, (others, test) in enumerate(folds.split(clips, clips["emotion"])):
        train, validation = others, []
        if protocol["validation"]:
            train, validation = train_test_split(
                others,
                test_size=protocol["validation"],
                stratify=clips["emotion"].iloc[others],
                random_state=protocol["seed"] + fold,
            )
        masks.append(tuple(clips.index.isin(part) for part in (train, validation, test)))
    return [tuple(pd.Series(mask, clips.index) for mask in fold) for fold in masks]


_FOLDS = {
    "cross_corpus": _cross_corpus,
    "speaker_independent": _speaker_independent,
    "random_clips": _random_clips,
}


def _number_of_folds(protocol: dict, most: int, of_what: str) -> int:
    number = protocol["number_of_folds"]
    if not 2 <= number <= most:
        raise EmofusionError(f"protocol.number_of_folds={number}: from 2 to {most}, the number of {of_what}")
    return number


def _actors(clips: pd.DataFrame, names: list) -> set[str]:
    """The actors that a fold of the configuration names in short: 2, 02 or F01 for ravdess-02 or kdef-F01."""
    known = {actor for actor in clips["actor"]}
    short = {actor.partition("-")[2]: actor for actor in known}
    found = set()
    for name in map(str, names):
        full = name if name in known else short.get(name.zfill(2))
        if full is None:
            raise EmofusionError(f"protocol.folds: there is no actor {name}; there are {', '.join(sorted(known))}")
        found.add(full)
    return found


def _with_validation(clips: pd.DataFrame, others: pd.Series, test: pd.Series, protocol: dict, fold: int) -> Fold:
    """Set apart a share of the training actors, drawn by gender (each gender with two or more actors gives one); of a
    share of 0, none."""
    if not protocol["validation"]:
        return others, others & False, test
    random = np.random.default_rng([protocol["seed"], fold])
    actors = clips[others].drop_duplicates("actor").sort_values("actor")
    drawn: list[str] = []
    for _, group in actors.groupby("gender"):
        if len(group) > 1:
            wanted = min(max(1, round(protocol["validation"] * len(group))), len(group) - 1)
            drawn += list(random.choice(group["actor"].to_numpy(dtype=object), wanted, replace=False))
    if not drawn:
        raise EmofusionError("protocol.validation: too few actors to train with and to set any apart")
    validation = others & clips["actor"].isin(drawn)
    return others & ~validation, validation, test
