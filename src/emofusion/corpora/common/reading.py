"""What the readers share: choosing the files, collecting what is wrong with them, making the table."""

from collections.abc import Callable, Collection, Iterable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from emofusion.corpora.common import media
from emofusion.corpora.common.archives import Entry, entries, unpack
from emofusion.errors import EmofusionError

if TYPE_CHECKING:
    from pandas import DataFrame

MEDIA = ("audio", "image", "video")
_COLUMNS = ("clip", "corpus", "actor", "gender", "emotion", "intensity", "statement", *MEDIA)
_NAMED = 5  # files named in a message; the rest is counted


class Found(NamedTuple):
    """A file that a reader understands."""

    key: str  # two files with one key are the same recording
    labels: dict  # columns of the clip table, and what else the reader needs
    entry: Entry


class Faults:
    """What is wrong with the files of a corpus, told in one message."""

    def __init__(self, settings: dict):
        self.name = settings["name"]
        self.root = settings["root"]
        self.lines: list[str] = []
        self.file: PurePosixPath | None = None

    def add(self, file: Entry | str, reason: str) -> None:
        self.lines.append(f"{file} {reason}")
        if self.file is None and isinstance(file, Entry):
            self.file = file.path

    def stop(self) -> None:
        """Raises `EmofusionError` if there is anything to tell."""
        if self.lines:
            count = f"{len(self.lines)} files are" if len(self.lines) > 1 else "a file is"
            example = self.file or "NAME"
            raise EmofusionError(
                f"{count} not as the corpus {self.name} at {self.root} should have them: {some(self.lines, '; ')}. "
                f'Correct them, or leave them out with corpora.{self.name}.exclude=["{example}", ...].'
            )


def some(names: Collection, separator: str = ", ") -> str:
    """The first few names, and how many more there are."""
    names = [str(name) for name in names]
    more = f"{separator}and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return separator.join(names[:_NAMED]) + more


def absent(settings: dict, looked_for: str, remedy: str) -> EmofusionError:
    """The error for a corpus that is not there."""
    root = Path(settings["root"]).absolute()
    return EmofusionError(
        f"the corpus {settings['name']} is not there: no {looked_for} {'at' if root.exists() else 'and no folder'} "
        f"{root}. {remedy} For another place, set corpora.{settings['name']}.root=..."
    )


def excluded(path: PurePosixPath, settings: dict) -> bool:
    return any(pattern and path.match(pattern) for pattern in settings.get("exclude") or ())


def find(
    settings: dict, suffixes: Collection[str], parse: Callable[[Entry], tuple[str, dict] | None], faults: Faults
) -> dict[str, Found]:
    """The corpus's files by key: each once, one of the tree before the same one in an archive.

    `parse` gives a file's key and labels, None for a file that is no part of the corpus, and raises `ValueError` with
    what is wrong as the end of a sentence that starts with the file's name.
    """
    found: dict[str, Found] = {}
    for entry in entries(Path(settings["root"]), suffixes):
        if excluded(entry.path, settings):
            continue
        try:
            parsed = parse(entry)
        except ValueError as error:
            faults.add(entry, str(error))
            continue
        if parsed is None:
            continue
        other = found.setdefault(parsed[0], Found(*parsed, entry)).entry
        if other is not entry and (other.member is None) == (entry.member is None):
            faults.add(entry, f"is there twice, also as {other}")
    return found


def table(
    settings: dict, rows: Iterable[dict], unpacked: Path, faults: Faults, leave_out: Collection[str] = ()
) -> "DataFrame":
    """The clip table of rows whose media are entries, after opening every file that it names.

    A row with a file for which `media.fault` gives one of `leave_out` is left out; any other fault is told. Raises
    `EmofusionError` with all faults, those found before among them, or if no clip is left.
    """
    from pandas import DataFrame

    rows = list(rows)
    files = [(row, column, row[column]) for row in rows for column in MEDIA if row.get(column)]
    paths = unpack((entry for *_, entry in files), unpacked)
    found = media.faults((paths[entry], column) for _, column, entry in files)
    dropped = set()
    for (row, _, entry), fault in zip(files, found, strict=True):
        if fault in leave_out:
            dropped.add(row["clip"])
        elif fault:
            faults.add(entry, fault)
    faults.stop()
    for row, column, entry in files:
        row[column] = str(paths[entry])
    rows = [row for row in rows if row["clip"] not in dropped]
    if not rows:
        raise EmofusionError(f"no clip of the corpus {settings['name']} at {settings['root']} is left to work with")
    for row in rows:
        row["corpus"] = settings["name"]
        row["actor"] = f"{settings['name']}-{row['actor']}"
    extras = sorted({column for row in rows for column in row} - set(_COLUMNS))
    frame = DataFrame(rows, columns=[*_COLUMNS, *extras]).astype("str")
    return frame.sort_values("clip", ignore_index=True)
