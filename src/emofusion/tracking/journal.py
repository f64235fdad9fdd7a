"""The journal of a run: one file of JSON lines that a job writes, and that the sender reads.

A job never opens MLflow. It appends to a file of its own in `results/tracking/journal/`, named
`<kind>-<name of the run>.<attempt>.jsonl`. The sender (`emofusion.tracking.sender`) sends the lines to MLflow, notes
beside the journal how far it has come (`<journal>.sent`), and deletes both when the whole run is sent. Files of a
published report are kept in `<journal>.files` until then, because the next command may replace them.

Each line is an object with the key `entry`, which is one of these:

* `start`: store (`address.name_in_journals`), experiment, kind, key, name, attempt, time, params, tags, grid (a name or
  null), stages (kind → keys).
* `metrics`: time, and points as lists of name, value and step.
* `artifacts`: path of a file, or of a folder whose files are meant. In the folder of results it is relative to that.
* `tags`: tags.
* `end`: status, time, tags.

Times are in milliseconds since 1970, as MLflow counts. A line is complete when it ends in a line break. A job that is
killed outright leaves a journal without an end.
"""

import json
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from emofusion.tracking.address import name_in_journals
from emofusion.whole_files import write_whole

JOURNAL, SENT, KEPT = ".jsonl", ".sent", ".files"
CHUNK = 4_000_000  # bytes of a journal that are sent before the progress is noted


def kept_files(journal: Path) -> Path:
    """The folder beside a journal with links to files that another command may replace before they are sent."""
    return journal.with_name(journal.name + KEPT)


def results_of(journals: Path) -> Path:
    """The folder of results that a folder of journals is in."""
    return journals.parents[1]


@dataclass
class Sent:
    """How far a journal is sent.

    run_id: MLflow's id of the run; None before it is opened. offset: bytes that are sent. before: the ids of earlier
    runs of the same key. ended: whether all is sent.
    """

    run_id: str | None = None
    offset: int = 0
    before: list[str] = field(default_factory=list)
    ended: bool = False


@dataclass(frozen=True)
class Journal:
    """A journal on disk, for the one who reads it."""

    path: Path

    @property
    def note(self) -> Path:
        """The file that says how far the journal is sent."""
        return self.path.with_name(self.path.name + SENT)

    def sent(self) -> Sent:
        """How far it is sent; from the beginning where the note is missing or incomplete."""
        try:
            return Sent(**json.loads(self.note.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return Sent()

    def write_sent(self, sent: Sent) -> None:
        """Note how far it is sent. An interruption never leaves a part of the note under its name."""
        write_whole(self.note, json.dumps(asdict(sent)))

    def start(self) -> dict[str, Any] | None:
        """The first entry; None where it is not complete."""
        for entry, _ in self.entries(0, 1):
            return entry
        return None

    def entries(self, offset: int, size: int = CHUNK) -> Iterator[tuple[dict[str, Any], int]]:
        """Each complete entry behind an offset, and the offset behind it, until `size` bytes are read."""
        with self.path.open("rb") as file:
            file.seek(offset)
            end = offset
            for line in file:
                if not line.endswith(b"\n"):
                    return
                end += len(line)
                yield json.loads(line), end
                if end - offset >= size:
                    return

    def size(self) -> int:
        """Its bytes; 0 where it is not there any more."""
        with suppress(OSError):
            return self.path.stat().st_size
        return 0

    def grown(self, sent: Sent) -> bool:
        """Whether there is a complete line to send, or something to tidy up."""
        if sent.ended or self.size() <= sent.offset:
            return sent.ended
        with suppress(OSError), self.path.open("rb") as file:
            file.seek(sent.offset)
            return file.readline().endswith(b"\n")
        return False

    def delete(self) -> None:
        """Delete the journal and its note."""
        self.path.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)
        shutil.rmtree(kept_files(self.path), ignore_errors=True)


class Journals:
    """The journals in a folder that belong to a store.

    folder: the folder. uri: the address of the store. Names and passwords in it play no role.
    """

    def __init__(self, folder: Path, uri: str) -> None:
        self._folder, self._results = folder, results_of(folder)
        self._store = name_in_journals(uri, self._results)
        self._starts: dict[str, tuple[str, int]] = {}  # name of a journal → its store and its time

    def present(self) -> list[Journal]:
        """The journals that are there, those that were started first at the front."""
        names = {path.name for path in self._folder.iterdir()} if self._folder.is_dir() else set()
        for name in names:
            if name.endswith(JOURNAL) and name not in self._starts:
                with suppress(OSError, ValueError):  # another process has just deleted it
                    start = Journal(self._folder / name).start()
                    if start is not None:
                        self._starts[name] = name_in_journals(start["store"], self._results), start["time"]
            elif name.endswith(SENT) and name.removesuffix(SENT) not in names:
                (self._folder / name).unlink(missing_ok=True)  # of a sender that was killed between two deletions
            elif name.endswith(KEPT) and not (self._folder / name.removesuffix(KEPT)).exists():
                shutil.rmtree(self._folder / name, ignore_errors=True)  # likewise
        self._starts = {name: start for name, start in self._starts.items() if name in names}
        ours = [(time, name) for name, (store, time) in self._starts.items() if store == self._store]
        return [Journal(self._folder / name) for _, name in sorted(ours)]


@dataclass(frozen=True)
class Unsent:
    """What is not sent yet: the number of runs, of points of metrics, and of artifacts (files or folders)."""

    runs: int = 0
    points: int = 0
    artifacts: int = 0

    def __str__(self) -> str:
        numbers = {"run": self.runs, "point": self.points, "artifact": self.artifacts}
        return ", ".join(f"{number} {what}{'' if number == 1 else 's'}" for what, number in numbers.items())


def unsent(folder: Path, uri: str) -> Unsent:
    """Count what the journals in a folder hold for a store beyond what was sent to it."""
    runs = points = artifacts = 0
    for journal in Journals(folder, uri).present():
        with suppress(OSError, ValueError):
            sent = journal.sent()
            entries = [] if sent.ended else [entry for entry, _ in journal.entries(sent.offset, sys.maxsize)]
            runs += bool(entries)
            points += sum(len(entry["points"]) for entry in entries if entry["entry"] == "metrics")
            artifacts += sum(entry["entry"] == "artifacts" for entry in entries)
    return Unsent(runs, points, artifacts)


def line_of(entry: dict[str, Any]) -> bytes:
    """An entry as a line of a journal."""
    return json.dumps(entry, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def points_of(points: Iterable[list[Any]], time: int) -> dict[str, Any]:
    """The entry for points of metrics, each a list of name, value and step."""
    return {"entry": "metrics", "time": time, "points": list(points)}
