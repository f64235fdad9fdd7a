"""Read the posteriors of every modality and every fusion rule, and write metrics, intervals and comparisons."""

from emofusion.forkserver import in_fork

in_fork(*snakemake.config["tracking_modules"], *snakemake.params.modules)

from emofusion.errors import clear_errors
from emofusion.evaluation.stage import evaluate_files
from emofusion.plan.job import Job
from emofusion.tracking.jobs import tracked


def work(job: Job) -> None:
    with tracked(job, snakemake.config["tracking"]) as run:
        modalities = {name: job.input(name) / "predictions.parquet" for name in job.stage.inputs if name != "fusion"}
        figures = evaluate_files(
            modalities, job.input("fusion") / "rules.parquet", job.settings, job.folder / "evaluation"
        )
        run.log_metrics(figures, 0)
        run.log_artifacts(job.folder / "evaluation")


with clear_errors(snakemake.log[0]):
    Job.of(snakemake.config["job"], "evaluation", snakemake.wildcards.key).run(work)
