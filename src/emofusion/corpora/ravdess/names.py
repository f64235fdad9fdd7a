"""RAVDESS's file names: the medium of a file, and the labels of its clip.

A name such as `03-01-05-02-01-02-12.wav` is modality (01 picture and sound, 02 picture, 03 sound), vocal channel
(01 speech, 02 song), emotion, intensity, statement, repetition and actor.
"""

import re
from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

from emofusion.corpora.common.archives import Entry, entries

EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")  # 01 to 08
INTENSITIES = ("normal", "strong")
STATEMENTS = ("Kids are talking by the door", "Dogs are sitting by the door")
MEANS = "openface_au_mean.csv"  # a table of the means of action units, in the root
LANDMARKS = "landmarks68.npz"  # a file with the landmarks of all videos, in the root
SOUND, VIDEO, TRACKING = (".wav", ".flac"), (".mp4",), (".csv",)


class Medium(NamedTuple):
    """How the files of a medium are recognised, and where they are available."""

    suffixes: tuple[str, ...]
    modalities: tuple[str, ...]  # first part of a file's name, the preferred one first
    example: str
    origin: str


MEDIA = {
    "audio": Medium(
        SOUND + VIDEO, ("03", "01"), "03-01-05-02-01-02-12.wav", "Audio_Speech_Actors_01-24.zip of record 1188976"
    ),
    "video": Medium(
        VIDEO, ("02", "01"), "02-01-05-02-01-02-12.mp4", "Video_Speech_Actor_01.zip to _24.zip of record 1188976"
    ),
    "action_units": Medium(
        TRACKING,
        ("01", "02"),
        f"01-01-05-02-01-02-12.csv or {MEANS}",
        "FacialTracking_Actors_01-24.zip of record 3255102",
    ),
    "landmarks": Medium(
        TRACKING,
        ("01", "02"),
        f"01-01-05-02-01-02-12.csv or {LANDMARKS}",
        "FacialTracking_Actors_01-24.zip of record 3255102",
    ),
}
TABLES = {"action_units": MEANS, "landmarks": LANDMARKS}  # medium → the file in the root with all clips

_NAME = re.compile(r"\d\d(-\d\d){6}", re.ASCII)
_FOLDER = re.compile(r"(?:.*_)?Actor_(\d\d)", re.IGNORECASE | re.ASCII)
_SUFFIXES_OF_MODALITIES = {"01": VIDEO + TRACKING, "02": VIDEO + TRACKING, "03": SOUND}


def is_name(stem: object) -> bool:
    """Whether a text is a name of seven numbers, such as 03-01-05-02-01-02-12."""
    return isinstance(stem, str) and _NAME.fullmatch(stem) is not None


def is_song(stem: str) -> bool:
    """Whether a name belongs to a song."""
    return stem[3:5] == "02"


def clip_of(stem: str) -> str:
    """The clip that a file belongs to: the name of its sound file."""
    return f"03{stem[2:]}"


def names_of_videos(clip: str) -> str:
    """The names of the videos of a clip's performance, for the column `also_named`: action units are named so."""
    return f"01{clip[2:]}|02{clip[2:]}"


def has_medium(root: str | Path, medium: str, besides: Collection[str] = ()) -> bool:
    """Whether the root has any speech file of a medium (audio, video, action_units, landmarks).

    Looks into the tree and into archives, apart from those whose names are in `besides`.
    """
    if medium in TABLES and (Path(root) / TABLES[medium]).is_file():
        return True
    starts = tuple(f"{modality}-01-" for modality in MEDIA[medium].modalities)
    return any(
        is_name(entry.path.stem) and entry.path.name.startswith(starts)
        for entry in entries(Path(root), MEDIA[medium].suffixes, besides)
    )


def parse(entry: Entry) -> tuple[tuple[str, bool], dict[str, Any]] | None:
    """A file's key and labels, as `reading.find_recordings` needs them; None for songs and for unrelated tables.

    The key is the name, and whether the file is a table of action units.
    """
    stem, suffix = entry.path.stem, entry.path.suffix.lower()
    if not is_name(stem):
        if suffix in TRACKING:
            return None
        raise ValueError("does not have a name such as 03-01-05-02-01-02-12.wav")
    if is_song(stem):
        return None
    labels = labels_of(stem)
    if suffix not in _SUFFIXES_OF_MODALITIES[stem[:2]]:
        raise ValueError(f"is a {suffix} file, which the modality {stem[:2]} of its name does not have")
    folders = [match[1] for folder in entry.folders if (match := _FOLDER.fullmatch(folder))]
    if folders and folders[-1] != labels["actor"]:
        raise ValueError(f"is in the folder of actor {folders[-1]}")
    return (stem, suffix in TRACKING), labels


def labels_of(stem: str) -> dict[str, str]:
    """The columns of the clip table that follow from a name.

    Raises `ValueError` for an unknown code, as the end of a sentence that begins with the name.
    """
    modality, channel, *codes, actor = stem.split("-")
    emotion, intensity, statement, repetition = map(int, codes)
    if not 1 <= emotion <= 8:
        raise ValueError(f"has the unknown emotion code {codes[0]}")
    for what, code, known in (
        ("modality", modality, ("01", "02", "03")),
        ("vocal channel", channel, ("01", "02")),
        ("intensity", codes[1], ("01", "02") if emotion > 1 else ("01",)),
        ("statement", codes[2], ("01", "02")),
        ("repetition", codes[3], ("01", "02")),
        ("actor", actor, [f"{number:02d}" for number in range(1, 25)]),
    ):
        if code not in known:
            raise ValueError(f"has the unknown {what} code {code}" + (" for neutral" * (what == "intensity")))
    return {
        "actor": actor,
        "gender": "male" if int(actor) % 2 else "female",
        "emotion": EMOTIONS[emotion - 1],
        "intensity": INTENSITIES[intensity - 1],
        "statement": STATEMENTS[statement - 1],
        "repetition": str(repetition),
    }
