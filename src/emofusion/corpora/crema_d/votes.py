"""The votes of CREMA-D's raters as posteriors.

Each clip was judged by about ten people who only heard it, ten who only saw it, and ten who got both (Cao et al. 2014).
The share of the votes for an emotion is its posterior. A setting adds a number of votes to each emotion first, so that
an emotion without a vote is not impossible: with ½ it is the mean of the posterior under Jeffreys' prior.
"""

from dataclasses import dataclass
from pathlib import Path

from emofusion.corpora.common.separated import is_number
from emofusion.corpora.crema_d.names import clip_of
from emofusion.corpora.crema_d.tables import lines, place
from emofusion.errors import EmofusionError
from emofusion.settings.kinds import Preparation

RATERS = {"voice": "1", "face": "2", "both": "3"}  # what they got → first digit of a row's number
LETTERS = {"A": "angry", "D": "disgust", "F": "fearful", "H": "happy", "N": "neutral", "S": "sad"}


@dataclass(frozen=True)
class Votes(Preparation):
    """The tables of posteriors: `tables/voice.parquet`, `face.parquet` and `both.parquet`.

    Args:
        root: the corpus's folder, which has the table of votes.
        added: the number of votes that are added to each emotion.
        name: the name of the corpus in the experiment.
    """

    root: str
    added: float
    name: str

    @property
    def label(self) -> str:
        return f"{self.name}-votes"

    def check_present(self) -> None:
        """Raise `EmofusionError` where the root has no table of votes."""
        path = place(self.root, "votes")
        if not path.is_file():
            raise EmofusionError(
                f"the votes of the corpus {self.name} are not there: no file {path.absolute()}. Let them be fetched "
                f"with corpora.{self.name}.download=true, or put processedResults/tabulatedVotes.csv of CREMA-D's "
                "repository, https://github.com/CheyneyComputerScience/CREMA-D, there."
            )

    def sources(self) -> list[Path]:
        """The table of votes."""
        path = place(self.root, "votes")
        return [path] if path.is_file() else []

    def run(self, out: Path) -> None:
        """Write the tables: `clip`, and a column with the posterior of each emotion.

        Raises `EmofusionError` where the table of votes cannot be read, or lacks a clip's raters of one kind.
        """
        import pandas as pd

        self.check_present()
        tables = read_votes(place(self.root, "votes"), self.added)
        folder = out / "tables"
        folder.mkdir(parents=True, exist_ok=True)
        for raters, rows in tables.items():
            table = pd.DataFrame(rows).sort_values("clip", ignore_index=True)
            partial = folder / f"{raters}.partial"
            table.to_parquet(partial, index=False)
            partial.replace(folder / f"{raters}.parquet")


def read_votes(path: Path, added: float) -> dict[str, list[dict[str, str | float]]]:
    """Raters (voice, face, both) → for each clip its name and the posterior of each emotion.

    Args:
        path: the table of votes. The number of a row begins with 1 where raters heard the clip, with 2 where they saw
            it, and with 3 where they did both. `A D F H N S` are numbers of votes.
        added: the number of votes that are added to each emotion.

    Raises:
        EmofusionError: the table lacks a column; a row has a number, a name or votes that are none; or a clip is not
            there once for each kind of raters.
    """
    kinds = {digit: raters for raters, digit in RATERS.items()}
    tables: dict[str, dict[str, dict[str, str | float]]] = {raters: {} for raters in RATERS}
    for line in lines(path, ("", "fileName", *LETTERS)):
        number, name = line[""], line["fileName"]
        try:
            clip = clip_of(name)
        except ValueError as error:
            raise EmofusionError(f"{path}, row {number}: cannot read the votes on {name}: {error}") from error
        if odd := [text for text in map(line.__getitem__, LETTERS) if not is_number(text)]:
            raise EmofusionError(f"{path}, row {number}: {name} has {odd[0]!r} votes, which is no number")
        votes = {letter: int(line[letter]) for letter in LETTERS}
        total = sum(votes.values()) + added * len(votes)
        if number[:1] not in kinds or total <= 0:
            raise EmofusionError(
                f"{path}, row {number}: {name} has no votes, or the row's number does not begin with 1, 2 or 3"
            )
        table = tables[kinds[number[0]]]
        if clip in table:
            raise EmofusionError(f"{path}, row {number}: {clip} is there twice among the raters of {number[0]}…")
        table[clip] = {"clip": clip} | {LETTERS[letter]: (n + added) / total for letter, n in votes.items()}
    several = set().union(*tables.values())
    for raters, table in tables.items():
        if lacking := sorted(several - set(table)):
            raise EmofusionError(f"{path}: {len(lacking)} clips have no row of the raters {raters}, as {lacking[0]}")
    return {raters: list(table.values()) for raters, table in tables.items()}
