"""Read predictions, fusion, evaluation and training histories, and write the tables, figures and page of a report."""

from emofusion.forkserver import in_fork

in_fork(*snakemake.params.modules)

from emofusion.errors import clear_errors
from emofusion.plan.job import Job
from emofusion.reporting.collect import collect
from emofusion.reporting.provenance import Provenance, commit
from emofusion.reporting.report import write_report


def work(job: Job) -> None:
    modalities = job.settings.modalities
    results = collect(
        predictions={name: job.input(f"predictions_{name}") / "predictions.parquet" for name in modalities},
        fusion=job.input("fusion") / "fused.parquet",
        evaluation=job.input("evaluation") / "evaluation",
        splits=[folder / "split.parquet" for folder in job.inputs("splits")],
        models={name: job.inputs(f"models_{name}") for name in job.settings.networks},
        settings=job.settings,
    )
    made_with = job.made_with()
    tracked = snakemake.config["tracking"]["enabled"]
    provenance = Provenance(job.stage.key, commit(), tracked, made_with.versions, made_with.accepted)
    write_report(job.folder / "report", results, job.settings, provenance)


with clear_errors(snakemake.log[0]):
    Job.of(snakemake.config["job"], "report", snakemake.wildcards.key).run(work)
