"""Copy one report into its published folder, together with the settings and stages that it was made from."""

from pathlib import Path

from emofusion.errors import clear_errors
from emofusion.plan.costs import COSTS, costs_of
from emofusion.plan.plan_file import PlanFile
from emofusion.plan.publication import PUBLISHED, mark, provenance_of, shown_by_report, tidy
from emofusion.reporting.publish import publish
from emofusion.tracking.cells import track_cell

with clear_errors(snakemake.log[0]):
    where = {name: Path(path) for name, path in snakemake.config["job"].items()}
    plan, place = PlanFile(where["plan"]), snakemake.wildcards.place
    tidy(where["results"] / "reports", plan.facts["experiment"], plan.cells)
    provenance, contents = provenance_of(plan, place, where["results"])
    report, folder = plan.stage(plan.cells[place].report), Path(snakemake.output.provenance).parent
    files = publish(report.folder(where["results"]) / "report", folder, provenance)
    if len(plan.cells) == 1:  # else there is one table for all cells
        costs_of(plan, [place], where["results"]).write(folder / COSTS)
        files.append(folder / COSTS)
    mark(folder / PUBLISHED, shown_by_report(plan, place, contents, where["repository"]), [f.name for f in files])
    track_cell(plan, place, where["results"], snakemake.config["tracking"])
