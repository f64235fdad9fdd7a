"""EmoDB, the Berlin database: 535 utterances of five women and five men, seven emotions, one of them boredom.

Burkhardt, Paeschke, Rolfes, Sendlmeier & Weiss (2005), A database of German emotional speech, Interspeech. A name such
as `03a01Fa.wav` is the speaker (03), the sentence (a01), the first letter of the emotion in German (F for Freude), and
the take (a).
"""

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from emofusion.corpora.common.archives import Entry
from emofusion.corpora.common.named_sounds import NamedSounds, Parse
from emofusion.settings.fields import must

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
_NAME = re.compile(r"(\d\d)([ab]\d\d)([A-Z])([a-z])", re.ASCII)


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


@dataclass
class EmoDb(NamedSounds):
    """EmoDB: `download.zip`, or its contents.

    The speaker's `age`, and `take`, are columns besides the usual ones.
    """

    kind: str = "emodb"

    parse: ClassVar[Parse] = _parse
    example: ClassVar[str] = "03a01Fa.wav"
    remedy: ClassVar[str] = (
        "Download EmoDB from http://emodb.bilderbar.info/download/, and put download.zip, or what is in it, there."
    )

    def check_together(self, name: str) -> None:
        """Raise `EmofusionError` unless there is a folder."""
        must(self.root != "", f"{name}.root: say in which folder the corpus is")
