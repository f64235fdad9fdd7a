"""Functions that the readers of corpora share: select files, collect their faults, and make the clip table."""

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from emofusion.corpora.common import media
from emofusion.corpora.common.archives import Entry, are_copies, entries, unpack
from emofusion.corpora.common.bad_clips import skip, skips
from emofusion.corpora.common.unread import unread_recordings
from emofusion.counted import count
from emofusion.errors import EmofusionError
from emofusion.settings.exclude import leave_out, matches_clip, matches_path
from emofusion.settings.kinds import Corpus

if TYPE_CHECKING:
    import pandas as pd

MEDIA = ("audio", "image", "video")
_COLUMNS = ("clip", "corpus", "actor", "gender", "emotion", "intensity", "statement", *MEDIA)
_SHOWN = 5  # files that a message names; the rest is counted
COPIES = "files that are copies of others with the same content"
PATTERN = "pattern "  # what a count of matches begins with


class Recording(NamedTuple):
    """A file whose name a reader understands."""

    key: Any  # two files with the same key hold the same recording
    labels: dict[str, Any]  # columns of the clip table
    entry: Entry


class Faults:
    """Collects the faults of a corpus's files, to report all of them in one message."""

    def __init__(self, name: str, root: str, exclude: Sequence[str] = ()) -> None:
        """`name`: what the experiment calls the corpus; `root`: its folder; `exclude`: what it leaves out already."""
        self.name = name
        self.root = root
        self.exclude = exclude
        self.lines: list[str] = []
        self.names: list[str] = []

    def add(self, file: Entry | str, reason: str, name: str = "") -> None:
        """Add the fault of a file.

        Args:
            file: the file, or words for it.
            reason: the end of a sentence that starts with the file's name.
            name: what `exclude` has to name to leave it out; by default the path of the file.
        """
        self.lines.append(f"{file} {reason}")
        if name or isinstance(file, Entry):
            self.names.append(name or str(cast(Entry, file).path))

    def stop(self) -> None:
        """Raise `EmofusionError` with all faults, if there are any."""
        if self.lines:
            count = f"{len(self.lines)} files are" if len(self.lines) > 1 else "a file is"
            raise EmofusionError(
                f"{count} not as the corpus {self.name} at {self.root} should have them: "
                f"{first_few(self.lines, '; ')}. Correct them{self._advice()}."
            )

    def _advice(self) -> str:
        """The end of a sentence that says how to leave the files out."""
        if not self.names:
            return ""
        return f", or leave them out with {leave_out(self.name, self.names, self.exclude)}"


def first_few(names: Iterable[object], separator: str = ", ") -> str:
    """The first names, separated, and the number of further names, as text."""
    words = [str(name) for name in names]
    more = f"{separator}and {len(words) - _SHOWN} more" if len(words) > _SHOWN else ""
    return separator.join(words[:_SHOWN]) + more


def absent(name: str, root: str, looked_for: str, remedy: str) -> EmofusionError:
    """The error for a missing corpus: which files are missing, where, and how to get them.

    Args:
        name: what the experiment calls the corpus.
        root: its folder.
        looked_for: the missing files in words, after "no".
        remedy: sentences that say where to get the corpus.
    """
    folder = Path(root).absolute()
    return EmofusionError(
        f"the corpus {name} is not there: no {looked_for} {'at' if folder.exists() else 'and no folder'} {folder}. "
        f"{remedy} For another folder, set corpora.{name}.root=..."
    )


def excluded(path: PurePosixPath, corpus: Corpus) -> bool:
    """Whether one of the patterns in `corpus.exclude` matches the end of a path. Matches are counted by pattern."""
    return _counted(pattern for pattern in corpus.exclude if matches_path(pattern, path))


def excluded_clip(clip: str, corpus: Corpus) -> bool:
    """Whether one of the patterns in `corpus.exclude` matches the name of a clip. Matches are counted by pattern."""
    return _counted(pattern for pattern in corpus.exclude if matches_clip(pattern, clip))


