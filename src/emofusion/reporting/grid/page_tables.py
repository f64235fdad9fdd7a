"""The tables of the grid's page as data for its script. Numbers are rounded here; the script only shows them."""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from emofusion.evaluation.grid.measures import ACCURACY, RECALL
from emofusion.reporting.grid.cells import BASIS, Grid
from emofusion.reporting.grid.tables import GridTables
from emofusion.reporting.numbers import hundredths
from emofusion.reporting.rounding import decimal

TITLES = {ACCURACY: "Accuracy", RECALL: "Unweighted average recall"}
_NAMES = {ACCURACY: "accuracy", RECALL: "unweighted average recall"}
Column = dict[str, Any]


def setting_table(tables: GridTables, level: str) -> dict[str, Any]:
    """The table of settings. level: of the intervals, such as `95%`."""
    table = tables.settings
    columns = [
        *levels_of(table, tables.questions),
        column(table, "baseline", "Baseline", "flag"),
        _shares(table, ACCURACY),
        column(table, f"{ACCURACY}_sd", "SD over seeds, points", "deviation"),
        _shares(table, RECALL),
        *_difference(table),
        column(table, "seeds", "Seeds", "count"),
        column(table, "clips", "Clips", "count"),
        column(table, "actors", "Actors", "count"),
        column(table, "interval_over", "Interval over", "text"),
        *_beside(table, tables.questions),
    ]
    return table_of("settings", f"Settings, with {level} intervals", columns)


def cell_table(tables: GridTables, grid: Grid) -> dict[str, Any]:
    """The table of cells. A column links to the cell's own report."""
    table = tables.cells
    columns = [
        *levels_of(table, [*tables.questions, *tables.repeats]),
        column(table, "cell", "Report", "link"),
        column(table, ACCURACY, TITLES[ACCURACY], "share"),
        column(table, RECALL, TITLES[RECALL], "share"),
        column(table, "clips", "Clips", "count"),
        column(table, "actors", "Actors", "count"),
        *_beside(table, [*tables.questions, *tables.repeats]),
    ]
    return table_of("cells", "Cells", columns)


def comparison_table(tables: GridTables, level: str) -> dict[str, Any]:
    """The table of tests against the baseline."""
    table = tables.tests
    columns = [
        *levels_of(table, tables.questions),
        _measure(table),
        *_difference(table, "", "low", "high"),
        together(table, ["seeds_low", "seeds_high"], "Over seeds and actors", "between"),
        column(table, "seeds", "Common seeds", "count"),
        column(table, "clips", "Clips", "count"),
        column(table, "actors", "Actors", "count"),
    ]
    return table_of("tests", f"Each setting against the baseline, with {level} intervals", columns)


def effect_table(tables: GridTables, level: str) -> dict[str, Any]:
    """The table of main effects."""
    table = tables.effects
    columns = [
        column(table, "factor", "Factor", "text"),
        column(table, "level", "Level", "level"),
        column(table, "reference", "Against", "level"),
        _measure(table),
        *_difference(table, "", "low", "high"),
        column(table, "pairs", "Pairs", "count"),
        column(table, "clips", "Clips", "count"),
        column(table, "actors", "Actors", "count"),
    ]
    return table_of("effects", f"Main effect of each level, with {level} intervals over actors", columns)


def interaction_table(tables: GridTables, level: str) -> dict[str, Any]:
    """The table of means by two factors, and of interactions."""
    table = tables.interactions
    columns = [
        column(table, "factor", "Factor", "text"),
        column(table, "level", "Level", "level"),
        column(table, "other_factor", "Other factor", "text"),
        column(table, "other_level", "Its level", "level"),
        _measure(table),
        column(table, "mean", "Mean", "share"),
        column(table, "settings", "Settings", "count"),
        *_difference(table, "", "low", "high", title="Interaction, points"),
        column(table, "quadruples", "Quadruples", "count"),
    ]
    return table_of("interactions", f"Means by two factors, and interactions with {level} intervals", columns)


