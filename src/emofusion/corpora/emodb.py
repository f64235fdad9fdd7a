"""EmoDB, the Berlin database: 535 utterances of five women and five men, seven emotions, one of them boredom.

Burkhardt, Paeschke, Rolfes, Sendlmeier & Weiss (2005), A database of German emotional speech, Interspeech. A name such
as `03a01Fa.wav` is the speaker (03), the sentence (a01), the first letter of the emotion in German (F for Freude), and
the take (a).
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
    "A": "fearful",  # Angst
    "E": "disgust",  # Ekel
    "F": "happy",  # Freude
    "L": "boredom",  # Langeweile
    "N": "neutral",
    "T": "sad",  # Trauer
    "W": "angry",  # Wut
}
# Speaker → gender and age.
SPEAKERS = {
    "03": ("male", "31"),
    "08": ("female", "34"),
    "09": ("female", "21"),
    "10": ("male", "32"),
    "11": ("male", "26"),
    "12": ("male", "30"),
    "13": ("female", "32"),
    "14": ("female", "35"),
    "15": ("male", "25"),
    "16": ("female", "31"),
}
SENTENCES = {
    "a01": "Der Lappen liegt auf dem Eisschrank",
    "a02": "Das will sie am Mittwoch abgeben",
    "a04": "Heute abend könnte ich es ihm sagen",
    "a05": "Das schwarze Stück Papier befindet sich da oben neben dem Holzstück",
    "a07": "In sieben Stunden wird es soweit sein",
    "b01": "Was sind denn das für Tüten, die da unter dem Tisch stehen",
    "b02": "Sie haben es gerade hochgetragen und jetzt gehen sie wieder runter",
    "b03": "An den Wochenenden bin ich jetzt immer nach Hause gefahren und habe Agnes besucht",
    "b09": "Ich will das eben wegbringen und dann mit Karl was trinken gehen",
    "b10": "Die wird auf dem Platz sein, wo wir sie immer hinlegen",
}
SUFFIXES = (".wav", ".flac")
_NAME = re.compile(r"(\d\d)([ab]\d\d)([A-Z])([a-z])")


@dataclass
class EmoDb(Corpus):
    """EmoDB: `download.zip`, or its contents."""

    provides: ClassVar[tuple[str, ...]] = ("audio",)

    kind: str = "emodb"

    def check_together(self, name: str) -> None:
        """Raise `EmofusionError` unless there is a folder."""
        must(self.root != "", f"{name}.root: say in which folder the corpus is")

    def check_present(self, name: str) -> None:
        """Raise `EmofusionError` if the root has no sound file."""
        if not any(entries(Path(self.root), SUFFIXES)):
            raise not_read(name, self, SUFFIXES, _parse) or absent(
                name,
                self.root,
                "recording such as 03a01Fa.wav, nor an archive with one",
                "Download EmoDB from http://emodb.bilderbar.info/download/, and put download.zip, or what is in it, "
                "there.",
            )

    def read(self, name: str, unpacked: Path) -> "pd.DataFrame":
        """The recordings, with the speaker's `age`, and `take`, as columns besides the usual ones.

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
    stem = entry.path.stem
    match = _NAME.fullmatch(stem)
    if not match:
        raise ValueError("does not have a name such as 03a01Fa.wav")
    speaker, sentence, letter, take = match.groups()
    for what, code, known in (
        ("speaker", speaker, SPEAKERS),
        ("sentence", sentence, SENTENCES),
        ("emotion", letter, EMOTIONS),
    ):
        if code not in known:
            raise ValueError(f"has the unknown {what} code {code}")
    gender, age = SPEAKERS[speaker]
    labels = {"actor": speaker, "gender": gender, "age": age, "take": take}
    return stem, labels | {"emotion": EMOTIONS[letter], "statement": SENTENCES[sentence]}
