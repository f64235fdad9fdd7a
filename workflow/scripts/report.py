"""Read predictions, fusion, evaluation and training histories, and write the tables, figures and page of a report."""

from emofusion.forkserver import in_fork

in_fork(*snakemake.config["tracking_modules"], *snakemake.params.modules)

from emofusion.errors import clear_errors
from emofusion.evaluation.accuracy import metrics_by_split
from emofusion.plan.job import Job
from emofusion.reporting.collect import collect
from emofusion.reporting.provenance import Provenance, commit
from emofusion.reporting.report import write_report
from emofusion.tracking.jobs import tracked


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
    with tracked(job, snakemake.config["tracking"]) as run:
        made_with = job.made_with()
        provenance = Provenance(job.stage.key, commit(), run.run_id, made_with.versions, made_with.accepted)
        write_report(job.folder / "report", results, job.settings, provenance)
        for name, table in {**results.modalities, "fusion": results.fused}.items():
            run.log_metrics({f"{name}_{metric}": value for metric, value in metrics_by_split(table).items()}, 0)
        run.log_artifacts(job.folder / "report")


with clear_errors(snakemake.log[0]):
    Job.of(snakemake.config["job"], "report", snakemake.wildcards.key).run(work)
