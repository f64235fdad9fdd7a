"""TESS: 2,800 utterances of two women, aged 26 and 64, seven emotions.

Pichora-Fuller & Dupuis (2020), Toronto emotional speech set, doi 10.5683/SP2/E8H2MF. A name such as
`OAF_back_angry.wav` is the speaker (OAF the older, YAF the younger woman), the word of the sentence "Say the word
back", and the emotion. `ps` stands for pleasant surprise.
"""

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from emofusion.corpora.common.archives import Entry
from emofusion.corpora.common.named_sounds import NamedSounds, Parse
from emofusion.settings.fields import must

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
# The speaker of one distributed file is written OA, as in `OA_bite_neutral.wav`.
_NAME = re.compile(r"(OAF?|YAF?)_([a-z]+)_([a-z]+)", re.IGNORECASE | re.ASCII)
_FOLDER = re.compile(r"(OAF|YAF)_.*", re.IGNORECASE | re.ASCII)


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


@dataclass
class Tess(NamedSounds):
    """TESS: the files of its record, in folders or archives.

    The speaker's `age` is a column besides the usual ones.
    """

    kind: str = "tess"

    parse: ClassVar[Parse] = _parse
    example: ClassVar[str] = "OAF_back_angry.wav"
    remedy: ClassVar[str] = (
        "Download TESS from https://doi.org/10.5683/SP2/E8H2MF (CC BY-NC-ND 4.0), and put the archive, or what "
        "is in it, there."
    )

    def check_together(self, name: str) -> None:
        """Raise `EmofusionError` unless there is a folder."""
        must(self.root != "", f"{name}.root: say in which folder the corpus is")
