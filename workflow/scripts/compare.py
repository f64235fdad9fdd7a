"""Reads the reports and fused predictions of all cells of one command; writes a table of the cells, and of their pairs."""

from pathlib import Path

from emofusion.errors import clear_errors
from emofusion.plan.plan_file import PlanFile
from emofusion.plan.publication import compared_cells, contents_of, shown_by_cells, tidy
from emofusion.reporting.cells import write_cells

with clear_errors(snakemake.log[0]):
    where = {name: Path(path) for name, path in snakemake.config["job"].items()}
    plan = PlanFile(where["plan"])
    tidy(where["results"] / "reports", plan.facts["experiment"], plan.cells)
    write_cells(
        Path(snakemake.output.cells).parent,
        compared_cells(plan, where["results"]),
        plan.settings(plan.stage(next(iter(plan.cells.values())).report).inputs["evaluation"]).evaluation,
        shows=shown_by_cells(plan, contents_of(plan, plan.stages, where["results"]), where["repository"]),
    )
