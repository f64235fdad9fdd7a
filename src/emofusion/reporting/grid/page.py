"""The page of a grid: one HTML file that works without a network. It filters and sorts settings and cells."""

import base64
import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from emofusion.evaluation.grid.settings import levels_of
from emofusion.reporting.grid import page_tables
from emofusion.reporting.grid.cells import Grid
from emofusion.reporting.grid.curves import Curve
from emofusion.reporting.grid.facts import CAUTION, GridFacts
from emofusion.reporting.grid.figures import is_numeric
from emofusion.reporting.grid.files import PAPER
from emofusion.reporting.grid.matrix import wide
from emofusion.reporting.grid.paper import PaperTables, page_notes, page_table
from emofusion.reporting.grid.seeds import emotions_over_seeds, rules_over_seeds
from emofusion.reporting.grid.tables import GridTables
from emofusion.reporting.numbers import hundredths, level
from emofusion.reporting.wording import shared_style


def grid_page(
    grid: Grid,
    tables: GridTables,
    facts: GridFacts,
    curves: list[Curve],
    chosen: list[int | None],
    figures: dict[str, tuple[Path, str]],
    names: Sequence[str],
    across: pd.DataFrame,
    seeds: pd.DataFrame,
    paper: Sequence[PaperTables],
) -> str:
    """The page as HTML. The same input gives the same bytes.

    Args:
        grid: the grid.
        tables: its tables.
        facts: what the page states besides.
        curves, chosen: see `curves.weight_curves`.
        figures: name → the file (PNG) and its caption; the page contains them.
        names: of the files beside the page.
        across: the cross-corpus matrix, see `matrix.matrix`; it may have no rows.
        seeds: the figures over seeds, see `seeds.seeds_over_settings`; it may have no rows.
        paper: Tables 1 and 2 over seeds of each setting that has them; the page shows the baseline's.
    """
    shown = level(grid.evaluation.confidence)
    made = [
        page_tables.setting_table(tables, shown),
        page_tables.cell_table(tables, grid),
        page_tables.effect_table(tables, shown),
        page_tables.interaction_table(tables, shown),
        page_tables.comparison_table(tables, shown),
        page_tables.variance_table(tables),
    ]
    of_baseline = next((one for one in paper if one.is_baseline), None)
    if of_baseline is not None:
        made += [page_table(of_baseline, which) for which in PAPER.values()]
    if len(seeds):
        made += [build(seeds, tables.questions, shown) for build in (rules_over_seeds, emotions_over_seeds)]
    if len(across):
        made.append(page_tables.plain_table(wide(across), "matrix", f"Accuracy by tested corpus, {shown} intervals"))
    if grid.costs is not None:
        made.append(page_tables.plain_table(pd.read_csv(grid.costs), "costs", "What the stages cost"))
    store = {
        "tables": {table["id"]: table for table in made},
        "factors": _factors(grid, tables),
        "level": shown,
        **_curves(grid, tables, curves, chosen),
    }
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_text("grid.html.j2")).render(
        grid=grid,
        facts=facts,
        caution=CAUTION,
        one_setting=not tables.questions,
        paper_notes={} if of_baseline is None else page_notes(of_baseline),
        paper_of_others=sum(not one.is_baseline for one in paper),
        files=list(names),
        store=Markup(_json(store)),
        slid=store["slid"],
        tables={table["id"]: table for table in made},
        figures={name: (_picture(path), caption) for name, (path, caption) in figures.items()},
        style=Markup(shared_style() + _text("grid.css")),
        scripts=[Markup(_text(name)) for name in ("grid_tables.js", "grid_curves.js")],
    )


def _factors(grid: Grid, tables: GridTables) -> list[dict[str, Any]]:
    """The factors that the page filters by, with their levels in order."""
    cells = {cell.name: cell.factors for cell in grid.cells}
    return [
        {"name": name, "levels": levels_of(cells, name), "numeric": is_numeric(pd.Series(levels_of(cells, name)))}
        for name in [*tables.questions, *tables.repeats]
    ]


def _curves(grid: Grid, tables: GridTables, curves: list[Curve], chosen: list[int | None]) -> dict[str, Any]:
    """What the slider needs: distinct curves, and for the rows of the tables which curve and cells are theirs.

    The slider moves the weights of the modalities that most cells have. Cells with others keep their accuracy.
    """
    count: dict[tuple[str, ...], int] = {}
    for number in chosen:
        if number is not None:
            count[curves[number].modalities] = count.get(curves[number].modalities, 0) + 1
    slid = max(count, key=lambda names: count[names]) if count else ()
    kept = [number for number, curve in enumerate(curves) if curve.modalities == slid]
    # sweeps may have different steps: a curve names its grid of weights
    grids: dict[bytes, int] = {}
    shown: list[dict[str, Any]] = []
    weights: list[list[list[float]]] = []
    for number in kept:
        curve = curves[number]
        at = grids.setdefault(curve.weights.tobytes(), len(grids))
        if at == len(weights):
            weights.append([[round(float(w), 6) for w in row] for row in curve.weights])
        members = [cell.factors for cell, own in zip(grid.cells, chosen, strict=True) if own == number]
        label = _common(members, [*tables.questions, *tables.repeats]) or curve.pool
        shown.append({"grid": at, "label": label, "correct": curve.correct.tolist(), "clips": curve.clips})
    position = {number: at for at, number in enumerate(kept)}
    rows = [(grid.cells[cell], chosen[cell]) for cell in tables.cell_order]
    of_cell = [None if number is None else position.get(number) for _, number in rows]
    names = {cell: at for at, cell in enumerate(tables.cells["cell"])}
    baseline = names[grid.baseline]
    return {
        "slid": list(slid),
        "grids": weights,
        "curves": shown,
        "cellCurve": of_cell,
        # the configured weights of cells whose rule is swept, in the order of the modalities
        "cellWeights": [
            [round(cell.weights[name], 6) for name in slid]
            if number is not None and cell.rule == cell.pool and set(slid) == set(cell.weights)
            else None
            for cell, number in rows
        ],
        "settingCells": _of_settings(grid, tables, names),
        "baseline": baseline,
        "own": [hundredths(value) for value in tables.cells["accuracy"]],
    }


def _common(members: list[dict[str, str]], names: Sequence[str]) -> str:
    """The levels that all members have, of the factors that vary, and the number of members."""
    same = [f"{name}={members[0][name]}" for name in names if len({one[name] for one in members}) == 1]
    return ", ".join(same) + f" ({len(members)} {'cell' if len(members) == 1 else 'cells'})" if same else ""


def _of_settings(grid: Grid, tables: GridTables, names: dict[str, int]) -> list[list[int]]:
    """For each row of the table of settings, the rows of its cells."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for cell in grid.cells:
        groups.setdefault(tuple(cell.factors[name] for name in tables.questions), []).append(names[cell.name])
    levels = tables.settings[tables.questions].itertuples(index=False, name=None)
    return [sorted(groups[row]) for row in levels] if tables.questions else list(groups.values())


def _picture(path: Path) -> Markup:
    return Markup("data:image/png;base64," + base64.b64encode(path.read_bytes()).decode())


def _json(value: Any) -> str:
    """JSON without the character `<`, so that an HTML parser finds no tag in it."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def _text(name: str) -> str:
    """The content of a file in `assets`."""
    return files(__package__).joinpath("assets", name).read_text(encoding="utf-8")
