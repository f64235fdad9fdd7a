"""The base class of corpora."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from emofusion.settings.fields import setting
from emofusion.settings.kinds.base import Kind, Preparation

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class Corpus(Kind):
    """Recordings in one layout.

    Class attributes:
        provides: the media that its clips have, of which a modality reads one: audio, image, video, action_units …
    """

    family: ClassVar[str] = "corpora"
    needs: ClassVar[tuple[str, ...]] = ("check_present", "read", "sources")
    declares: ClassVar[tuple[str, ...]] = ("provides",)
    provides: ClassVar[tuple[str, ...]] = ()

    root: str = setting("Folder of the corpus in the form in which it is distributed, or an archive of it.", "")
    exclude: list[str] = setting(
        "Patterns of files to leave out, compared with the right-hand end of a path, as in [DC_a01.wav].",
        [],
        distinct=True,
        filled=True,
    )

    def check_present(self, name: str) -> None:
        """A quick look, for planning: raise `EmofusionError` where nothing of the corpus is there.

        The message says what was looked for and where, where to ask for the corpus, which file to put where, and which
        setting names another folder. `name`: what the experiment calls the corpus.
        """
        raise NotImplementedError

    def read(self, name: str, unpacked: Path) -> "pd.DataFrame":
        """The clips (`tables.CLIPS`, sorted by `clip`); archives are extracted into `unpacked`, needed files only.

        Every media file that the table names is opened once. Raises `EmofusionError` that names the files where some
        cannot be read, contradict their folder, have an unknown code, or stand there twice.
        """
        raise NotImplementedError

    def sources(self) -> list[Path]:
        """The files that decide what `read` returns: when one is added, removed or changed, the corpus is read again.

        Only existing files; cheap, as it is called whenever something is planned.
        """
        raise NotImplementedError

    def generator(self, name: str) -> "Preparation | None":
        """What generates the corpus; None where it is recorded. `name`: what the experiment calls the corpus.

        It writes the corpus into the folder `corpus` of its stage; `at` then gives the corpus that is read there.
        """
        return None

    def at(self, root: str) -> Self:
        """A copy of this corpus in the folder `root` and without a generator."""
        return replace(self, root=root)

    def for_medium(self, medium: str) -> Self:
        """This corpus as a modality that reads `medium` needs it; by default the whole corpus.

        The copy lacks settings that do not decide what `read` returns, so ask `generator` and `fetching` before.
        """
        return self

    def without_recordings(self, table: str) -> Self:
        """This corpus where others have scored its clips in `table`, so that no recording is needed."""
        return self

    def fetching(self, name: str, medium: str) -> "Preparation | None":
        """What fetches files that the root lacks; None where nothing is to be fetched."""
        return None
