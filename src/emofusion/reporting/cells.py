"""The tables that compare the cells of one command: one row for each cell, and one row for each pair."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from emofusion.evaluation.cells import compare_pairs
from emofusion.settings.experiment import Evaluation
from emofusion.tables import PREDICTIONS, read_table

BASIS = ["protocol", "leaks_speakers", "normalised_by_speaker", "configured_rule_is_transductive", "data"]


@dataclass(frozen=True)
class Cell:
    """A cell of a command.

    name: its name. report: the key of its report. overrides: setting → value, for the settings that differ between
    cells.
    """

    name: str
    report: str
    overrides: dict[str, str]


def write_cells(
    cells: list[Cell], reports: list[Path], fused: list[Path], evaluation: Evaluation, table: Path, pairs: Path
) -> bool:
    """Write the table of all cells, and the table that compares the fusions of each pair of cells.

    Args:
        cells: the cells of the command.
        reports: the folder of each cell's report.
        fused: the file of each cell's fused predictions (`tables.PREDICTIONS`).
        evaluation: how intervals and p values are computed.
        table, pairs: the files to write.

    Returns:
        Whether at least two cells were tested on the same clips; otherwise the table of pairs has no rows.
    """
    compared = compare_cells(cells, [report / "table1.csv" for report in reports])
    compared.to_csv(table, index=False)
    predictions = {cell.name: read_table(path, PREDICTIONS) for cell, path in zip(cells, fused, strict=True)}
    pair_table = compare_pairs(predictions, evaluation)
    basis = dict(zip(predictions, compared[BASIS].to_dict("records"), strict=True))
    with_basis(pair_table, basis).to_csv(pairs, index=False)
    return not pair_table.empty


def compare_cells(cells: list[Cell], tables: list[Path]) -> pd.DataFrame:
    """A table with one row for each cell: its overrides, its accuracies over all emotions, and the key of its report.

    Columns of each system: `<system>_accuracy` and `<system>_unweighted_average_recall` (fractions).

    Args:
        cells: the cells of the command.
        tables: the file `table1.csv` of each cell's report.
    """
    rows = []
    for cell, path in zip(cells, tables, strict=True):
        table = pd.read_csv(path).set_index("emotion")
        accuracies = [column for column in table if column.endswith("_accuracy")]
        overall, recall = table.loc["all"], table.loc["unweighted average recall"]
        rows.append(
            {
                **cell.overrides,
                "clips": int(overall["clips"]),
                **{column: overall[column] for column in accuracies},
                **{column.replace("_accuracy", "_unweighted_average_recall"): recall[column] for column in accuracies},
                **overall[BASIS],
                "report": cell.report,
            }
        )
    return pd.DataFrame(rows)


def with_basis(pairs: pd.DataFrame, basis: dict[str, dict[str, object]]) -> pd.DataFrame:
    """The table of pairs with the columns `BASIS`. A value is `first / second` where the two cells differ.

    Args:
        pairs: a table with the columns first and second, which name cells.
        basis: name of a cell → its values in the columns `BASIS`.
    """
    for name in BASIS:
        values = [(basis[pair.first][name], basis[pair.second][name]) for pair in pairs.itertuples()]
        pairs[name] = [first if first == second else f"{first} / {second}" for first, second in values]
    return pairs
