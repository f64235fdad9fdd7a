"""SAVEE: 480 utterances of four British men, seven emotions.

Haq & Jackson (2009), Speaker-dependent audio-visual emotion recognition, AVSP. Distributed as `AudioData/DC/a01.wav`;
in circulation also as `DC_a01.wav`. The letters are the emotion, the number is the sentence.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from emofusion.corpora.common.archives import Entry, entries
from emofusion.corpora.common.reading import Faults, absent, find, table

if TYPE_CHECKING:
    from pandas import DataFrame

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


def check_present(settings: dict) -> None:
    """Raises `EmofusionError` if no sound file is at the root."""
    if not any(entries(Path(settings["root"]), SUFFIXES)):
        raise absent(
            settings,
            "recording such as DC/a01.wav or DC_a01.wav, nor an archive with one",
            "SAVEE is free for research: register at the University of Surrey's page, "
            "http://kahlan.eps.surrey.ac.uk/savee/, and put AudioData.zip, or what is in it, there.",
        )


def read(settings: dict, unpacked: Path) -> "DataFrame":
    """The recordings; `statement` is the emotion's letters and the sentence's number, such as `a01`."""
    faults = Faults(settings)
    found = find(settings, SUFFIXES, _parse, faults).values()
    return table(settings, [labels | {"clip": key, "audio": entry} for key, labels, entry in found], unpacked, faults)


def _parse(entry: Entry) -> tuple[str, dict]:
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
