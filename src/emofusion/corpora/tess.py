"""TESS: 2,800 utterances of two women, aged 26 and 64, seven emotions.

Pichora-Fuller & Dupuis (2020), Toronto emotional speech set, doi 10.5683/SP2/E8H2MF. A name such as
`OAF_back_angry.wav` is the speaker (OAF the older, YAF the younger woman), the word of the sentence "Say the word
back", and the emotion. `ps` stands for pleasant surprise.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from emofusion.corpora.common.archives import Entry, entries, source_files
from emofusion.corpora.common.reading import Faults, absent, clip_table, find_recordings
from emofusion.corpora.common.unread import not_read
from emofusion.settings.fields import must
from emofusion.settings.kinds import Corpus

if TYPE_CHECKING:
    import pandas as pd

EMOTIONS = {
    "angry": "angry",
    "disgust": "disgust",
    "fear": "fearful",
    "happy": "happy",
    "neutral": "neutral",
    "ps": "surprised",
    "sad": "sad",
}
AGES = {"OAF": "64", "YAF": "26"}
SUFFIXES = (".wav", ".flac")
# The speaker of one distributed file is written OA, as in `OA_bite_neutral.wav`.
_NAME = re.compile(r"(OAF?|YAF?)_([a-z]+)_([a-z]+)", re.IGNORECASE)
_FOLDER = re.compile(r"(OAF|YAF)_.*", re.IGNORECASE)


@dataclass
class Tess(Corpus):
    """TESS: the files of its record, in folders or archives."""

    provides: ClassVar[tuple[str, ...]] = ("audio",)

    kind: str = "tess"

    def check_together(self, name: str) -> None:
        """Raise `EmofusionError` unless there is a folder."""
        must(self.root != "", f"{name}.root: say in which folder the corpus is")

    def check_present(self, name: str) -> None:
        """Raise `EmofusionError` if the root has no sound file."""
        if not any(entries(Path(self.root), SUFFIXES)):
            raise not_read(name, self, SUFFIXES, _parse) or absent(
                name,
                self.root,
                "recording such as OAF_back_angry.wav, nor an archive with one",
                "Download TESS from https://doi.org/10.5683/SP2/E8H2MF (CC BY-NC-ND 4.0), and put the archive, or what "
                "is in it, there.",
            )

    def read(self, name: str, unpacked: Path) -> "pd.DataFrame":
        """The recordings, with the speaker's `age` as a column besides the usual ones.

        See `Corpus.read` for arguments and errors.
        """
        faults = Faults(name, self.root, self.exclude)
        rows = [
            recording.labels | {"clip": recording.key, "audio": recording.entry}
            for recording in find_recordings(self, SUFFIXES, _parse, faults)
        ]
        return clip_table(name, self.root, rows, unpacked, faults)

    def sources(self) -> list[Path]:
        """The sound files in the tree, and the archives."""
        return source_files(self.root, SUFFIXES)


def _parse(entry: Entry) -> tuple[str, dict[str, Any]]:
    match = _NAME.fullmatch(entry.path.stem)
    if not match:
        raise ValueError("does not have a name such as OAF_back_angry.wav")
    actor, word, emotion = match[1].upper().ljust(3, "F"), match[2].lower(), match[3].lower()
    if emotion not in EMOTIONS:
        raise ValueError(f"has the unknown emotion {emotion}")
    folder = _FOLDER.fullmatch(entry.path.parent.name)
    if folder and folder[1].upper() != actor:
        raise ValueError(f"is in the folder {entry.path.parent.name} of someone else")
    labels = {"actor": actor, "gender": "female", "emotion": EMOTIONS[emotion], "age": AGES[actor]}
    return f"{actor}_{word}_{emotion}", labels | {"statement": f"Say the word {word}"}
