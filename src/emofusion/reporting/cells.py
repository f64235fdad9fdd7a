"""The cells of one command beside each other."""

from pathlib import Path

import pandas as pd


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
                "protocol": overall["protocol"],
                "leaks_speakers": overall["leaks_speakers"],
                "normalised_by_speaker": overall["normalised_by_speaker"],
                "report": cell["report"],
            }
        )
    return pd.DataFrame(rows)
