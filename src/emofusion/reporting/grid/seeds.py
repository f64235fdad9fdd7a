"""The tables of a report over seeds: rules and modalities, and emotions, with mean, deviation and interval."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from emofusion.emotions import RESERVED
from emofusion.evaluation.grid.measures import ACCURACY, RECALL
from emofusion.evaluation.grid.seeds import COLUMNS, GAP, Evaluated, seed_table
from emofusion.evaluation.grid.settings import Setting
from emofusion.reporting.grid.cells import Grid, GridCell, read_rules
from emofusion.reporting.grid.page_tables import column, levels_of, table_of, together
from emofusion.reporting.headline import CHOSEN
from emofusion.reporting.known import is_share, metric_label, metric_names, metrics
from emofusion.reporting.numbers import or_none
from emofusion.reporting.rules import sorted_by_name

_PEOPLE = {"all": "everyone", "male": "men", "female": "women", GAP: "men - women"}
_ALL, _UAR = RESERVED
MODALITY = "modality"


def seeds_over_settings(grid: Grid, settings: list[Setting], order: list[int]) -> pd.DataFrame:
    """The figures of every rule and modality over seeds; without rows where no setting has several seeds.

    Columns: the levels that vary, label and kind of the rule or modality (as in the reports' `rules.csv`), configured
    (whether it is the setting's configured rule), and those of `evaluation.grid.seeds.seed_table` but for `setting`.
    Modalities come first, then the configured rule, and the others by label, as in the reports; never by a figure.

    Args:
        grid: the grid.
        settings: of the grid, in the order of `seed_table`.
        order: the positions of the settings that have rows, in the order that the rows have.

    Raises:
        EmofusionError: a report is not complete.
    """
    cells = {cell.name: cell for cell in grid.cells}
    if not all(cell.evaluations for cell in grid.cells) or all(len(setting.cells) < 2 for setting in settings):
        return pd.DataFrame(columns=["label", "kind", "configured", *COLUMNS[1:]])
    evaluated = {
        cell.name: Evaluated(cell.evaluations, cell.settings.classes, tuple(metrics(cell.settings.metrics)))
        for cell in grid.cells
    }
    table = seed_table(settings, evaluated, grid.evaluation.confidence)
    parts = []
    groups = dict(iter(table.groupby("setting")))
    for number, rows in ((number, groups[number]) for number in order if number in groups):
        of_setting = [cells[name] for name in settings[number].cells.values()]
        first, several = of_setting[0], [read_rules(cell) for cell in of_setting]
        about, levels = several[0], settings[number].levels
        names = [name for name in about if name in set(rows["system"])]
        shown = pd.DataFrame({"rule": names, "label": [_label(name, several) for name in names]})
        shown["kind"] = [about[name]["kind"] for name in names]
        shown = sorted_by_name(shown, first.rule).set_index("rule")
        named = pd.concat([rows[rows["system"] == name] for name in shown.index]).drop(columns="setting")
        named.insert(0, "label", named["system"].map(shown["label"]))
        named.insert(1, "kind", named["system"].map(shown["kind"]))
        named.insert(2, "configured", named["system"] == first.rule)
        for at, (name, level) in enumerate(levels.items()):
            named.insert(at, name, level)
        parts.append(named)
    return pd.concat(parts, ignore_index=True) if parts else table.drop(columns="setting")


def of_levels(table: pd.DataFrame, levels: Mapping[str, str]) -> pd.DataFrame:
    """The rows of one setting. table: of `seeds_over_settings`. levels: of the setting."""
    if table.empty:  # it has no columns of levels
        return table
    for name, level in levels.items():
        table = table[table[name] == level]
    return table


def chosen_over_seeds(table: pd.DataFrame, levels: Mapping[str, str]) -> dict[str, Any] | None:
    """The accuracy of the rule that other folds have chosen, over the seeds of a setting; None where there is none.

    Args:
        table: of `seeds_over_settings`.
        levels: of the setting.

    Returns:
        label, mean, deviation, and interval (both ends; None where one is missing).
    """
    found = of_levels(table, levels)
    found = found[(found["system"] == CHOSEN) & (found["gender"] == "all") & (found["emotion"] == _ALL)]
    found = found[found["metric"] == ACCURACY]
    if found.empty:
        return None
    row = found.iloc[0]
    interval = [or_none(row["low"]), or_none(row["high"])]
    return {"label": row["label"], **{n: or_none(row[n]) for n in ("mean", "deviation")}, "interval": interval}


def chosen_of_cell(cell: GridCell) -> dict[str, Any] | None:
    """`chosen_over_seeds` for a setting with one seed: from the report of its cell, with the interval over actors."""
    row = read_rules(cell).get(CHOSEN)
    if row is None:
        return None
    mean, *interval = (
        float(row[name]) if row[name] else None for name in ("accuracy", "accuracy_low", "accuracy_high")
    )
    return {"label": row["label"], "mean": mean, "deviation": None, "interval": interval}


def _label(rule: str, several: Sequence[Mapping[str, Mapping[str, str]]]) -> str:
    """The label of a rule; without what it has chosen, which follows a colon, where seeds chose differently."""
    labels = {rows[rule]["label"] for rows in several if rule in rows}
    first = several[0][rule]["label"]
    return first if len(labels) == 1 else first.partition(":")[0]


def rules_over_seeds(table: pd.DataFrame, questions: list[str], level: str) -> dict[str, Any]:
    """The page's table of rules and modalities. table: of `seeds_over_settings`. level: of the intervals."""
    keys = [*questions, "system", "label", "kind", "seeds"]
    of = table[table["gender"] == "all"]
    parts = {name: rows for name, rows in of[of["emotion"] != _UAR].groupby("metric") if name != ACCURACY}
    others = metric_names(map(str, parts))
    parts |= {RECALL: of[of["metric"] == RECALL], "gap": table[(table["gender"] == GAP) & (table["emotion"] == _ALL)]}
    shown = of[(of["emotion"] == _ALL) & (of["metric"] == ACCURACY)]
    for name, rows in parts.items():
        shown = shown.merge(rows, on=keys, how="left", suffixes=("", f"_{name}"))
    columns = [
        *levels_of(shown, questions),
        column(shown, "label", "Rule or modality", "text"),
        column(shown, "kind", "Kind", "text"),
        _with_interval(shown, "Accuracy, mean", "shares"),
        column(shown, "deviation", "SD, points", "deviation"),
        column(shown, "least", "Lowest", "share"),
        column(shown, "most", "Highest", "share"),
        _with_interval(shown, "Average recall, mean", "shares", f"_{RECALL}"),
        column(shown, f"deviation_{RECALL}", "SD, points", "deviation"),
        _with_interval(shown, "Gender gap, mean", "points", "_gap"),
        column(shown, "deviation_gap", "SD, points", "deviation"),
        *(one for name in others for one in _metric(shown, name)),
        *[column(shown, name, name.capitalize(), "count") for name in ("seeds", "clips", "actors")],
    ]
    caption = f"Rules and modalities over seeds, with {level} intervals over seeds and actors"
    return table_of("seed_rules", caption, columns)


def emotions_over_seeds(table: pd.DataFrame, questions: list[str], level: str) -> dict[str, Any]:
    """The page's table by emotion and gender, of the modalities and the configured rules. Arguments as above."""
    shown = table[(table["kind"] == MODALITY) | table["configured"]]
    shown = shown[shown["metric"].isin([ACCURACY, RECALL])]
    shown = shown.assign(people=shown["gender"].map(_PEOPLE))
    columns = [
        *levels_of(shown, questions),
        column(shown, "label", "Rule or modality", "text"),
        column(shown, "people", "Of", "text"),
        column(shown, "emotion", "Emotion", "text"),
        _with_interval(shown, "Accuracy, mean", "shares"),
        column(shown, "deviation", "SD, points", "deviation"),
        column(shown, "least", "Lowest", "share"),
        column(shown, "most", "Highest", "share"),
        *[column(shown, name, name.capitalize(), "count") for name in ("seeds", "clips", "actors")],
    ]
    return table_of("seed_emotions", f"By emotion and gender over seeds, with {level} intervals", columns)


def _with_interval(table: pd.DataFrame, title: str, kind: str, suffix: str = "") -> dict[str, Any]:
    return together(table, [name + suffix for name in ("mean", "low", "high")], title, kind)


def _metric(table: pd.DataFrame, name: str) -> list[dict[str, Any]]:
    """The columns of a metric: mean with its interval, deviation, lowest and highest. Shares are in percent."""
    spread, one, of = ("shares", "share", ", points") if is_share(name) else ("losses", "loss", "")
    return [
        _with_interval(table, f"{metric_label(name)}, mean", spread, f"_{name}"),
        column(table, f"deviation_{name}", f"SD{of}", "deviation" if is_share(name) else "loss"),
        column(table, f"least_{name}", "Lowest", one),
        column(table, f"most_{name}", "Highest", one),
    ]
