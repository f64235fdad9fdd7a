"""Who is who in the corpora of a protocol, and whether a recording is there more than once."""

from collections.abc import Sequence
from itertools import combinations
from pathlib import PurePath

import pandas as pd

from emofusion.corpora.common.identity import spelling_notes, with_known_gender
from emofusion.emotions import UNKNOWN
from emofusion.errors import EmofusionError
from emofusion.people import normal
from emofusion.settings.exclude import leave_out_of

_SHOWN = 3  # names that a note has


def shared_name(corpora: Sequence[str]) -> str:
    """What the names of people begin with who are in several corpora; `a+b` for the corpora a and b."""
    return "+".join(corpora)


def with_shared_people(clips: pd.DataFrame, shared: Sequence[Sequence[str]]) -> pd.DataFrame:
    """The clips in which a person has the same name in all corpora that share people.

    The name does not depend on which of these corpora the clips come from: `a+b-1` is the person 1 of a and b.

    Args:
        clips: `tables.CLIPS`.
        shared: lists of corpora in which equal names are the same person, see the setting `protocol.same_people`.

    Raises:
        EmofusionError: a person has two genders.
    """
    if not shared:
        return clips
    names = clips[["corpus", "actor"]].drop_duplicates()
    new_names = {
        actor: f"{shared_name(corpora)}-{normal(actor.removeprefix(f'{corpus}-'))}"
        for corpora in shared
        for corpus, actor in names[names["corpus"].isin(corpora)].itertuples(index=False)
    }
    clips = clips.assign(actor=clips["actor"].map(lambda actor: new_names.get(actor, actor)).astype("str"))
    clips = with_known_gender(clips)
    people = clips.drop_duplicates(["actor", "gender"])
    twice = people[people["actor"].duplicated(keep=False)].sort_values("actor", kind="stable")
    if len(twice):
        first, second = twice.iloc[0], twice.iloc[1]
        raise EmofusionError(
            f"protocol.same_people: {first['actor']} would be {first['gender']} in {first['corpus']} and "
            f"{second['gender']} in {second['corpus']}; these corpora do not have the same people under these names"
        )
    return clips


def check_clips(clips: pd.DataFrame) -> None:
    """Raise `EmofusionError` where two corpora have a clip of the same name. clips: `tables.CLIPS`."""
    twice = clips.loc[clips["clip"].duplicated(keep=False), ["clip", "corpus"]].sort_values("clip", kind="stable")
    if len(twice):
        clip, corpora = twice["clip"].iloc[0], " and ".join(twice["corpus"].iloc[:2])
        raise EmofusionError(
            f"{twice['clip'].nunique()} clips have a name that is in two corpora, as {clip} in {corpora}. Give one of "
            "them another name (for your own recordings, in a column clip), or leave it out with "
            f"{leave_out_of(clips, twice['corpus'].iloc[1], [clip])}."
        )


def contents(clips: pd.DataFrame) -> pd.DataFrame:
    """A row for each file of each clip whose content is known: the clips' columns, and `file` (medium and hash)."""
    if "content" not in clips or clips["content"].isna().all():
        return clips[:0].assign(file="")
    known = clips.dropna(subset="content")
    return known.assign(file=known["content"].str.split(" ")).explode("file", ignore_index=True)


def check_recordings(clips: pd.DataFrame) -> None:
    """Raise `EmofusionError` where the same recording has two actors or two emotions.

    clips: `tables.CLIPS` of the classes, with the column `content` if the corpora have files.
    """
    files = contents(clips)
    for column, word in (("actor", "actors"), ("emotion", "emotions")):
        several = files.groupby("file")[column].nunique()
        several = several[several > 1]
        if len(several):
            rows = files[files["file"] == several.index[0]].drop_duplicates(column)
            shown = " and ".join(f"{row[column]} in {_path(row)}" for _, row in rows.head(2).iterrows())
            raise EmofusionError(
                f"the same recording has two {word}, {shown}{_more(len(several))}. Correct the {column}"
                + (", or say with protocol.same_people which corpora have the same people" if column == "actor" else "")
                + f"; or leave one out with {_exclude(clips, rows.iloc[1], rows.iloc[0])}."
            )


