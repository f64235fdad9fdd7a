"""The tables of a report over seeds: rules and modalities, and emotions, with mean, deviation and interval."""

import csv
from collections.abc import Mapping
from typing import Any

import pandas as pd

from emofusion.emotions import RESERVED
from emofusion.errors import EmofusionError
from emofusion.evaluation.grid.seeds import COLUMNS, GAP, seed_table
from emofusion.evaluation.grid.settings import Setting
from emofusion.reporting.grid.cells import Grid, GridCell
from emofusion.reporting.grid.page_tables import column, levels_of, table_of, together
from emofusion.reporting.headline import CHOSEN
from emofusion.reporting.numbers import or_none

_PEOPLE = {"all": "everyone", "male": "men", "female": "women", GAP: "men - women"}
_ALL, _UAR = RESERVED
MODALITY = "modality"


def seeds_over_settings(grid: Grid, settings: list[Setting], order: list[int]) -> pd.DataFrame:
    """The figures of every rule and modality over seeds; without rows where no setting has several seeds.

    Columns: the levels that vary, label and kind of the rule or modality (as in the reports' `rules.csv`), configured
    (whether it is the setting's configured rule), and those of `evaluation.grid.seeds.seed_table` but for `setting`.

    settings: of the grid, in the order of `seed_table`. order: their positions, in the order that the rows have. Raises
    `EmofusionError` where a report is not complete.
    """
    cells = {cell.name: cell for cell in grid.cells}
    if not all(cell.actors for cell in grid.cells) or all(len(setting.cells) < 2 for setting in settings):
        return pd.DataFrame(columns=["label", "kind", "configured", *COLUMNS[1:]])
    files = {cell.name: cell.actors for cell in grid.cells}
    table = seed_table(settings, files, grid.classes, grid.evaluation.confidence)
    parts = []
    groups = dict(iter(table.groupby("setting")))
    for number, rows in ((number, groups[number]) for number in order if number in groups):
        of_setting = [cells[name] for name in settings[number].cells.values()]
        first, several = of_setting[0], [_rules(cell) for cell in of_setting]
        about, levels = several[0], settings[number].levels
        named = rows.drop(columns="setting").assign(configured=rows["system"] == first.rule)
        named.insert(0, "label", rows["system"].map({name: _label(name, several) for name in about}))
        named.insert(1, "kind", rows["system"].map({name: row["kind"] for name, row in about.items()}))
        named.insert(2, "configured", named.pop("configured"))
        for at, (name, level) in enumerate(levels.items()):
            named.insert(at, name, level)
        # modalities first; rules by name, which says nothing about the test clips
        place = named["kind"].ne(MODALITY) * 1
        parts.append(named.assign(place=place).sort_values(["place", "system"], kind="stable").drop(columns="place"))
    return pd.concat(parts, ignore_index=True) if parts else table.drop(columns="setting")


def chosen_over_seeds(table: pd.DataFrame, levels: Mapping[str, str]) -> dict[str, Any] | None:
    """The accuracy of the rule that other folds have chosen, over the seeds of a setting; None where there is none.

    Args:
        table: of `seeds_over_settings`.
        levels: of the setting.

    Returns:
        label, mean, deviation, and interval (both ends; None where one is missing).
    """
    if table.empty:  # it has no columns of levels
        return None
    found = table[(table["system"] == CHOSEN) & (table["gender"] == "all") & (table["emotion"] == _ALL)]
    for name, level in levels.items():
        found = found[found[name] == level]
    if found.empty:
        return None
    row = found.iloc[0]
    interval = [or_none(row["low"]), or_none(row["high"])]
    return {"label": row["label"], **{n: or_none(row[n]) for n in ("mean", "deviation")}, "interval": interval}


def _label(rule: str, several: list[Mapping[str, Mapping[str, str]]]) -> str:
    """The label of a rule; without what it has chosen, which follows a colon, where seeds chose differently."""
    labels = {rows[rule]["label"] for rows in several if rule in rows}
    first = several[0][rule]["label"]
    return first if len(labels) == 1 else first.partition(":")[0]


def _rules(cell: GridCell) -> Mapping[str, Mapping[str, str]]:
    """Rule or modality → its row of the report's `rules.csv`."""
    path = cell.folder / "rules.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return {row["rule"]: row for row in csv.DictReader(file)}
    except (OSError, ValueError, KeyError) as error:
        raise EmofusionError(
            f"{path} is not complete ({error!r}); delete {cell.folder.parent} and run again"
        ) from error


def rules_over_seeds(table: pd.DataFrame, questions: list[str], level: str) -> dict[str, Any]:
    """The page's table of rules and modalities. table: of `seeds_over_settings`. level: of the intervals."""
    keys = [*questions, "system", "label", "kind", "seeds"]
    of = table[table["gender"] == "all"]
    overall, average = of[of["emotion"] == _ALL], of[of["emotion"] == _UAR]
    gaps = table[(table["gender"] == GAP) & (table["emotion"] == _ALL)]
    shown = overall.merge(average, on=keys, suffixes=("", "_average")).merge(
        gaps, on=keys, how="left", suffixes=("", "_gap")
    )
    columns = [
        *levels_of(shown, questions),
        column(shown, "label", "Rule or modality", "text"),
        column(shown, "kind", "Kind", "text"),
        _with_interval(shown, "Accuracy, mean", "shares"),
        column(shown, "deviation", "SD, points", "deviation"),
        column(shown, "least", "Lowest", "share"),
        column(shown, "most", "Highest", "share"),
        _with_interval(shown, "Average recall, mean", "shares", "_average"),
        column(shown, "deviation_average", "SD, points", "deviation"),
        _with_interval(shown, "Gender gap, mean", "points", "_gap"),
        column(shown, "deviation_gap", "SD, points", "deviation"),
        *[column(shown, name, name.capitalize(), "count") for name in ("seeds", "clips", "actors")],
    ]
    caption = f"Rules and modalities over seeds, with {level} intervals over seeds and actors"
    return table_of("seed_rules", caption, columns)


def emotions_over_seeds(table: pd.DataFrame, questions: list[str], level: str) -> dict[str, Any]:
    """The page's table by emotion and gender, of the modalities and the configured rules. Arguments as above."""
    shown = table[(table["kind"] == MODALITY) | table["configured"]]
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
