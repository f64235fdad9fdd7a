"""The cells of one command beside each other."""

from pathlib import Path

import pandas as pd

BASIS = ["protocol", "leaks_speakers", "normalised_by_speaker", "configured_rule_is_transductive", "data"]


def compare_cells(cells: list[dict], tables: list[Path]) -> pd.DataFrame:
    """One row a cell: its overrides, its report's key, and from the report's Table 1 the figures over all emotions.

    cells: dicts with `report` (key) and `overrides` (setting → value), in the order of `tables`, the paths of their
    table1.csv. Columns of a system: `<system>_accuracy` and `<system>_unweighted_average_recall` (fractions).
    """
    rows = []
    for cell, path in zip(cells, tables, strict=True):
        table = pd.read_csv(path).set_index("emotion")
        accuracies = [column for column in table if column.endswith("_accuracy")]
        overall, recall = table.loc["all"], table.loc["unweighted average recall"]
        rows.append(
            {
                **cell["overrides"],
                "clips": int(overall["clips"]),
                **{column: overall[column] for column in accuracies},
                **{column.replace("_accuracy", "_unweighted_average_recall"): recall[column] for column in accuracies},
                **overall[BASIS],
                "report": cell["report"],
            }
        )
    return pd.DataFrame(rows)


def with_basis(pairs: pd.DataFrame, rests_on: dict[str, dict]) -> pd.DataFrame:
    """The table of pairs with what the figures of both cells rest on: once, or `first / second` where they differ.

    rests_on: cell → its values of `BASIS`.
    """
    for name in BASIS:
        values = [(rests_on[pair.first][name], rests_on[pair.second][name]) for pair in pairs.itertuples()]
        pairs[name] = [one if one == other else f"{one} / {other}" for one, other in values]
    return pairs
