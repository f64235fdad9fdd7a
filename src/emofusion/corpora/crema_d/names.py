"""CREMA-D's file names: the labels of a clip.

A name such as `1001_DFA_ANG_XX.wav` is actor, sentence, intended emotion and level of the emotion.
"""

import re
from typing import Any

from emofusion.corpora.common.archives import Entry

EMOTIONS = {"ANG": "angry", "DIS": "disgust", "FEA": "fearful", "HAP": "happy", "NEU": "neutral", "SAD": "sad"}
LEVELS = {"LO": "low", "MD": "medium", "HI": "high", "XX": None}  # XX: no level was asked for
STATEMENTS = {
    "DFA": "Don't forget a jacket",
    "IEO": "It's eleven o'clock",
    "IOM": "I'm on my way to the meeting",
    "ITH": "I think I have a doctor's appointment",
    "ITS": "I think I've seen this before",
    "IWL": "I would like a new alarm clock",
    "IWW": "I wonder what this is about",
    "MTI": "Maybe tomorrow it will be cold",
    "TAI": "The airplane is almost full",
    "TIE": "That is exactly what happened",
    "TSI": "The surface is slick",
    "WSI": "We'll stop in a couple of minutes",
}
ACTORS = range(1001, 1092)

_NAME = re.compile(r"(\d{4})_([A-Z]{3})_([A-Z]{3})_(LO|MD|HI|XX?)", re.IGNORECASE | re.ASCII)


def parse(entry: Entry) -> tuple[tuple[str, str], dict[str, Any]]:
    """A file's key and labels, as `reading.find_recordings` needs them. The key is the clip and the file's suffix."""
    clip = clip_of(entry.path.stem)
    return (clip, entry.path.suffix.lower()), labels_of(clip)


def clip_of(stem: str) -> str:
    """The clip that a file's stem or a name in a table stands for; one name in circulation ends in X instead of XX.

    Raises `ValueError` for another name, as the end of a sentence that begins with the name.
    """
    if not _NAME.fullmatch(stem):
        raise ValueError("does not have a name such as 1001_DFA_ANG_XX.wav")
    clip = stem.upper()
    return f"{clip}X" if clip.endswith("_X") else clip


def labels_of(clip: str) -> dict[str, Any]:
    """The columns of the clip table that follow from a clip's name.

    Raises `ValueError` for an unknown code, as the end of a sentence that begins with the name.
    """
    actor, sentence, emotion, level = clip.split("_")
    for what, code, is_known in (
        ("actor", actor, int(actor) in ACTORS),
        ("sentence", sentence, sentence in STATEMENTS),
        ("emotion", emotion, emotion in EMOTIONS),
    ):
        if not is_known:
            raise ValueError(f"has the unknown {what} code {code}")
    return {
        "actor": actor,
        "emotion": EMOTIONS[emotion],
        "intensity": LEVELS[level],
        "statement": STATEMENTS[sentence],
    }
