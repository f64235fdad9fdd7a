"""MELD: 13,708 utterances of the series Friends, seven emotions, with transcripts and an official split.

Poria, Hazarika, Majumder, Naik, Cambria & Mihalcea (2019), doi 10.18653/v1/P19-1050. The tables `train_sent_emo.csv`,
`dev_sent_emo.csv` and `test_sent_emo.csv` say who says what with which emotion. The videos are in `train.tar.gz`,
`dev.tar.gz` and `test.tar.gz`. The same people speak in all three parts.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from emofusion.corpora.common.archives import entries, source_files
from emofusion.corpora.common.media_of_clips import SUFFIXES, suffixes_of
from emofusion.corpora.common.reading import absent
from emofusion.corpora.common.unread import not_read
from emofusion.corpora.meld.names import TABLES, parse
from emofusion.corpora.meld.reading import read_utterances
from emofusion.settings.fields import must, setting
from emofusion.settings.kinds import Corpus

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class Meld(Corpus):
    """MELD: its three tables, and its videos where a modality reads them."""

    provides: ClassVar[tuple[str, ...]] = ("audio", "video", "text")

    kind: str = "meld"
    genders: dict[str, str] = setting(
        "The gender of further speakers, as in {Janice: female}. Those of the six main speakers are known.",
        {},
        choices=("female", "male"),
    )
    media: list[str] = setting(
        "Media that every clip must have besides the one that a modality reads.",
        [],
        choices=tuple(SUFFIXES),
        distinct=True,
    )

    def check_together(self, name: str) -> None:
        """Raise `EmofusionError` unless there is a folder."""
        must(self.root != "", f"{name}.root: say in which folder the corpus is")

    def for_medium(self, medium: str) -> Self:
        """A copy for the clips that have `medium` and all of `media`; for text alone, no video is needed."""
        wanted = [medium] if medium in SUFFIXES else []
        return replace(self, media=list(dict.fromkeys([*wanted, *self.media])))

    def without_recordings(self, table: str) -> Self:
        """A copy for all utterances of the tables; videos are ignored."""
        return replace(self, media=[])

    def check_present(self, name: str) -> None:
        """Raise `EmofusionError` if the root lacks a table and has no archive, or has no recording."""
        root, lacking = Path(self.root), sorted(TABLES.values())
        remedy = (
            "The tables are in the folder data/MELD of https://github.com/declare-lab/MELD, whose page also says where "
            "the videos are (MELD.Raw.tar.gz, 11 GB): put the tables and train.tar.gz, dev.tar.gz and test.tar.gz, or "
            "what is in them, there."
        )
        for entry in entries(root, (".csv",)):
            lacking = [table for table in lacking if table != entry.path.name]
            if not lacking:
                break
        if lacking:
            raise absent(name, self.root, f"table {', '.join(lacking)}", remedy)
        suffixes = self._suffixes()
        if suffixes and not any(entries(root, suffixes)):
            example = "video such as train_splits/dia0_utt0.mp4, nor an archive with one"
            raise not_read(name, self, suffixes, parse) or absent(name, self.root, example, remedy)

    def read(self, name: str, unpacked: Path) -> "pd.DataFrame":
        """The utterances. `statement` is what is said; `split` (train, dev, test) and `dialogue` are further columns.

        See `Corpus.read` for arguments and errors.
        """
        return read_utterances(name, self, self.media, self.genders, unpacked)

    def sources(self) -> list[Path]:
        """The tables and the recordings in the tree, and the archives."""
        return source_files(self.root, {".csv", *self._suffixes()})

    def _suffixes(self) -> list[str]:
        return suffixes_of(self.media) if self.media else []
