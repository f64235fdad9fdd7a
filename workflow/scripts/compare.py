"""Read the reports, fused predictions and sweeps of all cells of a command, and write the summary of the grid."""

from pathlib import Path

from emofusion.errors import clear_errors
from emofusion.plan.costs import COSTS, costs_of
from emofusion.plan.plan_file import PlanFile
from emofusion.plan.publication import CELLS, contents_of, drop_earlier, mark, shown_by_cells, tidy
from emofusion.reporting.grid.files import FILES, SOMETIMES
from emofusion.reporting.grid.planned import planned_grid
from emofusion.reporting.grid.write import write_grid
from emofusion.reporting.report_page.packing import library_name

with clear_errors(snakemake.log[0]):
    where = {name: Path(path) for name, path in snakemake.config["job"].items()}
    plan, results = PlanFile(where["plan"]), where["results"]
    tidy(results / "reports", plan.folder, plan.cells)
    out = Path(snakemake.output.cells).parent
    files = [*FILES, COSTS, library_name()]
    drop_earlier(out / CELLS, files)
    costs_of(plan, plan.cells, results).write(out / COSTS)
    for name in SOMETIMES:
        (out / name).unlink(missing_ok=True)  # of an earlier command
    write_grid(out, planned_grid(plan, results, out / COSTS))
    files += [name for name in SOMETIMES if (out / name).is_file()]
    shows = shown_by_cells(plan, contents_of(plan, plan.stages, results), where["repository"])
    mark(out / CELLS, shows, files)
