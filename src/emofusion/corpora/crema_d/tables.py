"""The tables of CREMA-D's repository: who the actors are, and how people voted."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from emofusion.corpora.common.separated import whole_lines


class RepositoryFile(NamedTuple):
    """A file of CREMA-D's repository."""

    path: str  # in the repository
    size: int  # bytes
    sha256: str

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return self.path.rpartition("/")[2]


FILES = {
    "people": RepositoryFile(
        "VideoDemographics.csv", 4033, "e33ddc8b60bedf98541735801127cbb67098b5957271adbdd5dea8a44294eec3"
    ),
    "votes": RepositoryFile(
        "processedResults/tabulatedVotes.csv",
        4_057_953,
        "774d9d759cb5caf2542758a39eca8c0f1d2777f9987ff5d5adf8066d192f377b",
    ),
}


def place(root: str, table: str) -> Path:
    """Where a table (people or votes) is, or has to be: in the root, or in the folder that the repository has it in.

    Where the root is an archive, it is the folder that the archive is in.
    """
    folder = Path(root).parent if Path(root).is_file() else Path(root)
    file = FILES[table]
    in_repository = folder / file.path
    return in_repository if in_repository.is_file() else folder / file.name


def lines(path: Path, needed: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """The lines of a CSV file as column → text; see `whole_lines` for its errors."""
    advice = ". Delete the file, so that it is fetched again, or take it from CREMA-D's repository."
    yield from (line for _, line in whole_lines(path, needed, advice))
