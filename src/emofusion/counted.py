"""Count what is left out while files are read, wherever it happens, so that a report can say it."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import NamedTuple

from emofusion.whole_files import replacing

LOW_RATE = "recorded at"  # what the count of recordings with a lower sample rate than their features begins with
NOTES = "notes.csv"  # the file of a stage that lists its counts

_counts: ContextVar[Counter[str] | None] = ContextVar("counts", default=None)


class Note(NamedTuple):
    """A count that a report shows.

    about: what it is about, such as `corpora.savee.exclude` or `action_units of ravdess`. what: what was counted, in
    words, or the pattern. number: how many. clips: in how many clips; 0 where it is not about parts of clips.
    """

    about: str
    what: str
    number: int
    clips: int = 0


def count(what: str, number: int = 1) -> None:
    """Add to a count of the innermost `counting`; without one, nothing happens.

    Args:
        what: what is counted, in words, such as `frames without a face`.
        number: how many; 0 makes the count appear with what it has.
    """
    counts = _counts.get()
    if counts is not None:
        counts[what] += int(number)


@contextmanager
def counting() -> Iterator[Counter[str]]:
    """Collect what `count` is told inside the `with` statement: what → how many."""
    counts: Counter[str] = Counter()
    token = _counts.set(counts)
    try:
        yield counts
    finally:
        _counts.reset(token)


def notes_of_clips(about: str, counts: Iterable[Counter[str]], always: Iterable[str] = ()) -> list[Note]:
    """The notes on what was counted in each of several clips. What was counted nowhere has none, unless in `always`."""
    number: Counter[str] = Counter()
    clips: Counter[str] = Counter()
    for counted in counts:
        number.update(counted)
        clips.update(what for what, how_many in counted.items() if how_many)
    return [Note(about, what, number[what], clips[what]) for what in sorted({*clips, *always})]


def write_notes(folder: Path, notes: Iterable[Note]) -> None:
    """Write the notes of a stage into its folder: a CSV file with the fields of `Note`."""
    with replacing(folder / NOTES) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([Note._fields, *notes])


def read_notes(folder: Path) -> list[Note]:
    """The notes of a stage; none where the stage's folder is not there any more."""
    path = folder / NOTES
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [Note(row["about"], row["what"], int(row["number"]), int(row["clips"])) for row in csv.DictReader(file)]
