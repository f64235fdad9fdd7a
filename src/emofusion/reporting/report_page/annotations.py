"""The annotated weights, in the form that the page's script and its tables need."""

from typing import Any

import pandas as pd

from emofusion.reporting.numbers import hundredths, share
from emofusion.reporting.report_page.grid import positions
from emofusion.reporting.wording import ORACLE

NAMES = {"configured": "configured", "tuned": "tuned", "oracle": ORACLE}


def annotated_settings(table: pd.DataFrame, grid: pd.DataFrame, systems: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The annotations in the form that the script reads: how each is drawn, and what its button opens.

    Args:
        table: see `reporting.annotations.annotation_table`.
        grid: the settings of the slider.
        systems: see `store`.

    Returns:
        For each annotation a dictionary. `weights` are its weights, which may be outside the grid; None where one is
        missing. `system` is the position in `systems` of the system that its accuracy belongs to; None where the page
        cannot show it. `at` is its position in the grid if the slider moves this system, otherwise None.
    """
    if table.empty or grid.empty:
        return []
    position_of = {system["rule"]: position for position, system in enumerate(systems)}
    annotations = []
    for at, (_, row) in zip(positions(table, grid), table.iterrows(), strict=True):
        shown = systems[position_of[rule]] if (rule := rule_shown(row)) in position_of else None
        sweeps = shown is not None and shown["sweeps"]
        # the slider cannot show a setting that is not on its grid
        opens = shown is not None and (at >= 0 or not sweeps)
        weights = row[list(grid)]
        annotations.append(
            {
                "annotation": row["annotation"],
                "name": annotation_name(row, list(grid)),
                "rule": row["rule"],
                "weights": None if weights.isna().any() else [float(weight) for weight in weights],
                "at": int(at) if sweeps and opens else None,
                "accuracy": hundredths(row["accuracy"]),
                "percent": share(row["accuracy"]),
                "system": position_of[rule] if opens else None,
                "clips": _clips(row, shown or systems[position_of.get(row["rule"], 0)]),
                "note": row["note"],
            }
        )
    return annotations


def rule_shown(row: pd.Series) -> str:
    """The rule that an annotation's accuracy belongs to: `system`, or else the pool that it is drawn for."""
    system = row.get("system")
    return str(row["rule"] if pd.isna(system) or not system else system)


def annotation_name(row: pd.Series, weights: list[str]) -> str:
    """The name of an annotation, such as `the paper's 0.7/0.3`. weights: the columns of the weights."""
    if row["annotation"] != "paper":
        return NAMES.get(row["annotation"], str(row["annotation"]))
    shown = [f"{row[name]:g}" for name in weights if row[name] > 0]
    return f"the paper's {'/'.join(shown)}" if shown else "the paper's setting"


def _clips(row: pd.Series, system: dict[str, Any]) -> int:
    """The number of test clips of an annotation: its own number, or the system's where it has none."""
    return int(system["clips"][0] if pd.isna(row.get("clips")) else row["clips"])
