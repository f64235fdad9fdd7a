"""KDEF: photographs of 35 women and 35 men, seven emotions, five angles, two sessions.

Lundqvist, Flykt & Öhman (1998), The Karolinska Directed Emotional Faces. A name such as `AF01ANS.JPG` is session
(A, B), gender (F, M), person (01–35), emotion and angle.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from emofusion.corpora.common.archives import Entry, entries
from emofusion.corpora.common.media import BLACK
from emofusion.corpora.common.reading import Faults, absent, find, table

if TYPE_CHECKING:
    from pandas import DataFrame

EMOTIONS = {
    "AF": "fearful",
    "AN": "angry",
    "DI": "disgust",
    "HA": "happy",
    "NE": "neutral",
    "SA": "sad",
    "SU": "surprised",
}
ANGLES = {"FL": "full_left", "HL": "half_left", "S": "straight", "HR": "half_right", "FR": "full_right"}
GENDERS = {"F": "female", "M": "male"}
SUFFIXES = (".jpg", ".jpeg", ".png")

# Two pictures have a wrong name in the corpus as it is distributed; each is the one that its folder lacks.
ERRATA = {"AF31V": "AF31SAHL", "AM31H": "AM31SUHR"}
_NAME = re.compile(r"([AB])([FM])(\d\d)([A-Z]{2})(S|[HF][LR])")
_FOLDER = re.compile(r"[AB][FM]\d\d")


def check_present(settings: dict) -> None:
    """Raises `EmofusionError` if no picture of a person is at the root."""
    if not any(_of_a_person(entry) for entry in entries(Path(settings["root"]), SUFFIXES)):
        raise absent(
            settings,
            "picture such as AF01ANS.JPG, nor an archive with one",
            "KDEF is free for research: ask for it with the form at https://kdef.se and put KDEF_and_AKDEF.zip, or "
            "what is in it, there.",
        )


def read(settings: dict, unpacked: Path) -> "DataFrame":
    """The pictures at the angles `settings["angles"]`; `angle` and `session` are columns besides the usual ones.

    A person is one actor in both sessions. The few pictures that are black in the distributed corpus are left out, as
    are the averaged faces (AKDEF).
    """
    faults = Faults(settings)
    rows = [
        labels | {"clip": key, "image": entry}
        for key, labels, entry in find(settings, SUFFIXES, _parse, faults).values()
        if labels["angle"] in settings["angles"]
    ]
    return table(settings, rows, unpacked, faults, leave_out=[BLACK])


def _of_a_person(entry: Entry) -> bool:
    return not any(folder.upper() in ("AKDEF", "KDEFMAP") for folder in entry.folders)


def _parse(entry: Entry) -> tuple[str, dict] | None:
    if not _of_a_person(entry):
        return None
    stem = ERRATA.get(entry.path.stem.upper(), entry.path.stem.upper())
    match = _NAME.fullmatch(stem)
    if not match or not 1 <= int(match[3]) <= 35:
        raise ValueError("does not have a name such as AF01ANS.JPG")
    session, gender, person, emotion, angle = match.groups()
    if emotion not in EMOTIONS:
        raise ValueError(f"has the unknown emotion code {emotion}")
    folder = entry.path.parent.name.upper()
    if _FOLDER.fullmatch(folder) and folder != stem[:4]:
        raise ValueError(f"is in the folder {folder} of someone else")
    return stem, {
        "actor": f"{gender}{person}",
        "gender": GENDERS[gender],
        "emotion": EMOTIONS[emotion],
        "angle": ANGLES[angle],
        "session": session,
    }
