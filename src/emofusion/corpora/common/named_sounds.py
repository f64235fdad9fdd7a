"""Corpora of sound files whose names say everything about them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from emofusion.corpora.common.archives import Entry, entries, source_files
from emofusion.corpora.common.reading import Faults, absent, clip_table, find_recordings
from emofusion.corpora.common.unread import not_read
from emofusion.settings.kinds import Corpus

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".wav", ".flac")
Parse = Callable[[Entry], tuple[str, dict[str, Any]]]


@dataclass
class NamedSounds(Corpus):
    """A corpus of sound files, in folders or archives.

    Class attributes:
        parse: from a file to the clip's name and the columns of the clip table that its name tells. Raises `ValueError`
            with what is wrong with the name.
        example: a file's name, for messages.
        remedy: where to get the corpus, for the message that it is not there.
    """

    provides: ClassVar[tuple[str, ...]] = ("audio",)
    parse: ClassVar[Parse]
    example: ClassVar[str]
    remedy: ClassVar[str]

    def check_present(self, name: str) -> None:
        """Raise `EmofusionError` if the root has no sound file."""
        if not any(entries(Path(self.root), SUFFIXES)):
            what = f"recording such as {self.example}, nor an archive with one"
            raise not_read(name, self, SUFFIXES, type(self).parse) or absent(name, self.root, what, self.remedy)

    def read(self, name: str, unpacked: Path) -> "pd.DataFrame":
        """The recordings. See `Corpus.read` for arguments and errors."""
        faults = Faults(name, self.root, self.exclude)
        rows = [
            recording.labels | {"clip": recording.key, "audio": recording.entry}
            for recording in find_recordings(self, SUFFIXES, type(self).parse, faults)
        ]
        return clip_table(name, self.root, rows, unpacked, faults)

    def sources(self) -> list[Path]:
        """The sound files in the tree, and the archives."""
        return source_files(self.root, SUFFIXES)
