"""The data that the page's script needs to draw the charts at every setting. They are arrays of whole numbers.

Shares are hundredths of a percent (see `numbers.hundredths`). A *system* is a rule or a modality. A system with a sweep
has a value for each setting of the grid; other systems have one value.
"""

from typing import Any

import numpy as np
import pandas as pd

from emofusion.emotions import in_order
from emofusion.errors import EmofusionError
from emofusion.plan.settings import ReportSettings
from emofusion.reporting.numbers import hundredths, level
from emofusion.reporting.report_page.annotations import annotated_settings
from emofusion.reporting.report_page.grid import choose_grid, placed, weight_columns
from emofusion.reporting.wording import FUSION

SWEPT = {"linear": "Linear (weighted mean)", "product": "Product (weighted geometric mean)"}
GENDERS = ("all", "male", "female")


def build_store(tables: dict[str, pd.DataFrame], settings: ReportSettings) -> dict[str, Any]:
    """All data that `page.js` reads: grid, subsets, systems, annotations, published values.

    Args:
        tables: see `report_page.page`.
        settings: the settings of the report.

    Raises:
        EmofusionError: a sweep has different clips at different weights.
    """
    sweep, annotations = tables.get("sweep", pd.DataFrame()), tables.get("annotations", pd.DataFrame())
    weights = weight_columns(settings.modalities)
    grid, step = choose_grid(sweep, annotations, weights) if len(sweep) else (pd.DataFrame(), 1)
    settings_swept = len(sweep[weights].drop_duplicates()) if len(sweep) else 0
    sweep = placed(sweep, grid) if len(sweep) else sweep
    emotions = ["all", *_classes(tables, settings)]
    subsets = [(gender, emotion) for gender in GENDERS for emotion in emotions]
    on_grid = {
        name: placed(tables[name], grid)
        for name in ("sweep_gaps", "sweep_confusion")
        if len(sweep) and len(tables.get(name, ()))
    }
    systems = _swept_systems(sweep, on_grid, subsets, emotions, len(grid))
    systems += _other_systems(tables, {system["rule"] for system in systems}, subsets, emotions)
    rules = {system["rule"] for system in systems}
    for system in systems:
        system["published"] = system["rule"] if system["rule"] in settings.modalities else FUSION
    return {
        "modalities": settings.modalities,
        "level": level(settings.confidence),
        "grid": grid.to_numpy().tolist(),
        "step": step,
        "settings": settings_swept,
        "emotions": emotions,
        "subsets": subsets,
        "systems": systems,
        "annotations": annotated_settings(annotations, grid, systems),
        "published": published_values(settings.published),
        # the configured rule may have no sweep; the slider then starts at the configured weights
        "start": {
            "rule": settings.rule if settings.rule in rules else systems[0]["rule"],
            "weights": [settings.weights.get(name, 0) for name in settings.modalities],
        },
    }


def _swept_systems(
    sweep: pd.DataFrame,
    on_grid: dict[str, pd.DataFrame],
    subsets: list[tuple[str, str]],
    emotions: list[str],
    size: int,
) -> list[dict[str, Any]]:
    """The pools, at each of the `size` settings of the grid. on_grid: `sweep_gaps` and `sweep_confusion`, if any."""
    systems = []
    tested = sweep[sweep["split"] == "test"] if len(sweep) else sweep
    for rule in tested["rule"].unique() if len(sweep) else ():
        part = tested[tested["rule"] == rule]
        system = _system(part, subsets, size) | {"rule": rule, "label": SWEPT.get(rule, rule), "sweeps": True}
        system["gaps"] = _gaps(on_grid.get("sweep_gaps"), rule, emotions, size)
        system["confusion"] = _confusion(on_grid.get("sweep_confusion"), rule, emotions[1:], size)
        rows = sweep.query("rule == @rule and split == 'validation' and gender == 'all' and emotion == 'all'")
        if len(rows):
            system["validation"] = {
                "clips": int(rows["clips"].iloc[0]),
                "accuracy": _column(rows["at"].tolist(), rows["accuracy"].tolist(), size),
            }
        systems.append(system)
    return systems


def _other_systems(
    tables: dict[str, pd.DataFrame], swept: set[str], subsets: list[tuple[str, str]], emotions: list[str]
) -> list[dict[str, Any]]:
    """The modalities, and the rules without a sweep, each at its own setting."""
    systems = []
    labels, fixed = tables["rules"].set_index("rule")["label"], tables["subsets"]
    counted = tables.get("confusion")
    counted = _at_0(None if counted is None else counted[counted["gender"] == "all"])
    gaps = _at_0(tables.get("gender"))
    for rule in [rule for rule in fixed["rule"].unique() if rule not in swept]:
        part = fixed[fixed["rule"] == rule].assign(at=0)
        system = _system(part, subsets, 1) | {"rule": rule, "label": labels.get(rule, rule), "sweeps": False}
        system["gaps"] = _gaps(gaps, rule, emotions, 1)
        system["confusion"] = _confusion(counted, rule, emotions[1:], 1)
        systems.append(system)
    return systems


