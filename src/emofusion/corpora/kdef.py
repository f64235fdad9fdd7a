"""KDEF: photographs of 35 women and 35 men, seven emotions, five angles, two sessions.

Lundqvist, Flykt & Öhman (1998), The Karolinska Directed Emotional Faces. A name such as `AF01ANS.JPG` is session
(A, B), gender (F, M), person (01–35), emotion and angle.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from emofusion.corpora.common.archives import Entry, entries, source_files
from emofusion.corpora.common.generated import Generated
from emofusion.corpora.common.reading import Faults, absent, clip_table, find_recordings
from emofusion.corpora.common.unread import not_read
from emofusion.settings.fields import must, setting

if TYPE_CHECKING:
    import pandas as pd

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

# Two pictures of the distributed corpus have a wrong name. Each is the picture that is missing in its folder.
ERRATA = {"AF31V": "AF31SAHL", "AM31H": "AM31SUHR"}
_NAME = re.compile(r"([AB])([FM])(\d\d)([A-Z]{2})(S|[HF][LR])", re.ASCII)
_FOLDER = re.compile(r"[AB][FM]\d\d", re.ASCII)
_AVERAGED = ("AKDEF", "KDEFMAP")  # folders of faces that are averaged over people


@dataclass
class Kdef(Generated):
    """KDEF: `KDEF_and_AKDEF.zip`, or its contents."""

    provides: ClassVar[tuple[str, ...]] = ("image",)

    kind: str = "kdef"
    angles: list[str] = setting(
        "Angles of the pictures that are read.",
        list(ANGLES.values()),
        choices=tuple(ANGLES.values()),
        shortest=1,
        distinct=True,
    )

    def check_together(self, name: str) -> None:
        """Check as for all generated corpora; some of the generated pictures must have the chosen angles."""
        super().check_together(name)
        generated = [ANGLES[code] for code in self.demo.angle_codes] if self.demo is not None else self.angles
        must(
            bool(set(generated) & set(self.angles)),
            f"{name}.angles=[{','.join(self.angles)}]: none of these is generated; choose from {', '.join(generated)}, "
            f"or set {name}.demo.angles=[{','.join(self.angles)}]",
        )

    def check_present(self, name: str) -> None:
        """Raise `EmofusionError` if the root has no picture of a person."""
        if not any(_shows_a_person(entry) for entry in entries(Path(self.root), SUFFIXES)):
            raise not_read(name, self, SUFFIXES, _parse) or absent(
                name,
                self.root,
                "picture such as AF01ANS.JPG, nor an archive with one",
                "KDEF is free for research: ask for it with the form at https://kdef.se and put KDEF_and_AKDEF.zip, or "
                "what is in it, there.",
            )

    def read(self, name: str, unpacked: Path) -> "pd.DataFrame":
        """The pictures at the chosen angles; `angle` and `session` are columns besides the usual ones.

        A person is one actor in both sessions. The averaged faces (AKDEF) are left out, and so are the few pictures
        that are black in the corpus as it is distributed. See `Corpus.read` for arguments and errors.
        """
        from emofusion.recordings.pictures import BLACK

        faults = Faults(name, self.root, self.exclude)
        rows = [
            recording.labels | {"clip": recording.key, "image": recording.entry}
            for recording in find_recordings(self, SUFFIXES, _parse, faults)
            if recording.labels["angle"] in self.angles
        ]
        return clip_table(name, self.root, rows, unpacked, faults, leave_out=[BLACK])

    def sources(self) -> list[Path]:
        """The pictures in the tree, and the archives."""
        return source_files(self.root, SUFFIXES)


def _shows_a_person(entry: Entry) -> bool:
    return not any(folder.upper() in _AVERAGED for folder in entry.folders)


def _parse(entry: Entry) -> tuple[str, dict[str, Any]] | None:
    if not _shows_a_person(entry):
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
        "also_named": entry.path.stem if entry.path.stem != stem else None,  # what other programs call the picture
        "actor": f"{gender}{person}",
        "gender": GENDERS[gender],
        "emotion": EMOTIONS[emotion],
        "angle": ANGLES[angle],
        "session": session,
    }
