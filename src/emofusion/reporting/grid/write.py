"""Write the summary of a grid: its tables, figures, page, and the facts that the end of a run shows."""

import json
from pathlib import Path

from matplotlib.figure import Figure

from emofusion.evaluation.grid.means import DIFFERENT
from emofusion.evaluation.grid.measures import ACCURACY
from emofusion.evaluation.grid.summarise import summarise
from emofusion.reporting import figures as shared
from emofusion.reporting.grid.cells import Grid, read_report
from emofusion.reporting.grid.curve_figure import curves_figure
from emofusion.reporting.grid.curves import weight_curves
from emofusion.reporting.grid.facts import baseline_in_words, grid_facts
from emofusion.reporting.grid.figures import Foot, effects_figure, interactions_figure
from emofusion.reporting.grid.files import FACTS, FILES, LEVELS, MATRIX, PAGE, PAPER, SEEDS, TABLES
from emofusion.reporting.grid.level_figure import level_factors, level_figure, of_fusion
from emofusion.reporting.grid.matrix import matrix
from emofusion.reporting.grid.page import grid_page
from emofusion.reporting.grid.paper import as_markdown, as_one_table, paper_tables
from emofusion.reporting.grid.seeds import chosen_of_cell, chosen_over_seeds, seeds_over_settings
from emofusion.reporting.grid.tables import grid_tables
from emofusion.reporting.numbers import level, or_none
from emofusion.reporting.wording import weights_in_words


def write_grid(out: Path, grid: Grid) -> None:
    """Write the summary of a grid. The same input gives the same bytes.

    Files: `files.FILES`; `files.LEVELS` where levels of a factor are numbers (see `level_figure`); `files.SEEDS` and
    the tables `files.PAPER` where a setting has several seeds (see `seeds.seeds_over_settings` and `paper`); and
    `files.MATRIX` where cells report the group corpus (see `matrix.matrix`). Shares and differences in tables are
    fractions. The baseline stands first in the tables, and the other settings follow in the order of the command; see
    `tables.grid_tables`.

    Args:
        out: the folder to write; it is made if it does not exist.
        grid: the grid.

    Raises:
        EmofusionError: a report or a table is missing or damaged; the baseline is no cell; or two cells have the same
            levels. See also `summarise` and `grid_tables`.
    """
    cells = {cell.name: cell.factors for cell in grid.cells}
    reports = [read_report(cell) for cell in grid.cells]
    fused = {cell.name: cell.fused for cell in grid.cells}
    found = summarise(cells, fused, grid.baseline, grid.replicates, grid.evaluation)
    tables = grid_tables(grid, found, reports)
    curves, chosen = weight_curves(grid.cells)
    facts = grid_facts(grid, found, tables, reports)
    out.mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        getattr(tables, name).to_csv(out / f"{name}.csv", index=False)

    shown = level(grid.evaluation.confidence)
    protocol = str(tables.constant.get("protocol", "several; see the tables"))
    foot = Foot(grid.name, facts.facts["Test clips"], protocol, tuple(facts.warnings))
    with shared.style():
        accuracies = found.cells[ACCURACY].tolist()
        drawn: dict[str, tuple[Figure, str]] = {
            "effects": (
                effects_figure(found.effects, grid.evaluation.confidence, foot),
                "Difference of the accuracy from the baseline's level, averaged over the pairs of settings that differ "
                f"in this factor alone. {shown} intervals over actors: for a row alone, and for all rows (max-T).",
            ),
            "interactions": (
                interactions_figure(tables.interactions, foot),
                "Mean accuracy by two factors. Lines that are not parallel show an interaction.",
            ),
            "curves": (
                curves_figure(grid.cells, curves, chosen, accuracies, [*tables.questions, *tables.repeats], foot),
                "Accuracy on test clips against the weight. Equal curves are drawn once. The best weight on test clips "
                "is no result.",
            ),
        }
        if level_factors(tables.settings, tables.questions):
            drawn["levels"] = (
                level_figure(tables.settings, tables.questions, grid.evaluation.confidence, foot, tables.constant),
                f"Accuracy on test clips against a factor whose levels are numbers, with {shown} intervals"
                f"{of_fusion(tables.settings, tables.constant)}. The other factors have the baseline's levels.",
            )
        for name, (figure, _) in drawn.items():
            shared.save(figure, out / f"{name}.png")
    # the workflow expects these files of every grid; on the page, a sentence stands in place of those without data
    empty = {"effects": found.effects.empty, "interactions": tables.interactions.empty, "curves": not curves}
    shown_here = {name: caption for name, (_, caption) in drawn.items() if not empty.get(name)}
    pictures = {name: (out / f"{name}.png", caption) for name, caption in shown_here.items()}
    left_out = {f"{name}.png" for name in drawn if name not in pictures}
    beside = [name for name in FILES if name not in (PAGE, FACTS, *left_out)]
    beside += [LEVELS] if "levels" in drawn else []
    on_same_clips = [number for number in tables.order if found.means["interval_over"][number] != DIFFERENT]
    seeds = seeds_over_settings(grid, found.settings, on_same_clips)
    paper = paper_tables(grid, found, on_same_clips, seeds, reports)
    if len(seeds):
        seeds.to_csv(out / SEEDS, index=False)
        beside.append(SEEDS)
    for name, which in PAPER.items() if paper else ():
        as_one_table(paper, which).to_csv(out / f"{name}.csv", index=False)
        (out / f"{name}.md").write_text(as_markdown(paper, which, found), encoding="utf-8")
        beside += [f"{name}.csv", f"{name}.md"]
    across = matrix(grid)
    if len(across):
        across.to_csv(out / MATRIX, index=False)
        beside.append(MATRIX)
    (out / PAGE).write_text(
        grid_page(grid, tables, facts, curves, chosen, pictures, beside, across, seeds, paper), encoding="utf-8"
    )
    baseline = next(cell for cell in grid.cells if cell.name == grid.baseline)
    setting = found.settings[found.baseline]
    on_other_folds = chosen_over_seeds(seeds, setting.levels) if len(setting.cells) > 1 else chosen_of_cell(baseline)
    about = {
        "name": grid.name,
        "baseline": baseline_in_words(found),
        "baseline_chosen": grid.baseline_chosen,
        "baseline_accuracy": float(found.means[ACCURACY][found.baseline]),
        "baseline_seeds": int(found.means["seeds"][found.baseline]),
        "baseline_deviation": or_none(found.means[f"{ACCURACY}_sd"][found.baseline]),
        "baseline_interval": [or_none(found.means[f"{ACCURACY}_{end}"][found.baseline]) for end in ("low", "high")],
        "baseline_rule": weights_in_words(baseline.rule, baseline.weights),
        "baseline_on_other_folds": on_other_folds,
        "settings": len(found.settings),
        "cells": len(grid.cells),
        "compared": facts.compared,
        "better": facts.better,
        "worse": facts.worse,
        "confidence": grid.evaluation.confidence,
        "warnings": facts.warnings,
        "notes": facts.notes,
    }
    (out / FACTS).write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