def _classes(tables: dict[str, pd.DataFrame], settings: ReportSettings) -> list[str]:
    """All emotions that occur, are predicted or are configured. Posteriors may have classes that are not configured."""
    classes = {*tables["subsets"]["emotion"], *settings.classes}
    for name in ("confusion", "sweep_confusion"):
        if len(tables.get(name, ())):
            classes |= {*tables[name]["emotion"], *tables[name]["predicted"]}
    return in_order(classes - {"all"}, settings.classes)


def published_values(published: dict[str, Any] | None) -> dict[str, dict[str, dict[str, int]]]:
    """Column (modality or `fusion`) → `all`, `male`, `female` or `gap` → emotion → hundredths of a percent."""
    values: dict[str, dict[str, dict[str, int]]] = {}
    tables = {"all": (published or {}).get("table1", {}), **(published or {}).get("table2", {})}
    for gender, rows in tables.items():
        for emotion, columns in rows.items():
            for column, value in columns.items():
                if value is not None and (rounded := hundredths(value / 100)) is not None:
                    values.setdefault(column, {}).setdefault(gender, {})[emotion] = rounded
    for of_column in values.values():
        men, women = of_column.get("male", {}), of_column.get("female", {})
        of_column["gap"] = {emotion: men[emotion] - women[emotion] for emotion in men if emotion in women}
    return values


def _at_0(table: pd.DataFrame | None) -> pd.DataFrame | None:
    """The table with the position 0 for every row, as in a grid of one setting; None where it has no rows."""
    return None if table is None or table.empty else table.assign(at=0)


def _column(positions: list[int], values: list[float], size: int) -> list[int | None]:
    """A share at each of `size` settings, in hundredths of a percent; None where there is no row."""
    column: list[int | None] = [None] * size
    for at, value in zip(positions, values, strict=True):
        column[at] = hundredths(value)
    return column


def _by_key(part: pd.DataFrame, key: list[str], names: list[str]) -> dict[Any, dict[str, list[Any]]]:
    """Key → column → its values. Thousands of small tables are cut here, so it does without pandas."""
    groups: dict[Any, dict[str, list[Any]]] = {}
    keys = zip(*[part[name].tolist() for name in key], strict=True)
    for values in zip(keys, *[part[name].tolist() for name in names], strict=True):
        group = groups.setdefault(values[0], {name: [] for name in names})
        for name, value in zip(names, values[1:], strict=True):
            group[name].append(value)
    return groups


def _system(part: pd.DataFrame, subsets: list[tuple[str, str]], size: int) -> dict[str, Any]:
    """Counts and accuracies of one system for each subset.

    Raises `EmofusionError` where the number of clips differs between settings.
    """
    names = ["at", "clips", "actors", "correct", "accuracy", "low", "high"]
    groups = _by_key(part, ["gender", "emotion"], names)
    none: dict[str, list[Any]] = {name: [] for name in names}
    system: dict[str, Any] = {name: [] for name in names[1:]}
    for subset in subsets:
        rows = groups.get(subset, none)
        if len(set(rows["clips"])) > 1:
            raise EmofusionError(
                f"the sweep has different numbers of clips at different weights for {subset}; delete "
                "results/rules and run the workflow again."
            )
        for name in ("clips", "actors"):
            system[name].append(int(rows[name][0]) if rows[name] else 0)
        correct = dict(zip(rows["at"], rows["correct"], strict=True))
        system["correct"].append([int(correct[at]) if at in correct else None for at in range(size)])
        for name in ("accuracy", "low", "high"):
            system[name].append(_column(rows["at"], rows[name], size))
    return system


def _gaps(
    table: pd.DataFrame | None, rule: str, emotions: list[str], size: int
) -> dict[str, list[list[int | None]]] | None:
    """The gender gap and its interval, for each emotion and setting; None where the table does not have the rule."""
    if table is None or not (of_rule := table["rule"] == rule).any():
        return None
    names = ["at", "gap", "low", "high"]
    groups = _by_key(table[of_rule], ["emotion"], names)
    rows = [groups.get((emotion,), {name: [] for name in names}) for emotion in emotions]
    return {name: [_column(part["at"], part[name], size) for part in rows] for name in names[1:]}


def _confusion(table: pd.DataFrame | None, rule: str, emotions: list[str], size: int) -> list[list[int]] | None:
    """The confusion matrix of each setting as one list, row after row; None where the table does not have the rule."""
    if table is None or not (of_rule := table["rule"] == rule).any():
        return None
    part, order = table[of_rule], pd.Index(emotions)
    rows, columns = order.get_indexer(part["emotion"]), order.get_indexer(part["predicted"])
    shown = (rows >= 0) & (columns >= 0)
    counts = np.zeros((size, len(emotions), len(emotions)), dtype=np.int64)
    np.add.at(counts, (part["at"].to_numpy()[shown], rows[shown], columns[shown]), part["clips"].to_numpy()[shown])
    ordered: list[list[int]] = counts.reshape(size, -1).tolist()
    return ordered
