"""SAVEE: 480 utterances of four British men, seven emotions.

Haq & Jackson (2009), Speaker-dependent audio-visual emotion recognition, AVSP. Distributed as `AudioData/DC/a01.wav`;
in circulation also as `DC_a01.wav`. The letters are the emotion, the number is the sentence.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from emofusion.corpora.common.archives import Entry, entries, source_files
from emofusion.corpora.common.generated import Generated
from emofusion.corpora.common.reading import Faults, absent, clip_table, find_recordings
from emofusion.corpora.common.unread import not_read

if TYPE_CHECKING:
    import pandas as pd

EMOTIONS = {
    "a": "angry",
    "d": "disgust",
    "f": "fearful",
    "h": "happy",
    "n": "neutral",
    "sa": "sad",
    "su": "surprised",
}
ACTORS = ("DC", "JE", "JK", "KL")
SUFFIXES = (".wav", ".flac")
_NAME = re.compile(r"(?:([a-z]+)_)?([a-z]+)(\d\d)", re.IGNORECASE)


@dataclass
class Savee(Generated):
    """SAVEE: `AudioData.zip`, or its contents."""

    provides: ClassVar[tuple[str, ...]] = ("audio",)

    kind: str = "savee"

    def check_present(self, name: str) -> None:
        """Raise `EmofusionError` if the root has no sound file."""
        if not any(entries(Path(self.root), SUFFIXES)):
            raise not_read(name, self, SUFFIXES, _parse) or absent(
                name,
                self.root,
                "recording such as DC/a01.wav or DC_a01.wav, nor an archive with one",
                "SAVEE is free for research: register at the University of Surrey's page, "
                "http://kahlan.eps.surrey.ac.uk/savee/, and put AudioData.zip, or what is in it, there.",
            )

    def read(self, name: str, unpacked: Path) -> "pd.DataFrame":
        """The recordings; `statement` is the emotion's letters and the sentence's number, such as `a01`.

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
    folder = entry.path.parent.name.upper()
    actor = ((match and match[1]) or folder).upper()
    if not match or actor not in ACTORS:
        raise ValueError("does not have a name such as DC/a01.wav or DC_a01.wav")
    if folder in ACTORS and folder != actor:
        raise ValueError(f"is in the folder {folder} of someone else")
    emotion = match[2].lower()
    if emotion not in EMOTIONS:
        raise ValueError(f"has the unknown emotion code {emotion}")
    statement = f"{emotion}{match[3]}"
    labels = {"actor": actor, "gender": "male", "emotion": EMOTIONS[emotion], "statement": statement}
    return f"{actor}_{statement}", labels
