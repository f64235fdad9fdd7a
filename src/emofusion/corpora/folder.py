"""Bring your own corpus: a CSV file of paths and labels.

Its columns are `emotion`, `actor`, `gender` and one or more of `audio`, `image` and `video`; `clip`, `intensity` and
`statement` may be there. Relative paths are relative to the CSV file's folder.
"""

import csv
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from emofusion.corpora.common.archives import Entry
from emofusion.corpora.common.reading import MEDIA, Faults, excluded, some, table
from emofusion.emotions import EMOTIONS
from emofusion.errors import EmofusionError

if TYPE_CHECKING:
    from pandas import DataFrame

GENDERS = {"female": "female", "male": "male", "f": "female", "m": "male"}
_NEEDED = ("emotion", "actor", "gender")


def check_present(settings: dict) -> None:
    """Raises `EmofusionError` if the CSV file `settings["table"]` is not there."""
    if not Path(settings["table"]).is_file():
        name = settings["name"]
        raise EmofusionError(
            f"the corpus {name} is not there: no file {Path(settings['table']).absolute()}. Write a CSV file with the "
            f"columns {', '.join(_NEEDED)} and one or more of {', '.join(MEDIA)} there, or set corpora.{name}.table=..."
        )


def read(settings: dict, unpacked: Path) -> "DataFrame":
    """The rows of the table, with emotions by `settings["labels"]` where they are not emofusion's own words.

    A clip's name is what the column `clip` says, or else the stem of its file. With `settings["unseen"]` files are
    neither needed nor opened: others have scored the clips. Raises `EmofusionError` besides as
    `read_corpus` does for a column that lacks and for labels that are not known.
    """
    path, name = Path(settings["table"]), settings["name"]
    labels = settings.get("labels") or {}
    if wrong := sorted(set(labels.values()) - set(EMOTIONS)):
        raise EmofusionError(f"corpora.{name}.labels: {some(wrong)} is not among {', '.join(EMOTIONS)}")
    words = {emotion: emotion for emotion in EMOTIONS} | labels
    faults, rows, lines, unknown = Faults(settings), [], {}, {}
    unseen = settings.get("unseen", False)
    for number, line in _lines(path, unseen):
        media = {column: Entry(path.parent, PurePosixPath(line[column])) for column in MEDIA if line.get(column)}
        if any(excluded(entry.path, settings) for entry in media.values()):
            continue
        gender = GENDERS.get(line["gender"].lower())
        clip = line.get("clip") or next((entry.path.stem for entry in media.values()), "")
        where = f"line {number} ({clip or 'nothing'})"
        if unseen and not clip:
            faults.add(where, "names no clip")
        elif not (media or unseen):
            faults.add(where, f"names no file: {', '.join(MEDIA)} are empty")
        elif not gender or not line["actor"]:
            faults.add(
                where, f"has the gender {line['gender']!r} and actor {line['actor']!r}: female or male, and a name"
            )
        elif clip in lines:
            faults.add(where, f"has the clip of line {lines[clip]}; name them in a column clip")
        elif line["emotion"] not in words:
            unknown.setdefault(line["emotion"], number)
        lines.setdefault(clip, number)
        row = {"clip": clip, "actor": line["actor"], "gender": gender, "emotion": words.get(line["emotion"])}
        files = {} if unseen else media
        rows.append(row | {column: line.get(column) or None for column in ("intensity", "statement")} | files)
    if unknown:
        found = some([f"{word!r} (line {number})" for word, number in unknown.items()])
        raise EmofusionError(
            f"{path} has emotions that are not known: {found}. Say which of {', '.join(EMOTIONS)} each is with "
            f"corpora.{name}.labels={{word: emotion}}."
        )
    return table(settings, rows, unpacked, faults)


def _lines(path: Path, unseen: bool) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restval="")
            columns = reader.fieldnames or []
            lacking = [column for column in _NEEDED if column not in columns]
            enough = {*MEDIA, "clip"} if unseen else set(MEDIA)
            if lacking or not enough & set(columns):
                lacking = lacking or [f"one of {', '.join(sorted(enough))}"]
                raise EmofusionError(f"{path} lacks the column {', '.join(lacking)}; it has {', '.join(columns)}")
            for line in reader:
                yield reader.line_num, {key: value.strip() for key, value in line.items() if isinstance(value, str)}
    except (UnicodeDecodeError, csv.Error) as error:
        raise EmofusionError(f"cannot read {path} as CSV in UTF-8: {error}") from error
