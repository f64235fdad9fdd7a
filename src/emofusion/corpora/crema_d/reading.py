"""The clips of CREMA-D, from its files or from a table that names them, with what is known of their actors."""

from bisect import bisect
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emofusion.corpora.common.archives import Entry
from emofusion.corpora.common.media_of_clips import chosen_files, suffixes_of
from emofusion.corpora.common.reading import Faults, clip_table, excluded_clip, find_recordings
from emofusion.corpora.common.separated import is_number
from emofusion.corpora.crema_d.names import clip_of, labels_of, parse
from emofusion.corpora.crema_d.tables import lines, place
from emofusion.errors import EmofusionError
from emofusion.settings.kinds import Corpus

if TYPE_CHECKING:
    import pandas as pd

_POINTER = b"version https://git-lfs"  # with which a file begins that Git LFS has not fetched
_LONGEST_POINTER = 1024  # bytes


def read_files(name: str, corpus: Corpus, media: list[str], bands: list[int], unpacked: Path) -> "pd.DataFrame":
    """The clips with a file of each of `media`. Where a clip has no sound file, `read_corpus` takes its video's sound.

    Args:
        name: what the experiment calls the corpus.
        corpus: its folder, and the files to leave out.
        media: audio, video or both.
        bands: the ages at which a further band begins, ascending.
        unpacked: a folder into which archives are extracted.

    Raises:
        EmofusionError: files have faults, a medium is missing for a clip, or an actor is not in the table of actors.
    """
    faults = Faults(name, corpus.root, corpus.exclude)
    files: dict[str, dict[str, Entry]] = {}  # clip → suffix → file
    for (clip, suffix), _, entry in find_recordings(corpus, suffixes_of(media), parse, faults):
        if _is_pointer(entry):
            faults.add(entry, "was not fetched by Git LFS: run git lfs pull in the clone")
        files.setdefault(clip, {})[suffix] = entry
    rows = []
    for clip, by_suffix in sorted(files.items()):
        chosen = chosen_files(by_suffix, media)
        if "video" in media and not chosen["video"]:
            faults.add(next(iter(by_suffix.values())), "has no video beside it", name=clip)
        rows.append(labels_of(clip) | {"clip": clip} | chosen)
    faults.stop()
    return clip_table(name, corpus.root, _with_people(rows, corpus.root, bands), unpacked, faults)


def read_names(name: str, corpus: Corpus, path: Path, bands: list[int], unpacked: Path) -> "pd.DataFrame":
    """The clips that the column `clip` of a table names; see `read_files` for arguments and errors.

    `path`: a table in .csv or .parquet. Raises `EmofusionError` where it is no such table, or names other clips.
    """
    from emofusion.foreign import names_in

    faults, rows = Faults(name, corpus.root, corpus.exclude), []
    for stem in dict.fromkeys(map(str, names_in(path))):
        if excluded_clip(stem, corpus):
            continue
        try:
            clip = clip_of(stem)
            if clip != stem:
                raise ValueError(f"is not written as {clip}")
            rows.append(labels_of(clip) | {"clip": clip})
        except ValueError as error:
            faults.add(f"{path.name}: {stem}", str(error), name=stem)
    faults.stop()
    return clip_table(name, corpus.root, _with_people(rows, corpus.root, bands), unpacked, faults)


def _with_people(rows: list[dict[str, Any]], root: str, bands: list[int]) -> Iterable[dict[str, Any]]:
    """The rows with gender, age, band of age, race and ethnicity of their actors."""
    path = place(root, "people")
    people = {line["ActorID"]: line for line in lines(path, ("ActorID", "Age", "Sex", "Race", "Ethnicity"))}
    for row in rows:
        actor = row["actor"]
        if actor not in people:
            raise EmofusionError(f"{path} has no actor {actor}, who is in {row['clip']}")
        person = people[actor]
        if person["Sex"] not in ("Male", "Female") or not is_number(person["Age"]):
            raise EmofusionError(f"{path}: actor {actor} has the sex {person['Sex']} and the age {person['Age']}")
        row |= {
            "gender": person["Sex"].lower(),
            "age": person["Age"],
            "age_band": age_band(int(person["Age"]), bands),
            "race": None if person["Race"] == "Unknown" else person["Race"],
            "ethnicity": person["Ethnicity"],
        }
    return rows


def age_band(age: int, bands: list[int]) -> str:
    """The band of an age in words: `under 35`, `35 to 49` or `50 and over` where the bands begin at 35 and 50."""
    if not bands:
        return "any age"
    position = bisect(bands, age)
    if not position:
        return f"under {bands[0]}"
    if position == len(bands):
        return f"{bands[-1]} and over"
    return f"{bands[position - 1]} to {bands[position] - 1}"


def _is_pointer(entry: Entry) -> bool:
    """Whether a file of the tree stands for one that Git LFS has not fetched."""
    if entry.member is not None:
        return False
    path = entry.source / entry.path
    if path.stat().st_size > _LONGEST_POINTER:
        return False
    with path.open("rb") as file:
        return file.read(len(_POINTER)) == _POINTER
