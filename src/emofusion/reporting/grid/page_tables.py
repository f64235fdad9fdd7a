"""The tables of the grid's page as data for its script. Numbers are rounded here; the script only shows them."""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from emofusion.evaluation.grid.measures import ACCURACY, RECALL
from emofusion.reporting.grid.cells import BASIS, Grid
from emofusion.reporting.grid.tables import GridTables
from emofusion.reporting.numbers import hundredths

TITLES = {ACCURACY: "Accuracy", RECALL: "Unweighted average recall"}
_NAMES = {ACCURACY: "accuracy", RECALL: "unweighted average recall"}
Column = dict[str, Any]


def setting_table(tables: GridTables, level: str) -> dict[str, Any]:
    """The table of settings. level: of the intervals, such as `95%`."""
    table = tables.settings
    columns = [
        *_levels(table, tables.questions),
        _column(table, "baseline", "Baseline", "flag"),
        _shares(table, ACCURACY),
        _shares(table, RECALL),
        *_difference(table),
        _column(table, "seeds", "Seeds", "count"),
        _column(table, "clips", "Clips", "count"),
        _column(table, "actors", "Actors", "count"),
        _column(table, "interval_over", "Interval over", "text"),
        *_beside(table),
    ]
    return _table("settings", f"Settings, the most accurate first, with {level} intervals", columns)


def cell_table(tables: GridTables, grid: Grid) -> dict[str, Any]:
    """The table of cells. A column links to the cell's own report."""
    table = tables.cells
    columns = [
        *_levels(table, [*tables.questions, *tables.repeats]),
        _column(table, "cell", "Report", "link"),
        _column(table, ACCURACY, TITLES[ACCURACY], "share"),
        _column(table, RECALL, TITLES[RECALL], "share"),
        _column(table, "clips", "Clips", "count"),
        _column(table, "actors", "Actors", "count"),
        *_beside(table),
    ]
    return _table("cells", "Cells, in the order of their settings", columns)


def comparison_table(tables: GridTables, level: str) -> dict[str, Any]:
    """The table of tests against the baseline."""
    table = tables.tests
    columns = [
        *_levels(table, tables.questions),
        _column(table.assign(measure=table["measure"].map(_NAMES)), "measure", "Measure", "text"),
        *_difference(table, "", "low", "high"),
        _interval(table, "seeds_low", "seeds_high", "Over seeds and actors"),
        _column(table, "seeds", "Common seeds", "count"),
        _column(table, "clips", "Clips", "count"),
        _column(table, "actors", "Actors", "count"),
    ]
    return _table("tests", f"Each setting against the baseline, with {level} intervals", columns)


def effect_table(tables: GridTables, level: str) -> dict[str, Any]:
    """The table of main effects."""
    table = tables.effects
    columns = [
        _column(table, "factor", "Factor", "text"),
        _column(table, "level", "Level", "level"),
        _column(table, "reference", "Against", "level"),
        _column(table.assign(measure=table["measure"].map(_NAMES)), "measure", "Measure", "text"),
        *_difference(table, "", "low", "high"),
        _column(table, "pairs", "Pairs", "count"),
        _column(table, "clips", "Clips", "count"),
        _column(table, "actors", "Actors", "count"),
    ]
    return _table("effects", f"Main effect of each level, with {level} intervals over actors", columns)


def interaction_table(tables: GridTables, level: str) -> dict[str, Any]:
    """The table of means by two factors, and of interactions."""
    table = tables.interactions
    columns = [
        _column(table, "factor", "Factor", "text"),
        _column(table, "level", "Level", "level"),
        _column(table, "other_factor", "Other factor", "text"),
        _column(table, "other_level", "Its level", "level"),
        _column(table.assign(measure=table["measure"].map(_NAMES)), "measure", "Measure", "text"),
        _column(table, "mean", "Mean", "share"),
        _column(table, "settings", "Settings", "count"),
        *_difference(table, "", "low", "high", title="Interaction, points"),
        _column(table, "quadruples", "Quadruples", "count"),
    ]
    return _table("interactions", f"Means by two factors, and interactions with {level} intervals", columns)