def variance_table(tables: GridTables) -> dict[str, Any]:
    """The table of standard deviations."""
    table = tables.variance
    columns = [
        *levels_of(table, tables.questions),
        _measure(table),
        column(table, "seed_deviation", "Seeds, points", "deviation"),
        column(table, "fold_deviation", "Folds, points", "deviation"),
        column(table, "training_deviation", "Trainings, points", "deviation"),
        column(table, "actor_deviation", "Actors, points", "deviation"),
        column(table, "rest_deviation", "Rest, points", "deviation"),
        column(table, "set_to_0", "Negative, set to 0", "text"),
        column(table, "seeds", "Seeds", "count"),
        column(table, "folds", "Folds", "count"),
        column(table, "actors", "Actors", "count"),
    ]
    return table_of(
        "variance", "Standard deviations between seeds, folds, trainings and actors, and of the rest", columns
    )


def plain_table(table: pd.DataFrame, name: str, caption: str) -> dict[str, Any]:
    """A table as it is."""
    return table_of(name, caption, [column(table, str(one), str(one), "text") for one in table])


def table_of(name: str, caption: str, columns: Sequence[Column]) -> dict[str, Any]:
    """A table for the script: its columns, and its rows as lists of the columns' values."""
    rows = [list(row) for row in zip(*(one["values"] for one in columns), strict=True)]
    heads = [{key: value for key, value in one.items() if key != "values"} for one in columns]
    return {"id": name, "caption": caption, "columns": heads, "rows": rows}


def column(table: pd.DataFrame, name: str, title: str, kind: str) -> Column:
    """A column for the script, of the column `name` of a table. kind: how the script shows it, see `grid_tables.js`."""
    show: Callable[[Any], Any] = _SHOWN.get(kind, _word)
    return {"title": title, "kind": kind, "values": [show(value) for value in table[name]]}


def together(table: pd.DataFrame, names: Sequence[str], title: str, kind: str) -> Column:
    """Several columns of a table as one for the script, such as a value and the ends of its interval.

    The script gets a list for each row: in hundredths of a percent, or as they are for the kind `losses`. names: of the
    columns.
    """
    rows = zip(*(table[name] for name in names), strict=True)
    shown = _loss if kind == "losses" else hundredths
    return {"title": title, "kind": kind, "values": [list(map(shown, row)) for row in rows]}


def _measure(table: pd.DataFrame) -> Column:
    return column(table.assign(measure=table["measure"].map(_NAMES)), "measure", "Measure", "text")


def _word(value: Any) -> str:
    return "" if pd.isna(value) else str(value)


def _p(value: Any) -> float | None:
    return None if pd.isna(value) else round(float(value), 6)


def _loss(value: Any) -> float | None:
    """A plain number with the three decimals that a report shows."""
    return None if pd.isna(value) else float(decimal(value, 3))


def _count(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)


# kind of a column → what the script gets for its values; text for the other kinds
_SHOWN: dict[str, Callable[[Any], Any]] = {
    "share": hundredths,
    "deviation": hundredths,
    "p": _p,
    "loss": _loss,
    "count": _count,
    "flag": bool,
}


def levels_of(table: pd.DataFrame, names: Sequence[str]) -> list[Column]:
    """The columns of factors; the filters of the page are for them."""
    return [{**column(table, name, name, "level"), "factor": name} for name in names]


def _shares(table: pd.DataFrame, measure: str) -> Column:
    """A measure with its interval."""
    return together(table, [measure + end for end in ("", "_low", "_high")], TITLES[measure], "shares")


def _difference(
    table: pd.DataFrame, prefix: str = "difference_", low: str = "low", high: str = "high",
    title: str = "Difference, points",
) -> list[Column]:  # fmt: skip
    """A difference with its interval, the simultaneous interval, and both p values."""
    difference = together(table, ["difference", prefix + low, prefix + high], title, "points")
    joint = together(table, ["simultaneous_low", "simultaneous_high"], "All together", "between")
    return [difference, joint, column(table, "p", "p", "p"), column(table, "p_max_t", "p, max-T", "p")]


def _beside(table: pd.DataFrame, factors: Sequence[str]) -> list[Column]:
    """What varies besides the factors: figures of modalities, and the basis of the numbers."""
    columns = []
    for name in (name for name in table if name not in factors):  # the protocol may be a factor itself
        if name.removesuffix("_of_report") in BASIS and (name in BASIS or name.endswith("_of_report")):
            columns.append(column(table, name, name.replace("_", " "), "text"))
        elif name.endswith(("_accuracy", "_unweighted_average_recall")):
            columns.append(column(table, name, name.replace("_", " ").capitalize(), "share"))
    return columns
