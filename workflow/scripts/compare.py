"""Read the reports and fused predictions of all cells of a command, and write a table of the cells and of pairs."""

from pathlib import Path

from emofusion.errors import clear_errors
from emofusion.plan.costs import COSTS, costs_of
from emofusion.plan.plan_file import PlanFile
from emofusion.plan.publication import CELLS, contents_of, mark, shown_by_cells, tidy
from emofusion.reporting.cells import Cell, write_cells

with clear_errors(snakemake.log[0]):
    where = {name: Path(path) for name, path in snakemake.config["job"].items()}
    plan, results = PlanFile(where["plan"]), where["results"]
    tidy(results / "reports", plan.folder, plan.cells)
    reports = {place: plan.stage(cell.report) for place, cell in plan.cells.items()}
    evaluation = plan.settings(next(iter(reports.values())).inputs["evaluation"]).evaluation
    cells = [
        Cell(Path(place).name, reports[place].key, dict(override.split("=", 1) for override in cell.overrides))
        for place, cell in plan.cells.items()
    ]
    fused = [results / report.inputs["fusion"] / "fused.parquet" for report in reports.values()]
    folders = [report.folder(results) / "report" for report in reports.values()]
    tables = [Path(snakemake.output.cells), Path(snakemake.output.pairs)]
    if not write_cells(cells, folders, fused, evaluation, *tables):
        print("no two cells were tested on the same clips: there is nothing to compare")
    shows = shown_by_cells(plan, contents_of(plan, plan.stages, results), where["repository"])
    costs_of(plan, plan.cells, results).write(tables[0].parent / COSTS)
    mark(tables[0].parent / CELLS, shows, [*(table.name for table in tables), COSTS])
