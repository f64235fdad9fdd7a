"""CREMA-D: 7,442 clips of twelve sentences, 91 actors, six emotions, with the votes of 2,443 raters.

Cao, Cooper, Keutmann, Gur, Nenkova & Verma (2014), doi 10.1109/TAFFC.2014.2336244. Distributed as a Git repository with
large files: `AudioWAV/1001_DFA_ANG_XX.wav`, `AudioMP3/…mp3` and `VideoFlash/…flv`. See `names` for what a name means.
Age, sex and race of the actors are in `VideoDemographics.csv`, and the votes in `processedResults/tabulatedVotes.csv`.
"""

from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from emofusion.corpora.common.archives import entries, source_files
from emofusion.corpora.common.media_of_clips import SUFFIXES, suffixes_of
from emofusion.corpora.common.reading import absent
from emofusion.corpora.common.unread import not_read
from emofusion.corpora.crema_d.names import parse
from emofusion.corpora.crema_d.reading import read_files, read_names
from emofusion.corpora.crema_d.tables import place
from emofusion.settings.fields import must, setting
from emofusion.settings.kinds import Corpus, Preparation

if TYPE_CHECKING:
    import pandas as pd

REPOSITORY = "https://github.com/CheyneyComputerScience/CREMA-D"


@dataclass
class CremaD(Corpus):
    """CREMA-D: a clone of its repository, or parts of it; its raters' votes need no recording."""

    provides: ClassVar[tuple[str, ...]] = ("audio", "video")
    groups: ClassVar[tuple[str, ...]] = ("intensity", "statement")
    brings: ClassVar[tuple[str, ...]] = ("voice", "face", "both")

    kind: str = "crema_d"
    download: bool = setting("Download the tables of actors and votes where they are missing in the root.", False)
    repository: str = setting(
        "Address of the files of CREMA-D's repository, or of a server with the same files.",
        "https://raw.githubusercontent.com/CheyneyComputerScience/CREMA-D/master",
    )
    added_votes: float = setting(
        "Number of votes that are added to each emotion before votes become posteriors.", 0.5, least=0, most=1000
    )
    age_bands: list[int] = setting(
        "Ages at which a further band begins, in the column age_band: [35, 50] gives under 35, 35 to 49, 50 and over.",
        [35, 50],
        distinct=True,
        least=1,
    )
    media: list[str] = setting(
        "Media that every clip must have besides the one that a modality reads.",
        [],
        choices=tuple(SUFFIXES),
        distinct=True,
    )
    names_from: str = setting(
        "Table (.csv or .parquet) whose column clip names the clips, so that no recording is needed; set where others "
        "have scored the clips.",
        "",
    )

    def check_together(self, name: str) -> None:
        """Raise `EmofusionError` unless there is a folder, and an address where files are downloaded."""
        must(self.root != "", f"{name}.root: say in which folder the corpus is")
        must(
            not self.download or self.repository.startswith(("http://", "https://")),
            f"{name}.repository={self.repository}: an address such as https://raw.githubusercontent.com/…",
        )
        must(
            self.age_bands == sorted(self.age_bands),
            f"{name}.age_bands={self.age_bands}: in ascending order, as in [35, 50]",
        )

    def fetching(self, name: str, medium: str) -> Preparation | None:
        """The download of the votes (for the medium `votes`) or of the table of actors; None without `download`."""
        if not self.download:
            return None
        table = "votes" if medium == "votes" else "people"
        # Not an import statement: imported modules count as code of the reader, see `Ravdess.fetching`.
        fetching: Preparation = import_module("emofusion.corpora.crema_d.download").Download(
            url=self.repository, root=self.root, table=table, name=name
        )
        return fetching

    def posteriors(self, name: str) -> Preparation:
        """The votes of those who heard the clips (voice), of those who saw them (face), and of those who did both."""
        votes: Preparation = import_module("emofusion.corpora.crema_d.votes").Votes(self.root, self.added_votes, name)
        return votes

    def for_medium(self, medium: str) -> Self:
        """A copy for the clips that have `medium` and all of `media`, without the settings of download and votes.

        What is said follows from the names of the sound files.
        """
        needed = medium if medium in SUFFIXES else "audio"
        return replace(self._for_reading(), media=list(dict.fromkeys([needed, *self.media])))

    def without_recordings(self, table: str) -> Self:
        """A copy for the clips that `table` names; recordings at the root are ignored."""
        return replace(self._for_reading(), media=[], names_from=table)

    def check_present(self, name: str) -> None:
        """Raise `EmofusionError` if the root has no recording, or no table of actors."""
        suffixes = suffixes_of(self.media)
        if not self.names_from and not any(entries(Path(self.root), suffixes)):
            example = "1001_DFA_ANG_XX" + (".flv" if self.media[:1] == ["video"] else ".wav")
            raise not_read(name, self, suffixes, parse) or absent(
                name,
                self.root,
                f"recording such as {example}, nor an archive with one",
                f"Clone {REPOSITORY} with Git LFS (git lfs install; git clone {REPOSITORY}), and put the folder there.",
            )
        people = place(self.root, "people")
        if not people.is_file():
            raise absent(
                name,
                str(people.parent),
                f"{people.name}, which says who the actors are,",
                f"Let it be fetched with corpora.{name}.download=true, or take it from {REPOSITORY}.",
            )

    def read(self, name: str, unpacked: Path) -> "pd.DataFrame":
        """The recordings; `age`, `age_band`, `race` and `ethnicity` of the actor are columns besides the usual ones.

        See `Corpus.read` for arguments and errors.
        """
        if self.names_from:
            return read_names(name, self, Path(self.names_from), self.age_bands, unpacked)
        return read_files(name, self, self.media or list(SUFFIXES), self.age_bands, unpacked)

    def sources(self) -> list[Path]:
        """The table of actors, and the recordings in the tree and the archives, or the table that names the clips."""
        clips = [Path(self.names_from)] if self.names_from else source_files(self.root, suffixes_of(self.media))
        return [path for path in [place(self.root, "people"), *clips] if path.is_file()]

    def _for_reading(self) -> Self:
        return replace(self, download=False, repository="", added_votes=0.0)