def variance_table(tables: GridTables) -> dict[str, Any]:
    """The table of standard deviations."""
    table = tables.variance
    columns = [
        *_levels(table, tables.questions),
        _column(table.assign(measure=table["measure"].map(_NAMES)), "measure", "Measure", "text"),
        _column(table, "seed_deviation", "Seeds, points", "deviation"),
        _column(table, "actor_deviation", "Actors, points", "deviation"),
        _column(table, "rest_deviation", "Rest, points", "deviation"),
        _column(table, "set_to_0", "Negative, set to 0", "text"),
        _column(table, "seeds", "Seeds", "count"),
        _column(table, "actors", "Actors", "count"),
    ]
    return _table("variance", "Standard deviations between seeds, between actors, and of the rest", columns)


def plain_table(table: pd.DataFrame, name: str, caption: str) -> dict[str, Any]:
    """A table as it is."""
    return _table(name, caption, [_column(table, str(column), str(column), "text") for column in table])


def _table(name: str, caption: str, columns: Sequence[Column]) -> dict[str, Any]:
    """A table for the script: its columns, and its rows as lists of the columns' values."""
    rows = [list(row) for row in zip(*(column["values"] for column in columns), strict=True)]
    heads = [{key: value for key, value in column.items() if key != "values"} for column in columns]
    return {"id": name, "caption": caption, "columns": heads, "rows": rows}


def _column(table: pd.DataFrame, name: str, title: str, kind: str) -> Column:
    show: Callable[[Any], Any] = _SHOWN.get(kind, _word)
    return {"title": title, "kind": kind, "values": [show(value) for value in table[name]]}


def _word(value: Any) -> str:
    return "" if pd.isna(value) else str(value)


def _p(value: Any) -> float | None:
    return None if pd.isna(value) else round(float(value), 6)


def _count(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)


# kind of a column → what the script gets for its values; text for the other kinds
_SHOWN: dict[str, Callable[[Any], Any]] = {
    "share": hundredths,
    "deviation": hundredths,
    "p": _p,
    "count": _count,
    "flag": bool,
}


def _levels(table: pd.DataFrame, names: Sequence[str]) -> list[Column]:
    """The columns of factors; the filters of the page are for them."""
    return [{**_column(table, name, name, "level"), "factor": name} for name in names]


def _shares(table: pd.DataFrame, measure: str) -> Column:
    """A measure with its interval."""
    columns = zip(*(table[measure + end] for end in ("", "_low", "_high")), strict=True)
    return {"title": TITLES[measure], "kind": "shares", "values": [list(map(hundredths, row)) for row in columns]}


def _difference(
    table: pd.DataFrame, prefix: str = "difference_", low: str = "low", high: str = "high",
    title: str = "Difference, points",
) -> list[Column]:  # fmt: skip
    """A difference with its interval, the simultaneous interval, and both p values."""
    columns = zip(*(table[name] for name in ("difference", prefix + low, prefix + high)), strict=True)
    difference = {"title": title, "kind": "points", "values": [list(map(hundredths, row)) for row in columns]}
    joint = _interval(table, "simultaneous_low", "simultaneous_high", "All together")
    return [difference, joint, _column(table, "p", "p", "p"), _column(table, "p_max_t", "p, max-T", "p")]


def _interval(table: pd.DataFrame, low: str, high: str, title: str) -> Column:
    ends = zip(table[low], table[high], strict=True)
    return {"title": title, "kind": "between", "values": [list(map(hundredths, pair)) for pair in ends]}


def _beside(table: pd.DataFrame) -> list[Column]:
    """What varies besides the factors: figures of modalities, and the basis of the numbers."""
    columns = []
    for name in table:
        if name.removesuffix("_of_report") in BASIS and (name in BASIS or name.endswith("_of_report")):
            columns.append(_column(table, name, name.replace("_", " "), "text"))
        elif name.endswith(("_accuracy", "_unweighted_average_recall")):
            columns.append(_column(table, name, name.replace("_", " ").capitalize(), "share"))
    return columns
