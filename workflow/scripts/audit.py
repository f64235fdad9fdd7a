"""Read a paper's published tables from the plan's settings, and write the audit's findings as a table and a page."""

from pathlib import Path

from emofusion.audit import only_one, write_audit
from emofusion.errors import clear_errors
from emofusion.plan.plan_file import PlanFile
from emofusion.plan.publication import PUBLISHED, mark, published_tables, shown_by_audit

with clear_errors(snakemake.log[0]):
    where = {name: Path(path) for name, path in snakemake.config["job"].items()}
    plan, files = PlanFile(where["plan"]), [Path(snakemake.output.findings), Path(snakemake.output.page)]
    write_audit(only_one(published_tables(plan)), *files)
    mark(files[0].parent / PUBLISHED, shown_by_audit(plan, where["repository"]), [file.name for file in files])
