"""The grid of a plan."""

from pathlib import Path

from emofusion.plan.draws import Draws
from emofusion.plan.plan_file import PlanFile
from emofusion.reporting.grid.cells import Grid, GridCell
from emofusion.reporting.known import swept_pool, takes_weights


def planned_grid(plan: PlanFile, results: Path, costs: Path) -> Grid:
    """The grid of a plan's cells, for `write.write_grid`.

    Args:
        plan: the plan of a grid.
        results: the folder of all results.
        costs: the table of what the stages cost.
    """
    draws = Draws(plan)
    cells = []
    for place, planned in plan.cells.items():
        report = plan.stage(planned.report)
        settings = plan.settings(planned.report)
        cells.append(
            GridCell(
                name=Path(place).name,
                report=report.key,
                factors=planned.factors,
                folder=report.folder(results) / "report",
                fused=results / report.inputs["fusion"] / "fused.parquet",
                sweep=results / report.inputs["rules"] / "sweep" / "sweep.parquet",
                settings=settings,
                rule=settings.rule,
                pool=swept_pool(settings.rule),
                weights=settings.weights if takes_weights(settings.rule) else {},
                evaluations=tuple(results / report.inputs[stage] / "evaluation" for stage in ("rules", "fusion")),
                draws=draws.at_random(report.inputs["fusion"]),
            )
        )
    grid = plan.facts["grid"]
    fusion = plan.stage(next(iter(plan.cells.values())).report).inputs["fusion"]
    return Grid(
        name=grid["name"],
        cells=cells,
        baseline=Path(grid["baseline"]).name,
        baseline_chosen=grid["baseline_chosen"],
        replicates=grid["replicates"],
        evaluation=plan.settings(fusion).evaluation.evaluation,
        costs=costs,
        title=grid["title"],
        question=grid["question"],
        experiment=plan.facts["experiment"],
        excluded=grid["excluded"],
    )
