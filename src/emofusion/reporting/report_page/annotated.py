"""The marked settings of the weights, as the page's script and its tables need them."""

import pandas as pd

from emofusion.reporting.report_page.grid import positions
from emofusion.reporting.report_page.numbers import hundredths, share
from emofusion.reporting.wording import ORACLE

NAMES = {"configured": "configured", "chosen": "chosen", "oracle": ORACLE}


def marked_settings(table: pd.DataFrame, grid: pd.DataFrame, systems: list[dict]) -> list[dict]:
    """The marked settings, each with what it is drawn by and with what its button opens.

    `weights` are the mark's own, whether or not the grid has them; None where one is missing. `system` is the place in
    `systems` of what the mark shows the figures of, None where the page cannot open that. `at` is the place in the grid
    of a system that the slider moves, None for any other.
    """
    if table.empty or grid.empty:
        return []
    places = {system["rule"]: place for place, system in enumerate(systems)}
    found = []
    for at, (_, row) in zip(positions(table, grid), table.iterrows(), strict=True):
        shown = systems[places[rule]] if (rule := figures_of(row)) in places else None
        sweeps = shown is not None and shown["sweeps"]
        # off the grid the slider cannot show what the mark's figures are of
        opens = shown is not None and (at >= 0 or not sweeps)
        weights = row[list(grid)]
        found.append(
            {
                "mark": row["mark"],
                "name": mark_name(row, list(grid)),
                "rule": row["rule"],
                "weights": None if weights.isna().any() else [float(weight) for weight in weights],
                "at": int(at) if sweeps and opens else None,
                "accuracy": hundredths(row["accuracy"]),
                "percent": share(row["accuracy"]),
                "system": places[rule] if opens else None,
                "clips": _clips(row, shown or systems[places.get(row["rule"], 0)]),
                "note": row["note"],
            }
        )
    return found


def figures_of(row: pd.Series) -> str:
    """The rule whose figures a mark shows: `system`, or the pool that it is drawn on."""
    system = row.get("system")
    return row["rule"] if pd.isna(system) or not system else system


def mark_name(row: pd.Series, weights: list[str]) -> str:
    """A mark in words, such as `the paper's 0.7/0.3`. weights: their columns."""
    if row["mark"] != "paper":
        return NAMES.get(row["mark"], row["mark"])
    shown = [f"{row[name]:g}" for name in weights if row[name] > 0]
    return f"the paper's {'/'.join(shown)}" if shown else "the paper's setting"


def _clips(row: pd.Series, system: dict) -> int:
    return int(system["clips"][0] if pd.isna(row.get("clips")) else row["clips"])
