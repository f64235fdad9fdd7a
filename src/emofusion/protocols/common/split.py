"""Make a split: it says whether a clip is a training, validation or test clip in each fold.

`make_split` checks that a speaker has clips of only one of these kinds, unless the protocol declares that it leaks, and
that no copy of a recording is on another side than the recording.
"""

from collections.abc import Collection

import numpy as np
import pandas as pd

from emofusion.close_words import unmatched
from emofusion.errors import EmofusionError
from emofusion.protocols.common.enrolment import check_enough, drawn_clips
from emofusion.protocols.common.identity import check_clips, check_copies, check_recordings, with_shared_people
from emofusion.protocols.common.labels import check_labels
from emofusion.protocols.common.training_actors import of_drawn_actors
from emofusion.settings.experiment import Emotions
from emofusion.settings.kinds import Protocol

Fold = tuple[pd.Series, pd.Series, pd.Series]  # boolean masks over the clips: train, validation, test


def make_split(
    clips: pd.DataFrame,
    protocol: Protocol,
    emotions: Emotions,
    closed: Collection[str] = (),
    elsewhere: bool = False,
    skipped: Collection[str] = (),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Assign each clip to training, validation or test in each fold.

    With `protocol.enrolment`, some clips of each speaker are set apart. They are scored nowhere, and those of speakers
    who are tested in some fold train nowhere: models then see the clips of all speakers in the same way. The column
    `enrolment` has their numbers.

    Args:
        clips: `tables.CLIPS` of all corpora that the protocol names.
        protocol: the protocol.
        emotions: the classes, and the emotions that are counted as a class.
        closed: corpora in which every clip has to belong to a class (`Corpus.other_labels`).
        elsewhere: whether others have scored the clips, so that nothing is trained.
        skipped: clips that are taken out after the others got their folds, because their files are bad.

    Returns:
        The split (`tables.SPLIT`), and a table of the clips that were left out because their emotion is not among the
        classes: `corpus`, `gender`, `emotion`, and the number of `clips`.

    Raises:
        EmofusionError: the protocol does not fit the clips; labels do not fit the classes; a recording has two actors
            or two emotions; a person or a recording is on two sides of a fold; or a fold tests a class that it does not
            train, and other folds do.
    """
    clips = with_shared_people(clips, protocol.same_people)
    check_clips(clips)
    enrolling = drawn_clips(clips[~clips["clip"].isin(skipped)], protocol.enrolment)
    unmatched("emotions.merge", emotions.merge, {*clips["emotion"], *emotions.classes}, "emotion of a clip")
    clips = clips.assign(emotion=clips["emotion"].replace(emotions.merge))
    used = clips["emotion"].isin(emotions.classes)
    enrolls = clips["clip"].isin(enrolling)
    others = clips[~used & ~enrolls & ~clips["clip"].isin(skipped)]
    left_out = others.groupby(["corpus", "gender", "emotion"], as_index=False).agg(clips=("clip", "size"))
    check_labels(clips, emotions.classes, closed)
    no_class = clips[~used & enrolls]
    clips = clips[used].sort_values(["corpus", "clip"], ignore_index=True)
    check_recordings(clips)
    columns, parts = ["clip", "corpus", "actor", "gender", "emotion"], []
    folds, enrolls = protocol.masks(clips), clips["clip"].isin(enrolling)
    tested = protocol.tested_actors(clips, folds)
    for fold, masks in enumerate(folds):
        name = protocol.fold_in_words(fold, len(folds))
        if protocol.training_actors is not None:
            train = of_drawn_actors(clips, masks[0], protocol.training_actors, protocol.seed, fold, name)
            masks = (train, *masks[1:])
        apart = enrolls & (masks[1] | masks[2] | (masks[0] & clips["actor"].isin(tested)))
        set_apart = pd.concat([clips[apart], no_class])
        parts.append(set_apart[columns].assign(fold=fold, split="enrolment"))
        for part, mask in zip(("train", "validation", "test"), masks, strict=True):
            if part == "test":
                needed = protocol.tests
            else:
                needed = protocol.trains and (part == "train" or protocol.validation > 0)
            mask = mask & ~apart & ~clips["clip"].isin(skipped)
            if needed and not mask.any():
                raise EmofusionError(f"protocol: {name} has no clip to {part} with")
            parts.append(clips.loc[mask, columns].assign(fold=fold, split=part))
    split = pd.concat([part for part in parts if len(part)], ignore_index=True)
    if protocol.enrolment.clips:
        split["enrolment"] = split["clip"].map(enrolling).fillna(0).astype("int64")
        check_enough(split, protocol.enrolment)
    check_copies(split, pd.concat([clips, no_class]))
    if not protocol.mixes_speakers():
        check_speakers(split, protocol.to_mix)
    if protocol.trains and not elsewhere:
        check_classes(split, protocol)
    return split, left_out


def check_classes(split: pd.DataFrame, protocol: Protocol) -> None:
    """Raise `EmofusionError` where a fold tests a class that it has no training clip of, although other folds have.

    A model that never saw a class would have a score for it nevertheless. A class that no fold trains is another
    matter: the models do not know it, and reports say so.

    split: `tables.SPLIT`. protocol: gives the folds their names in the message.
    """
    trained = split[split["split"] == "train"].groupby("emotion")["fold"].agg(set)
    for (fold, emotion), rows in split[split["split"] == "test"].groupby(["fold", "emotion"]):
        if emotion in trained.index and fold not in trained[emotion]:
            why = ": those who show it are all tested there. Divide the clips in another way, as with protocol.folds or"
            why += " fewer folds,"
            if protocol.training_actors is not None:
                why = f". Set more protocol.training_actors than {protocol.training_actors},"
            raise EmofusionError(
                f"protocol: {protocol.fold_in_words(fold, split['fold'].nunique())} tests {len(rows)} clips of the "
                f"class {emotion}, as {rows['clip'].iloc[0]}, and none of its training clips has this class{why} or "
                f"take {emotion} out of emotions.classes."
            )


def check_speakers(split: pd.DataFrame, to_mix: str = Protocol.to_mix) -> None:
    """Raise `EmofusionError` if, in any fold, an actor is in more than one of train, validation and test.

    split: `tables.SPLIT`. to_mix: the setting that allows it, for the message.
    """
    split = split[split["split"] != "enrolment"]  # these clips belong to whoever is scored
    parts = split.groupby(["fold", "actor"])["split"].nunique()
    leaks = parts[parts > 1]
    if len(leaks):
        fold, actor = leaks.index[0]
        rows = split[(split["fold"] == fold) & (split["actor"] == actor)].drop_duplicates("split")
        sides = " and ".join(f"{row.clip} in {row.split}" for row in rows.itertuples())
        people = leaks.index.get_level_values("actor").nunique()
        raise EmofusionError(
            f"protocol: actor {actor} is on more than one side of fold {fold}, with {sides}"
            + (f", and so are {people - 1} more actors" if people > 1 else "")
            + f". Divide the clips by people, or allow it with {to_mix}: reports then say so."
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
