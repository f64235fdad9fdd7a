"""RAVDESS: 1,440 clips of spoken sentences, 24 actors (odd = male), eight emotions, two intensities.

Livingstone & Russo (2018), doi 10.5281/zenodo.1188976, PLoS ONE 13(5): e0196391. Songs are another part of the corpus,
with other emotions: they may be in the root, but are not read. Action units are OpenFace 2's, of the 01 videos
(Swanson, Livingstone & Russo 2019, doi 10.5281/zenodo.3255102), or a table of their means by clip. See `names` for what
the files' names mean.
"""

from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from emofusion.corpora.common.archives import source_files
from emofusion.corpora.common.generated import Generated
from emofusion.corpora.common.reading import absent
from emofusion.corpora.common.unread import not_read
from emofusion.corpora.ravdess.names import MEDIA, has_medium, parse
from emofusion.corpora.ravdess.reading import read_files, read_names
from emofusion.settings.fields import must, setting
from emofusion.settings.kinds import Preparation

if TYPE_CHECKING:
    import pandas as pd

WORDS = "text"  # the medium of a modality that reads what is said


@dataclass
class Ravdess(Generated):
    """The speech of RAVDESS: the archives of its Zenodo records, or their contents."""

    provides: ClassVar[tuple[str, ...]] = ("audio", "video", "action_units", "landmarks")
    groups: ClassVar[tuple[str, ...]] = ("intensity", "statement")

    kind: str = "ravdess"
    download: bool = setting("Download files that are missing in the root from Zenodo.", False)
    zenodo: str = setting("Address of Zenodo, or of a server with the same interface.", "https://zenodo.org")
    known_files: dict[str, Any] = setting(
        "Size in bytes and checksum of archives in place of those that the records have: {<file>: {size: …, md5: …}}.",
        {},
    )
    media: list[str] = setting(
        "Media that every clip must have besides the one that a modality reads.",
        [],
        choices=tuple(MEDIA),
        distinct=True,
    )
    names_from: str = setting(
        "Table (.csv or .parquet) whose column clip names the clips, so that no recording is needed; set where others "
        "have scored the clips.",
        "",
    )

    def check_together(self, name: str) -> None:
        """Raise `EmofusionError` unless `zenodo` is an address and `known_files` has sizes and checksums."""
        super().check_together(name)
        must(
            not self.download or self.zenodo.startswith(("http://", "https://")),
            f"{name}.zenodo={self.zenodo}: an address such as https://zenodo.org",
        )
        for file, facts in self.known_files.items():
            must(
                isinstance(facts, dict) and set(facts) <= {"size", "md5"},
                f"{name}.known_files.{file}={facts}: size and md5 of the file, as in {{size: 208468073, md5: bc69…}}",
            )
            size, md5 = facts.get("size"), facts.get("md5")
            must(
                size is None or (isinstance(size, int) and not isinstance(size, bool) and size > 0),
                f"{name}.known_files.{file}.size={size}: a number of bytes, 1 or more",
            )
            must(
                md5 is None
                or (isinstance(md5, str) and len(md5) == 32 and set(md5.lower()) <= set("0123456789abcdef")),
                f"{name}.known_files.{file}.md5={md5}: 32 hexadecimal digits",
            )

    def fetching(self, name: str, medium: str) -> Preparation | None:
        """The download of a medium that is missing in the root; None without `download`, or where none is needed."""
        if not self.download or self.demo is not None or self.names_from or medium not in (*MEDIA, WORDS):
            return None
        # Not an import statement: imported modules count as code of the reader, and a change of the download must not
        # cause the corpus to be read again.
        fetching: Preparation = import_module("emofusion.corpora.ravdess.download").Download(
            url=self.zenodo, known_files=self.known_files, root=self.root, media=self._with(medium), name=name
        )
        return fetching

    def for_medium(self, medium: str) -> Self:
        """A copy for the clips that have `medium` and all of `media`, without the settings of the download."""
        return replace(self._without_download(), media=self._with(medium))

    def without_recordings(self, table: str) -> Self:
        """A copy for the clips that `table` names; files at the root are ignored."""
        return replace(self._without_download(), root="", media=[], names_from=table, demo=None)

    def check_present(self, name: str) -> None:
        """Raise `EmofusionError` if the root has no file of one of the media."""
        if self.names_from:  # whoever reads the table says so if it is not there
            return
        missing = [medium for medium in self._media() if not has_medium(self.root, medium)]
        if missing:
            examples = ", ".join(f"{medium} such as {MEDIA[medium].example}" for medium in missing)
            origins = " and ".join(MEDIA[medium].origin for medium in missing)
            suffixes = [suffix for medium in missing for suffix in MEDIA[medium].suffixes]
            raise not_read(name, self, suffixes, parse) or absent(
                name,
                self.root,
                f"{examples}, nor an archive with it,",
                f"Let it be fetched with corpora.{name}.download=true, or put {origins} of https://zenodo.org, or what "
                "is in it, there.",
            )

    def read(self, name: str, unpacked: Path) -> "pd.DataFrame":
        """The performances of speech, with `repetition` as a column besides the usual ones.

        They are those for which all media are there, or those that the table `names_from` names. See `Corpus.read` for
        arguments and errors; an `EmofusionError` also tells of a medium that is missing for some clips.
        """
        if self.names_from:
            return read_names(name, self, Path(self.names_from), unpacked)
        return read_files(name, self, self._media(), unpacked)

    def sources(self) -> list[Path]:
        """The files of the media in the tree, and the archives; or the table that names the clips."""
        if self.names_from:
            return [path for path in [Path(self.names_from)] if path.is_file()]
        return source_files(self.root, {suffix for medium in self._media() for suffix in MEDIA[medium].suffixes})

    def _media(self) -> list[str]:
        """The media to read: those in the setting `media`, or all but landmarks, which lie with action units."""
        return self.media or [medium for medium in self.provides if medium != "landmarks"]

    def _with(self, medium: str) -> list[str]:
        """A medium, followed by the other media that every clip must have.

        The words that are said are known from the names of the sound files.
        """
        return list(dict.fromkeys(["audio" if medium == WORDS else medium, *self.media]))

    def _without_download(self) -> Self:
        return replace(self, download=False, zenodo="", known_files={})
