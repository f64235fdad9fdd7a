"""MELD: utterances of the series Friends with seven emotions, and its own training, development and test clips.

Poria et al. (2019), "MELD: A multimodal multi-party dataset for emotion recognition in conversations", ACL. Its tables
have an utterance in each line; an utterance is known by its part, its dialogue and its number in the dialogue.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from emofusion.corpora.common.reading import Faults, absent, clip_table
from emofusion.errors import EmofusionError
from emofusion.settings.kinds import Corpus

if TYPE_CHECKING:
    import pandas as pd

PARTS = ("train", "dev", "test")
_NEEDED = ("Utterance", "Speaker", "Emotion", "Dialogue_ID", "Utterance_ID")


@dataclass
class Meld(Corpus):
    """The tables of MELD: what is said, by whom, and with which emotion. The genders of its speakers are not known."""

    provides: ClassVar[tuple[str, ...]] = ("text",)

    kind: str = "meld"

    def check_present(self, name: str) -> None:
        """Raise `EmofusionError` where one of the three tables is missing."""
        missing = [part for part in PARTS if not self._table(part).is_file()]
        if missing:
            files = ", ".join(f"{part}_sent_emo.csv" for part in missing)
            raise absent(name, self.root, files, "Get MELD's tables from its authors' repository, and put them there.")

    def read(self, name: str, unpacked: Path) -> "pd.DataFrame":
        """The utterances. `statement` is what is said, and `split` is train, dev or test.

        A clip is named by its part, dialogue and number, as in train_dia0_utt0. Further columns are `dialogue`,
        `season` and `episode`. See `Corpus.read` for arguments and errors.
        """
        faults, rows = Faults(name, self.root), []
        for part in PARTS:
            seen: set[str] = set()
            for number, line in _lines(self._table(part)):
                clip = f"{part}_dia{line['Dialogue_ID']}_utt{line['Utterance_ID']}"
                where = f"{part}_sent_emo.csv, line {number} ({clip})"
                if clip in seen:
                    faults.add(where, "is there twice")
                elif not line["Speaker"].strip() or not line["Emotion"].strip():
                    faults.add(where, "has no speaker or no emotion")
                seen.add(clip)
                rows.append(_row(clip, part, line))
        return clip_table(name, self.root, rows, unpacked, faults)

    def sources(self) -> list[Path]:
        """The three tables."""
        return [self._table(part) for part in PARTS if self._table(part).is_file()]

    def without_recordings(self, table: str) -> Self:
        """A copy: the tables name the clips."""
        return replace(self)

    def _table(self, part: str) -> Path:
        return Path(self.root) / f"{part}_sent_emo.csv"


def _row(clip: str, part: str, line: dict[str, str]) -> dict[str, Any]:
    return {
        "clip": clip,
        "actor": line["Speaker"].strip(),
        "gender": None,
        "emotion": line["Emotion"].strip(),
        "statement": line["Utterance"],
        "split": part,
        "dialogue": f"{part}_dia{line['Dialogue_ID']}",
        "season": line.get("Season"),
        "episode": line.get("Episode"),
    }


def _lines(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Number and values of each line. Raises `EmofusionError` where the file is no such table."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restval="")
            missing = [column for column in _NEEDED if column not in (reader.fieldnames or [])]
            if missing:
                raise EmofusionError(f"{path} lacks the column {', '.join(missing)}: it is no table of MELD")
            for line in reader:
                yield reader.line_num, line
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise EmofusionError(f"cannot read {path} as CSV in UTF-8: {error}") from error
