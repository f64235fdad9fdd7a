"""Copy one report into its published folder, together with the settings and stages that it was made from."""

from pathlib import Path

from emofusion.errors import clear_errors
from emofusion.plan.plan_file import PlanFile
from emofusion.plan.publication import PUBLISHED, mark, provenance_of, shown_by_report, tidy
from emofusion.reporting.publish import publish

with clear_errors(snakemake.log[0]):
    where = {name: Path(path) for name, path in snakemake.config["job"].items()}
    plan, place = PlanFile(where["plan"]), snakemake.wildcards.place
    tidy(where["results"] / "reports", plan.folder, plan.cells)
    provenance, contents = provenance_of(plan, place, where["results"])
    report, folder = plan.stage(plan.cells[place].report), Path(snakemake.output.provenance).parent
    files = publish(report.folder(where["results"]) / "report", folder, provenance)
    mark(folder / PUBLISHED, shown_by_report(plan, place, contents, where["repository"]), [f.name for f in files])
