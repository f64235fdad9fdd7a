"""Your own corpus: a CSV file of paths and labels.

Its columns are `emotion`, `actor`, `gender` (empty where it is not known) and one or more of `audio`, `image` and
`video`; `clip`, `intensity` and `statement` are optional. Further columns, such as `session`, `age` or `split`, can
divide or group the clips. Relative paths are relative to the CSV file's folder.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar, Self

from omegaconf import MISSING

from emofusion.corpora.common.archives import Entry
from emofusion.corpora.common.reading import MEDIA, Faults, clip_table, excluded, excluded_clip
from emofusion.corpora.common.separated import lacks, lines_of
from emofusion.emotions import UNKNOWN
from emofusion.errors import EmofusionError
from emofusion.settings.fields import setting
from emofusion.settings.kinds import Corpus

if TYPE_CHECKING:
    import pandas as pd

GENDERS = {"female": "female", "male": "male", "f": "female", "m": "male"} | dict.fromkeys(
    ("", UNKNOWN, "other", "n/a", "na", "?"), UNKNOWN
)
UNLABELLED = "unlabelled"  # the label of a clip whose cell is empty
_NEEDED = ("emotion", "actor", "gender")
# All other columns of the file become columns of the clip table, except those that the workflow fills itself.
_OWN = {"clip", *_NEEDED, "intensity", "statement", *MEDIA, "corpus", "content", "spelling"}


@dataclass
class Folder(Corpus):
    """Your own corpus: a CSV file of paths and labels; see docs/corpora.md."""

    provides: ClassVar[tuple[str, ...]] = ("audio", "image", "video")

    kind: str = "folder"
    table: str = setting("CSV file of paths and labels.", MISSING, filled=True)
    labels: dict[str, str] = setting(
        "What the file's own labels are called in the experiment, as in {joy: happy}. Labels that are not named here "
        "keep their name.",
        {},
        filled=True,
    )
    other_labels: str = setting(
        "What happens to clips whose label is not among emotions.classes: fail stops and names them; drop leaves them "
        "out and reports their number.",
        "fail",
        choices=["drop", "fail"],
        later=True,
    )
    recordings: bool = setting(
        "Whether recordings are needed and opened; false where others have scored the clips.", True
    )

    def for_medium(self, medium: str) -> Self:
        """A copy, without recordings if the CSV file has no paths for the medium that a modality reads."""
        return self if medium in self.provides else replace(self, recordings=False)

    def without_recordings(self, table: str) -> Self:
        """A copy that needs no recordings: the CSV file names the clips, and posteriors were computed elsewhere."""
        return replace(self, recordings=False)

    def check_present(self, name: str) -> None:
        """Raise `EmofusionError` if the CSV file does not exist."""
        path = Path(self.table)
        if not path.is_file():
            raise EmofusionError(
                f"the corpus {name} is not there: no file {path.absolute()}. Write a CSV file with the columns "
                f"{', '.join(_NEEDED)} and one or more of {', '.join(MEDIA)} there, or set corpora.{name}.table=..."
            )

    def read(self, name: str, unpacked: Path) -> "pd.DataFrame":
        """The rows of the CSV file. A clip's name is in the column `clip`; otherwise it is the stem of its first file.

        See `Corpus.read` for arguments and errors. `EmofusionError` is also raised for missing columns.
        """
        faults, rows = Faults(name, self.table, self.exclude), []
        lines_of_clips: dict[str, tuple[int, dict[str, Entry]]] = {}
        for number, line in _lines(Path(self.table), self.recordings):
            files = self._files(line)
            clip = line.get("clip") or next((entry.path.stem for entry in files.values()), "")
            if any([excluded(entry.path, self) for entry in files.values()]) or (clip and excluded_clip(clip, self)):
                continue
            fault = _fault(clip, line, files, lines_of_clips, self.recordings)
            if fault:
                paths = [str(entry.path) for entry in files.values()]
                # a pattern for a clip that is there twice would leave out both lines
                name = "" if clip in lines_of_clips else next(iter(paths), clip)
                faults.add(f"line {number} ({clip or 'nothing'})", fault, name=name)
            lines_of_clips.setdefault(clip, (number, files))
            labels = {
                "clip": clip,
                "actor": line["actor"],
                "gender": GENDERS.get(line["gender"].lower()),
                "emotion": line["emotion"] or UNLABELLED,
                "intensity": line.get("intensity") or None,
                "statement": line.get("statement") or None,
                **{column: line[column] or None for column in line if column and column not in _OWN},
            }
            rows.append(labels | (files if self.recordings else {}))
        return clip_table(name, self.root or self.table, rows, unpacked, faults)

    def sources(self) -> list[Path]:
        """The CSV file, and the existing recordings that it names."""
        path = Path(self.table)
        if not path.is_file():
            return []
        if not self.recordings:
            return [path]
        try:
            entries = [
                entry
                for _, line in _lines(path, self.recordings)
                for entry in self._files(line).values()
                if not excluded(entry.path, self)
            ]
        except EmofusionError:  # `read` will tell what is wrong with the CSV file
            return [path]
        recordings = {entry.source / entry.path for entry in entries}
        return sorted({path} | {recording for recording in recordings if _is_file(recording)})

    def _files(self, line: dict[str, str]) -> dict[str, Entry]:
        """Medium → the file that a line names."""
        folder = Path(self.table).parent
        return {medium: Entry(folder, PurePosixPath(line[medium])) for medium in MEDIA if line.get(medium)}


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # the cell is a long text, and no name of a file; `read` will tell so
        return False


def _fault(
    clip: str,
    line: dict[str, str],
    files: dict[str, Entry],
    lines_of_clips: dict[str, tuple[int, dict[str, Entry]]],
    recordings: bool,
) -> str | None:
    """The fault of a line; None where there is none."""
    if not recordings and not clip:
        return "names no clip"
    if recordings and not files:
        return f"names no file: {', '.join(MEDIA)} are empty"
    if line["gender"].lower() not in GENDERS or not line["actor"]:
        about = f"has the gender {line['gender']!r} and actor {line['actor']!r}"
        return f"{about}: female, male or nothing where it is not known, and a name"
    if clip in lines_of_clips:
        first, others = lines_of_clips[clip]
        if files == others:
            return f"has the clip of line {first}, and the same files; remove one of the two lines"
        return f"has the clip of line {first}; give each a name of its own in a column clip"
    return None


def _lines(path: Path, recordings: bool) -> Iterator[tuple[int, dict[str, Any]]]:
    """Number and values of each line of the CSV file. Raises `EmofusionError` where the file has a fault.

    `recordings`: whether it has to have a column of files.
    """
    columns, lines = lines_of(path)
    naming = set(MEDIA) if recordings else {*MEDIA, "clip"}
    needed = _NEEDED if naming & set(columns) else (*_NEEDED, f"one of {', '.join(sorted(naming))}")
    error = lacks(path, columns, needed)
    if error is not None:
        raise error
    yield from lines
