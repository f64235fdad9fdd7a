"""The base class of corpora."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from emofusion.settings.fields import setting
from emofusion.settings.kinds.base import Kind, Preparation

if TYPE_CHECKING:
    import pandas as pd

SKIP = "skip"  # value of the setting `on_bad_clip`


@dataclass
class Corpus(Kind):
    """Recordings in one layout of files.

    Class attributes:
        provides: the media of its clips, such as audio, image, video, action_units. A modality reads one of them.
        brings: the names of tables of posteriors that the corpus brings itself, such as the votes of its raters. All
            of them have the same clips.
        groups: columns of its clips that reports show as groups unless `evaluation.groups` says otherwise, such as
            intensity.
    """

    family: ClassVar[str] = "corpora"
    needs: ClassVar[tuple[str, ...]] = ("check_present", "read", "sources")
    declares: ClassVar[tuple[str, ...]] = ("provides",)
    provides: ClassVar[tuple[str, ...]] = ()
    brings: ClassVar[tuple[str, ...]] = ()
    groups: ClassVar[tuple[str, ...]] = ()

    root: str = setting("Folder with the corpus as it is distributed, or an archive of it.", "")
    exclude: list[str] = setting(
        "Files and clips to leave out: patterns that are compared with the end of each path and with the names of "
        "clips, as in [DC_a01.wav]; see docs/corpora.md.",
        [],
        distinct=True,
        filled=True,
    )
    labels: dict[str, str] = setting(
        "What the corpus's own labels are called in the experiment, as in {joy: happy}. Labels that are not named here "
        "keep their name.",
        {},
        filled=True,
        later=True,
    )
    other_labels: str = setting(
        "What happens to clips whose label is not among emotions.classes: drop leaves them out and reports their "
        "number; fail stops and names them.",
        "drop",
        choices=["drop", "fail"],
        later=True,
    )

    on_bad_clip: str = setting(
        "What happens to a clip whose file is bad (cut short, silent, black, unreadable, not there) or whose features "
        "fail: fail stops and names it; skip leaves it out of all modalities, and reports list it. Other clips keep "
        "their folds.",
        "fail",
        choices=["fail", SKIP],
        later=True,
    )

    def media_provided(self) -> tuple[str, ...]:
        """The media of its clips: those that it declares, and with videos their sound."""
        return (*self.provides, *(["audio"] if "video" in self.provides and "audio" not in self.provides else []))

    def check_present(self, name: str) -> None:
        """Check quickly, while planning, that the corpus exists; raise `EmofusionError` where it does not.

        The message says which files are missing, where to get the corpus, where to put it, and which setting names
        another folder.

        name: the name of the corpus in the experiment.
        """
        raise NotImplementedError

    def read(self, name: str, unpacked: Path) -> "pd.DataFrame":
        """The clips of the corpus. Every media file that the table names is opened once, to check it.

        Clips whose names match `exclude` may be in the table: they are left out afterwards. A clip that has a video and
        no `audio` afterwards gets the video's sound, for modalities that read sound.

        Args:
            name: the name of the corpus in the experiment.
            unpacked: a folder into which the needed files of archives are extracted.

        Returns:
            `tables.CLIPS`, sorted by `clip`.

        Raises:
            EmofusionError: files cannot be read, contradict their folder, have an unknown code, or occur twice. The
                message names them.
        """
        raise NotImplementedError

    def sources(self) -> list[Path]:
        """The existing files that decide what `read` returns.

        When one of them is added, removed or changed, the corpus is read again. Every planning calls this method, so
        it must be fast.
        """
        raise NotImplementedError

    def generator(self, name: str) -> "Preparation | None":
        """The work that generates the corpus; None where the corpus is recorded.

        The work writes the corpus into the folder `corpus` of its stage. The plan then calls `at` with this folder.

        name: the name of the corpus in the experiment.
        """
        return None

    def at(self, root: str) -> Self:
        """A copy of this corpus in the folder `root` and without a generator."""
        return replace(self, root=root)

    def for_medium(self, medium: str) -> Self:
        """A copy with only what a modality that reads `medium` needs; by default the whole corpus.

        The copy may lack settings that do not change what `read` returns. Call `generator` and `fetching` before.
        """
        return self

    def without_recordings(self, table: str) -> Self:
        """A copy that needs no recordings, because the posteriors or features of its clips are read from `table`.

        table: the path of the table, CSV or Parquet; of features also npz.
        """
        return self

    def fetching(self, name: str, medium: str) -> "Preparation | None":
        """The work that downloads files missing in the root; None where nothing can or must be downloaded.

        Args:
            name: the name of the corpus in the experiment.
            medium: the medium that the modality reads; `posteriors` where others have scored the clips, and `votes`
                for what `posteriors` needs.
        """
        return None

    def posteriors(self, name: str) -> "Preparation | None":
        """The work that makes the tables of posteriors in `brings`; None where there are none.

        The work writes `tables/<table>.parquet` into the folder of its stage: `clip`, and a probability for each class.

        name: the name of the corpus in the experiment.
        """
        return None
