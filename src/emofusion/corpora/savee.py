"""SAVEE: 480 utterances of four British men, seven emotions.

Haq & Jackson (2009), Speaker-dependent audio-visual emotion recognition, AVSP. Distributed as `AudioData/DC/a01.wav`;
in circulation also as `DC_a01.wav`. The letters are the emotion, the number is the sentence.
"""

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from emofusion.corpora.common.archives import Entry
from emofusion.corpora.common.generated import Generated
from emofusion.corpora.common.named_sounds import NamedSounds, Parse

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
_NAME = re.compile(r"(?:([a-z]+)_)?([a-z]+)(\d\d)", re.IGNORECASE | re.ASCII)


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


@dataclass
class Savee(NamedSounds, Generated):
    """SAVEE: `AudioData.zip`, or its contents.

    `statement` is the emotion's letters and the sentence's number, such as `a01`.
    """

    kind: str = "savee"

    parse: ClassVar[Parse] = _parse
    example: ClassVar[str] = "DC/a01.wav or DC_a01.wav"
    remedy: ClassVar[str] = (
        "SAVEE is free for research: register at the University of Surrey's page, "
        "http://kahlan.eps.surrey.ac.uk/savee/, and put AudioData.zip, or what is in it, there."
    )