def check_copies(split: pd.DataFrame, clips: pd.DataFrame) -> None:
    """Raise `EmofusionError` where copies of a recording are on more than one side of a fold.

    Args:
        split: clip, fold and split of each clip in each fold.
        clips: `tables.CLIPS`.
    """
    files = contents(clips)
    files = files[files["file"].duplicated(keep=False)]
    if files.empty:
        return
    own = files.drop(columns=["fold", "split"], errors="ignore")  # the corpus's, where its table has such columns
    sides = split[["clip", "fold", "split"]].merge(own, on="clip")
    counted = sides.groupby(["fold", "file"])["split"].nunique()
    leaks = counted[counted > 1]
    if len(leaks):
        fold, file = leaks.index[0]
        rows = sides[(sides["fold"] == fold) & (sides["file"] == file)].drop_duplicates("split")
        shown = " and ".join(f"{_path(row)} ({row['split']})" for _, row in rows.head(2).iterrows())
        more = _more(leaks.index.get_level_values("file").nunique())
        raise EmofusionError(
            f"protocol: the same recording is on two sides of fold {fold}, as {shown}{more}. Leave the copy out with "
            f"{_exclude(clips, rows.iloc[1], rows.iloc[0])}."
        )


def identity_notes(clips: pd.DataFrame) -> list[str]:
    """Sentences for the report: people with several spellings, in several corpora or of unknown gender, and copies.

    clips: `tables.CLIPS` of all corpora of a protocol, of all emotions.
    """
    return [*spelling_notes(clips), *_name_notes(clips), *copy_notes(clips), *_gender_notes(clips)]


def _name_notes(clips: pd.DataFrame) -> list[str]:
    """A sentence for every two corpora in which people have the same names; none without.

    Numbers do not count as names: corpora number their people from 1. clips: as `with_shared_people` returns them.
    """
    people = clips[["corpus", "actor"]].drop_duplicates()
    known: dict[str, dict[str, str]] = {}
    for corpus, actor in people.itertuples(index=False):
        if actor.startswith(f"{corpus}-"):  # and not with the names of all corpora that share people
            name = actor.removeprefix(f"{corpus}-")
            known.setdefault(corpus, {}).setdefault(normal(name), name)
    notes = []
    for first, second in combinations(known, 2):
        shared = [name for key, name in known[first].items() if key in known[second] and not key.isdigit()]
        if shared:
            more = f" and {len(shared) - _SHOWN} more" if len(shared) > _SHOWN else ""
            notes.append(
                f"{first} and {second} have people of the same names ({', '.join(shared[:_SHOWN])}{more}), who count "
                f"as others. If they are the same, set protocol.same_people=[[{first},{second}]]."
            )
    return notes


def _gender_notes(clips: pd.DataFrame) -> list[str]:
    notes = []
    for corpus, rows in clips[clips["gender"] == UNKNOWN].groupby("corpus"):
        number, people = len(rows), rows["actor"].nunique()
        notes.append(
            f"In {corpus}, the gender of {people} {'people' if people > 1 else 'person'} is not known: their {number} "
            "clips are in all tables but those by gender."
        )
    return notes


def copy_notes(clips: pd.DataFrame) -> list[str]:
    """A sentence for each corpus that has copies of recordings; none without. clips: `tables.CLIPS`."""
    files = contents(clips)
    copies = files[files["file"].duplicated()].drop_duplicates("clip")
    notes = []
    for corpus, rows in copies.groupby("corpus"):
        are = f"{len(rows)} clips are copies of others, such as" if len(rows) > 1 else "one clip is a copy of another:"
        notes.append(f"In {corpus}, {are} {rows['clip'].iloc[0]}.")
    return notes


def _more(number: int) -> str:
    return f", and so it is with {number - 1} more recordings" if number > 1 else ""


def _path(row: pd.Series) -> PurePath:
    """The file of a row of `contents`."""
    return PurePath(str(row[row["file"].partition(":")[0]]))


def _exclude(clips: pd.DataFrame, row: pd.Series, other: pd.Series) -> str:
    """The setting that leaves a row's file out, and not that of another row."""
    parts, others = _path(row).parts, _path(other).parts
    length = 1
    if row["corpus"] == other["corpus"]:
        length = next((n for n in range(1, len(parts)) if parts[-n:] != others[-n:]), 1)
    return leave_out_of(clips, row["corpus"], ["/".join(parts[-length:])])
