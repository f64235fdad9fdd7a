"""The cross-corpus matrix of a grid: each row's corpora train, and each tested corpus has its own accuracy."""

from collections.abc import Sequence

import pandas as pd

from emofusion.reporting.grid.cells import Grid, GridCell, not_complete
from emofusion.reporting.numbers import share
from emofusion.reporting.wording import FUSION

COLUMNS = ["cell", "trained_on", "system", "tested_on", "clips", "actors", "accuracy", "low", "high", "recall"]
_OVERALL = {"all": "accuracy", "unweighted average recall": "recall"}


def matrix(grid: Grid) -> pd.DataFrame:
    """A row for each cell, modality or fusion, and tested corpus; without rows where no cell reports the group corpus.

    Columns: cell, trained_on (the corpora that trained the system's modalities), system, tested_on, clips, actors,
    accuracy with its interval low and high, and recall (the unweighted average recall over the corpus's emotions).

    Raises:
        EmofusionError: a table of a cell is damaged.
    """
    rows = [_of_cell(cell) for cell in grid.cells if (cell.folder / "groups.csv").is_file()]
    return (
        pd.concat([pd.DataFrame(columns=COLUMNS), *rows], ignore_index=True) if rows else pd.DataFrame(columns=COLUMNS)
    )


def _of_cell(cell: GridCell) -> pd.DataFrame:
    try:
        groups = pd.read_csv(cell.folder / "groups.csv")
        trained = pd.read_csv(cell.folder / "trained.csv")
        modalities = list(pd.read_csv(cell.folder / "rules.csv").query("kind == 'modality'")["rule"])
    except (OSError, ValueError) as error:
        raise not_complete(cell, error) from error
    systems = {name: name for name in modalities} | ({cell.rule: FUSION} if len(modalities) > 1 else {})
    overall = groups[(groups["group"] == "corpus") & groups["rule"].isin(systems) & groups["emotion"].isin(_OVERALL)]
    keys = ["rule", "level"]
    accuracy = overall[overall["emotion"] == "all"].drop(columns="emotion")
    recall = overall[overall["emotion"] != "all"].set_index(keys)["accuracy"]
    table = accuracy.assign(recall=recall.reindex(pd.MultiIndex.from_frame(accuracy[keys])).to_numpy())
    table = table.assign(
        cell=cell.name,
        system=table["rule"].map(systems),
        tested_on=table["level"],
        trained_on=[_trained_on(trained, [rule] if rule in modalities else modalities) for rule in table["rule"]],
    )
    return table[COLUMNS]


def _trained_on(trained: pd.DataFrame, modalities: Sequence[str]) -> str:
    """The corpora that trained some modalities, such as `savee`, or `face: kdef, speech: savee`."""
    named = {
        name: " + ".join(dict.fromkeys(trained.loc[trained["modality"] == name, "corpus"])) or "elsewhere"
        for name in modalities
    }
    if len(set(named.values())) == 1:
        return next(iter(named.values()))
    return ", ".join(f"{name}: {corpora}" for name, corpora in named.items())


def wide(table: pd.DataFrame) -> pd.DataFrame:
    """The matrix for readers: a row for each cell and system, and a column with the accuracy for each tested corpus."""
    shown = [
        f"{share(row['accuracy'])}" + ("" if pd.isna(row["low"]) else f" [{share(row['low'])}, {share(row['high'])}]")
        for row in table.to_dict("records")
    ]
    tested = list(dict.fromkeys(table["tested_on"]))
    cells = table.assign(shown=shown).pivot_table(
        index=["trained_on", "system", "cell"], columns="tested_on", values="shown", aggfunc="first", sort=False
    )
    names = {"trained_on": "Trained on", "system": "System", "cell": "Cell"}
    return cells[tested].fillna("–").reset_index().rename(columns=names)