def _counted(matching: Iterable[str]) -> bool:
    patterns = list(matching)
    for pattern in patterns:
        count(f"{PATTERN}{pattern}")
    return bool(patterns)


def find_recordings(
    corpus: Corpus,
    suffixes: Sequence[str],
    parse: Callable[[Entry], tuple[Hashable, dict[str, Any]] | None],
    faults: Faults,
) -> list[Recording]:
    """The recordings of a corpus, each once. A file in the folder tree has precedence over the same file in an archive.

    Args:
        corpus: its folder `root` is searched. Files that match `exclude` are left out. Copies with the same content are
            one recording.
        suffixes: the suffixes of recordings, in lower case and with the dot, the preferred one first.
        parse: returns a file's key and labels, or None for a file that does not belong to the corpus. For a fault, it
            raises `ValueError` with the end of a sentence that starts with the file's name.
        faults: collects the faults.
    """
    recordings: dict[Hashable, Recording] = {}
    faults.exclude = corpus.exclude
    for entry in entries(Path(corpus.root), suffixes):
        if excluded(entry.path, corpus):
            continue
        try:
            parsed = parse(entry)
        except ValueError as error:
            faults.add(entry, str(error))
            continue
        if parsed is None:
            continue
        first = recordings.setdefault(parsed[0], Recording(*parsed, entry)).entry
        if first is not entry and (first.member is None) == (entry.member is None):
            if are_copies([first, entry]):
                count(COPIES)
            else:
                faults.add(entry, f"is there twice, also as {first}, which has another content")
    for entry, read in unread_recordings(corpus, suffixes, parse, [one.labels for one in recordings.values()]):
        if not excluded(entry.path, corpus):
            faults.add(entry, f"is not read: convert it to {read}")
    return list(recordings.values())


def clip_table(
    name: str,
    root: str,
    rows: Iterable[dict[str, Any]],
    unpacked: Path,
    faults: Faults,
    leave_out: Collection[str] = (),
) -> "pd.DataFrame":
    """The clip table, after opening every media file that it names.

    Args:
        name: what the experiment calls the corpus; actors' names begin with it.
        root: the corpus's folder, for messages.
        rows: one for each clip: its labels, and an `Entry` for each medium that it has.
        unpacked: folder into which archives are extracted.
        faults: the faults that were found before.
        leave_out: sentences of `media.fault`; a clip with such a file is left out.

    Raises:
        EmofusionError: files have faults (unless their clips are skipped, see `bad_clips`), or no clip is left.
    """
    import pandas as pd

    rows = list(rows)
    files = [(row, medium, row[medium]) for row in rows for medium in MEDIA if row.get(medium)]
    damaged: dict[Entry, str] = {}
    paths = unpack((entry for *_, entry in files), unpacked, damaged if skips() else None)
    for row, medium, entry in files:
        if entry in damaged:
            skip(row["clip"], f"{entry} {damaged[entry]}")
            row[medium] = None
    files = [file for file in files if file[2] not in damaged]
    reasons = media.faults((paths[entry], medium) for _, medium, entry in files)
    dropped = set()
    for (row, _, entry), reason in zip(files, reasons, strict=True):
        if reason in leave_out:
            dropped.add(row["clip"])
            count(f"files that are left out, as each {reason}")
        elif reason and not skip(row["clip"], f"{entry} {reason}"):
            faults.add(entry, reason)
    faults.stop()
    for row, medium, entry in files:
        row[medium] = str(paths[entry])
    rows = [row for row in rows if row["clip"] not in dropped]
    if not rows:
        raise EmofusionError(f"the corpus {name} at {root} has no clip left")
    for row in rows:
        row["corpus"] = name
        row["actor"] = f"{name}-{row['actor']}"
    extras = sorted({column for row in rows for column in row} - set(_COLUMNS))
    table = pd.DataFrame(rows, columns=[*_COLUMNS, *extras]).astype("str")
    return table.sort_values("clip", ignore_index=True)
