"""The cells of one command beside each other, and two by two."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from emofusion.evaluation.cells import compare_pairs
from emofusion.settings.experiment import Evaluation
from emofusion.tables import PREDICTIONS, read_table

BASIS = ["protocol", "leaks_speakers", "normalised_by_speaker", "configured_rule_is_transductive", "data"]


@dataclass(frozen=True)
class Cell:
    """A cell of a command: its name, the key of its report, and setting → value of what makes it differ."""

    name: str
    report: str
    overrides: dict[str, str]


def write_cells(
    cells: list[Cell], reports: list[Path], fused: list[Path], evaluation: Evaluation, table: Path, pairs: Path
) -> bool:
    """Write the table of all cells, and the table of their fusions two by two.

    Args:
        cells: the cells of the command.
        reports: the folder of each cell's report.
        fused: the file of each cell's fused predictions (`tables.PREDICTIONS`).
        evaluation: how intervals and p values are computed.
        table, pairs: the files to write.

    Returns:
        Whether some cells were tested on the same clips; if not, the table of pairs has no rows.
    """
    compared = compare_cells(cells, [report / "table1.csv" for report in reports])
    compared.to_csv(table, index=False)
    predictions = {cell.name: read_table(path, PREDICTIONS) for cell, path in zip(cells, fused, strict=True)}
    two_by_two = compare_pairs(predictions, evaluation)
    basis = dict(zip(predictions, compared[BASIS].to_dict("records"), strict=True))
    with_basis(two_by_two, basis).to_csv(pairs, index=False)
    return not two_by_two.empty


def compare_cells(cells: list[Cell], tables: list[Path]) -> pd.DataFrame:
    """One row for each cell: its overrides, its figures over all emotions, and the key of its report.

    tables: each cell's `table1.csv`. Columns of a system: `<system>_accuracy` and `<system>_unweighted_average_recall`
    (fractions).
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
    """The table of pairs with what both cells' figures rest on: one value, or `first / second` where they differ.

    basis: name of a cell → its values in the columns `BASIS`.
    """
    for name in BASIS:
        values = [(basis[pair.first][name], basis[pair.second][name]) for pair in pairs.itertuples()]
        pairs[name] = [one if one == other else f"{one} / {other}" for one, other in values]
    return pairs
