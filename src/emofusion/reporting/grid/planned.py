"""The grid of a plan."""

from pathlib import Path

from emofusion.plan.plan_file import PlanFile
from emofusion.reporting.grid.cells import Grid, GridCell
from emofusion.reporting.known import swept_pool, takes_weights

REPLICATES = ["seed"]


def planned_grid(plan: PlanFile, results: Path) -> Grid:
    """The grid of a plan's cells, for `write.write_grid`.

    Factors are the settings that the command's overrides name. The first cell is the baseline.

    Args:
        plan: the plan of several cells.
        results: the folder of all results.
    """
    cells = []
    for place, planned in plan.cells.items():
        report = plan.stage(planned.report)
        settings = plan.settings(planned.report)
        cells.append(
            GridCell(
                name=Path(place).name,
                report=report.key,
                factors=dict(override.lstrip("+").split("=", 1) for override in planned.overrides),
                folder=report.folder(results) / "report",
                fused=results / report.inputs["fusion"] / "fused.parquet",
                sweep=results / report.inputs["evaluation"] / "evaluation" / "sweep.parquet",
                rule=settings.rule,
                pool=swept_pool(settings.rule),
                weights=settings.weights if takes_weights(settings.rule) else {},
            )
        )
    evaluation = plan.settings(plan.stage(next(iter(plan.cells.values())).report).inputs["evaluation"]).evaluation
    return Grid(
        name=plan.facts["experiment"],
        cells=cells,
        baseline=cells[0].name,
        baseline_chosen=False,
        replicates=REPLICATES,
        evaluation=evaluation,
    )
