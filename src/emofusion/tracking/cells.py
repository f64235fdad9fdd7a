"""Track a cell: one run with what varies and what else is set as parameters, and the main figures as metrics."""

import csv
import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

from emofusion.plan.costs import costs_of
from emofusion.plan.plan_file import PlanFile, PlannedCell
from emofusion.plan.stage import short_hash
from emofusion.reporting.headline import CHOSEN
from emofusion.tracking.run import flat, open_run
from emofusion.tracking.settings import Tracking

TRACKED = ("model", "predictions", "posteriors", "ensemble")  # the kinds of stages that have runs of their own
ARTIFACTS = ("summary.md", "rules.csv", "table1.csv", "table2.csv", "gender.csv")
# Sections and settings that no figure depends on, or that are constants: not among the parameters of a cell's run.
NOT_SECTIONS = (
    *("published", "tracking", "registration", "report", "plugins", "accept_other_versions", "experiment", "data"),
)
NOT_SETTINGS = re.compile(
    r"corpora\.[^.]+\.(download|known_files|media|repository|root|zenodo)(\..*)?"
    r"|protocol\.description"
    r"|[^.]+\.network\.source"  # where weights are downloaded from
)
# The rules that a report compares are beside the configured one, except where it chooses among them.
COMPARED = "fusion.compare"
EMPTY = ("", "null", "[]", "{}")


def track_cell(plan: PlanFile, place: str, results: Path, tracking: dict[str, Any]) -> None:
    """Track a cell of a plan whose report is made.

    One run, also when the cell is published again: the key of the run is made of the place and the parameters.

    Args:
        plan: the plan.
        place: the cell's folder, relative to `results/reports`.
        results: the folder of the results.
        tracking: field of `Tracking` → value.

    Raises:
        EmofusionError: the journal of the run cannot be made.
    """
    if not tracking["enabled"]:
        return
    cell = plan.cells[place]
    report = plan.stage(cell.report)
    settings, folder = plan.settings(cell.report), results / "reports" / place
    params = cell_params(plan, cell)
    stages: dict[str, list[str]] = defaultdict(list)
    corpora = set()
    for name in plan.stages_of(place):
        kind, _, key = name.partition("/")
        stages[kind].append(key)
        if kind == "corpus":
            corpora.add(plan.settings(name).name)
    experiment = plan.facts["experiment"]
    grid = plan.folder if plan.is_grid else None
    tags = {
        "emofusion.report": report.key,
        "emofusion.experiment": experiment,
        "emofusion.place": place,
        "emofusion.protocol": settings.protocol,
        "emofusion.leaks_speakers": str(settings.leaks_speakers).lower(),
        "emofusion.corpora": " ".join(sorted(corpora)),
        **({"emofusion.grid": grid} if grid else {}),
        **{f"emofusion.stages.{kind}": " ".join(keys) for kind, keys in stages.items()},
    }
    key = f"cell-{short_hash(json.dumps([place, params], sort_keys=True))}"
    runs = {kind: stages[kind] for kind in TRACKED if kind in stages}
    name = place.rpartition("/")[2]
    with open_run("cell", key, params, Tracking(**tracking), {}, name=name, tags=tags, grid=grid, stages=runs) as run:
        run.log_metrics(figures(folder / "rules.csv", settings.rule, settings.modalities, settings.metrics))
        costs = costs_of(plan, [place], results)
        run.log_metrics(
            {"cost.seconds": costs.seconds, "cost.cpu_seconds": costs.cpu_seconds, "cost.peak_mib": costs.peak_mib}
        )
        # the page of a cell of a grid needs a file beside it
        for name in ARTIFACTS if plan.is_grid else ("report.html", *ARTIFACTS):
            if (folder / name).is_file():
                run.log_artifact(folder / name, replaced=True)


def cell_params(plan: PlanFile, cell: PlannedCell) -> dict[str, str]:
    """The parameters of a cell's run: name of a setting → value as text.

    These are the factors of the grid, and all other settings that a figure can depend on. Settings without a value
    are left out.
    """
    settings = plan.cell_settings(cell.place)
    report = plan.settings(cell.report)
    params = {
        name: value
        for name, value in flat({name: value for name, value in settings.items() if name not in NOT_SECTIONS})
        if value not in EMPTY and not NOT_SETTINGS.fullmatch(name) and (name != COMPARED or report.rule == CHOSEN)
    }
    others = [name for name in params if name.startswith("fusion.options.") and name.split(".")[2] != report.rule]
    params = {name: value for name, value in params.items() if name not in others}
    params |= dict(flat({"fusion": {"weights": report.weights}}))
    return {name: value for name, value in flat(cell.factors) if value not in EMPTY} | params


def figures(rules: Path, rule: str, modalities: list[str], metrics: list[str]) -> dict[str, float]:
    """The metrics of a cell's run, from a report's `rules.csv`.

    Figures of the configured rule have the metric's own name, those of a modality its name before it, as in
    `speech.accuracy`. The ends of an interval end in `_low` and `_high`; a modality has them for its accuracy only.

    Args:
        rules: the file.
        rule: the configured rule.
        modalities: the modalities.
        metrics: the metrics besides accuracy.
    """
    with rules.open(encoding="utf-8", newline="") as file:
        rows = {row["rule"]: row for row in csv.DictReader(file)}
    names = [*dict.fromkeys(["accuracy", *metrics]), "gender_gap"]
    of_rule = [*(name + end for name in names for end in ("", "_low", "_high")), "gender_gap_p", "clips", "actors"]
    of_modality = [*names, "accuracy_low", "accuracy_high"]
    wanted = {name: (rule, name) for name in of_rule}
    wanted |= {f"{modality}.{name}": (modality, name) for modality in modalities for name in of_modality}
    return {name: float(rows[row][column]) for name, (row, column) in wanted.items() if rows[row].get(column)}
