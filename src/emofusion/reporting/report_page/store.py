"""What the page's script needs to redraw at any setting: whole numbers in arrays, each held once.

Shares are hundredths of a percent (see `numbers.hundredths`). A *system* is a rule or a modality: a swept one has a
value for each setting of the grid, any other just one.
"""

import pandas as pd

from emofusion.emotions import in_order
from emofusion.errors import EmofusionError
from emofusion.reporting.report_page.annotated import marked_settings
from emofusion.reporting.report_page.grid import choose_grid, placed, weight_columns
from emofusion.reporting.report_page.numbers import hundredths, level
from emofusion.reporting.wording import FUSION

SWEPT = {"linear": "Linear (weighted mean)", "product": "Product (weighted geometric mean)"}
GENDERS = ("all", "male", "female")


def build_store(tables: dict[str, pd.DataFrame], settings: dict) -> dict:
    """Everything that `page.js` reads: grid, subsets, systems, marks, published values."""
    sweep, marks = tables.get("sweep", pd.DataFrame()), tables.get("marks", pd.DataFrame())
    weights = weight_columns(settings["modalities"])
    grid, step = choose_grid(sweep, marks, weights) if len(sweep) else (pd.DataFrame(), 1)
    settings_swept = len(sweep[weights].drop_duplicates()) if len(sweep) else 0
    sweep = placed(sweep, grid) if len(sweep) else sweep
    tested = sweep[sweep["split"] == "test"] if len(sweep) else sweep
    fixed = tables["subsets"]
    emotions = ["all", *_classes(tables, settings)]
    subsets = [(gender, emotion) for gender in GENDERS for emotion in emotions]
    found = {
        name: placed(tables[name], grid)
        for name in ("sweep_gaps", "sweep_confusion")
        if len(sweep) and len(tables.get(name, ()))
    }
    systems = []
    for rule in tested["rule"].unique() if len(sweep) else ():
        part = tested[tested["rule"] == rule]
        system = _system(part, subsets, len(grid)) | {"rule": rule, "label": SWEPT.get(rule, rule), "sweeps": True}
        system["gaps"] = _gaps(found.get("sweep_gaps"), rule, emotions, len(grid))
        system["confusion"] = _confusion(found.get("sweep_confusion"), rule, emotions[1:], len(grid))
        rows = sweep.query("rule == @rule and split == 'validation' and gender == 'all' and emotion == 'all'")
        if len(rows):
            system["validation"] = {
                "clips": int(rows["clips"].iloc[0]),
                "accuracy": _column(rows, "accuracy", len(grid)),
            }
        systems.append(system)
    labels = tables["rules"].set_index("rule")["label"]
    swept = {system["rule"] for system in systems}
    for rule in [rule for rule in fixed["rule"].unique() if rule not in swept]:
        part = fixed[fixed["rule"] == rule].assign(at=0)
        system = _system(part, subsets, 1) | {"rule": rule, "label": labels.get(rule, rule), "sweeps": False}
        system["gaps"] = _gaps(_at_0(tables.get("gender")), rule, emotions, 1)
        counted = tables.get("confusion")
        counted = None if counted is None else counted[counted["gender"] == "all"]
        system["confusion"] = _confusion(_at_0(counted), rule, emotions[1:], 1)
        systems.append(system)
    shown = {system["rule"] for system in systems}
    for system in systems:
        system["published"] = system["rule"] if system["rule"] in settings["modalities"] else FUSION
    return {
        "modalities": settings["modalities"],
        "level": level(settings["confidence"]),
        "grid": grid.to_numpy().tolist(),
        "step": step,
        "settings": settings_swept,
        "emotions": emotions,
        "subsets": subsets,
        "systems": systems,
        "marks": marked_settings(marks, grid, systems),
        "published": published_values(settings["published"]),
        # the configured rule may be no pool, and then has no weights of the slider
        "start": {
            "rule": settings["fusion"]["rule"] if settings["fusion"]["rule"] in shown else systems[0]["rule"],
            "weights": [settings["fusion"]["weights"].get(name, 0) for name in settings["modalities"]],
        },
    }


def _classes(tables: dict[str, pd.DataFrame], settings: dict) -> list[str]:
    """Every emotion that was acted or recognised, or that is configured; a class may be known to posteriors alone."""
    found = {*tables["subsets"]["emotion"], *settings["classes"]}
    for name in ("confusion", "sweep_confusion"):
        if len(tables.get(name, ())):
            found |= {*tables[name]["emotion"], *tables[name]["predicted"]}
    return in_order(found - {"all"})


def published_values(published: dict | None) -> dict:
    """Column (modality or `fusion`) → `all`, `male`, `female` or `gap` → emotion → hundredths of a percent."""
    found: dict[str, dict] = {}
    parts = {"all": (published or {}).get("table1", {}), **(published or {}).get("table2", {})}
    for gender, rows in parts.items():
        for emotion, columns in rows.items():
            for column, value in columns.items():
                found.setdefault(column, {}).setdefault(gender, {})[emotion] = hundredths(value / 100)
    for column in found.values():
        men, women = column.get("male", {}), column.get("female", {})
        column["gap"] = {emotion: men[emotion] - women[emotion] for emotion in men if emotion in women}
    return found


def _at_0(table: pd.DataFrame | None) -> pd.DataFrame | None:
    return None if table is None or table.empty else table.assign(at=0)


def _column(rows: pd.DataFrame, name: str, size: int) -> list[int | None]:
    """A share at each setting; None where there is no row."""
    found: list[int | None] = [None] * size
    for at, value in zip(rows["at"], rows[name], strict=True):
        found[at] = hundredths(value)
    return found


def _system(part: pd.DataFrame, subsets: list[tuple[str, str]], size: int) -> dict:
    groups = dict(list(part.groupby(["gender", "emotion"])))
    system: dict[str, list] = {name: [] for name in ("clips", "actors", "correct", "accuracy", "low", "high")}
    for subset in subsets:
        rows = groups.get(subset, part[:0])
        if len(rows) and (rows["clips"] != rows["clips"].iloc[0]).any():
            raise EmofusionError(f"the sweep rests on different clips at different weights, of {subset}; sweep again.")
        for name in ("clips", "actors"):
            system[name].append(int(rows[name].iloc[0]) if len(rows) else 0)
        correct = dict(zip(rows["at"], rows["correct"], strict=True))
        system["correct"].append([int(correct[at]) if at in correct else None for at in range(size)])
        for name in ("accuracy", "low", "high"):
            system[name].append(_column(rows, name, size))
    return system


def _gaps(table: pd.DataFrame | None, rule: str, emotions: list[str], size: int) -> dict | None:
    if table is None or not (table["rule"] == rule).any():
        return None
    rows = [table[(table["rule"] == rule) & (table["emotion"] == emotion)] for emotion in emotions]
    return {name: [_column(part, name, size) for part in rows] for name in ("gap", "low", "high")}


def _confusion(table: pd.DataFrame | None, rule: str, emotions: list[str], size: int) -> list[list[int]] | None:
    """For each setting the counts, a row after the other: emotion by predicted emotion."""
    if table is None or not (table["rule"] == rule).any():
        return None
    part = table[table["rule"] == rule]
    counts = part.pivot_table(index="at", columns=["emotion", "predicted"], values="clips", aggfunc="sum", fill_value=0)
    columns = pd.MultiIndex.from_product([emotions, emotions])
    return counts.reindex(index=range(size), columns=columns, fill_value=0).astype(int).to_numpy().tolist()
