"""Write the report of a cell, with tables, figures and page, publish it in the cell's folder, and track the cell."""

from pathlib import Path

from emofusion.forkserver import in_fork

in_fork(*snakemake.params.modules)

from emofusion.errors import clear_errors
from emofusion.plan.costs import COSTS, costs_of
from emofusion.plan.job import Job
from emofusion.plan.publication import PUBLISHED, REPORTS, mark, provenance_of, shown_by_report, tidy
from emofusion.plan.shared_files import SHARED, share
from emofusion.reporting.collect import collect
from emofusion.reporting.drawing import Drawing
from emofusion.reporting.provenance import Provenance, commit
from emofusion.reporting.publish import publish
from emofusion.reporting.report import write_report
from emofusion.tracking.cells import track_cell


def work(job: Job) -> None:
    modalities = job.settings.modalities
    behind = job.plan.stages_behind(job.name)
    results = collect(
        predictions={name: job.input(f"predictions_{name}") / "predictions.parquet" for name in modalities},
        rules=job.input("rules"),
        fusion=job.input("fusion"),
        splits=[folder / "split.parquet" for folder in job.inputs("splits")],
        models={name: job.inputs(f"models_{name}") for name in job.settings.networks},
        settings=job.settings,
        readers=[job.results / name for name in behind if name.startswith(("corpus/", "features/", "posteriors/"))],
        trained_on={name: job.input(f"split_{name}") / "split.parquet" for name in job.settings.networks},
        fused_models={name: models_behind(job, f"predictions_{name}") for name in modalities},
    )
    made_with = job.made_with()
    tracked = snakemake.config["tracking"]["enabled"]
    provenance = Provenance(job.stage.key, commit(), tracked, made_with.versions, made_with.accepted)
    drawing = Drawing(job.results / SHARED / "figures", repr(job.making))
    write_report(job.folder / "report", results, job.settings, provenance, drawing)
    share(job.folder / "report", job.results)


def models_behind(job: Job, role: str) -> list[Path]:
    """The folders of the models that an input of the report comes from."""
    return [job.results / name for name in job.plan.stages_behind(job.stage.inputs[role]) if name.startswith("model/")]


def publish_report(job: Job, place: str) -> None:
    plan, reports = job.plan, job.results / REPORTS
    tidy(reports, plan.folder, plan.cells)
    provenance, contents = provenance_of(plan, place, job.results)
    files = publish(job.folder / "report", reports / place, provenance, job.results, plan.is_grid)
    if not plan.is_grid:  # a grid has one table of costs for all cells
        costs_of(plan, [place], job.results).write(reports / place / COSTS)
        files.append(reports / place / COSTS)
    track_cell(plan, place, job.results, snakemake.config["tracking"])
    # last, because it says that nothing is left to do
    mark(reports / place / PUBLISHED, shown_by_report(plan, place, contents), [file.name for file in files])


with clear_errors(snakemake.log[0]):
    job = Job.of_cell(snakemake.config["job"], snakemake.wildcards.place)
    job.run(work)
    publish_report(job, snakemake.wildcards.place)
