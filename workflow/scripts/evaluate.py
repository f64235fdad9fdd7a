"""Read the posteriors of every modality and every fusion rule, and write metrics, intervals and comparisons."""

from emofusion.forkserver import in_fork

in_fork(*snakemake.params.modules)

from emofusion.errors import clear_errors
from emofusion.evaluation.stage import evaluate_files
from emofusion.plan.job import Job


def work(job: Job) -> None:
    modalities = {name: job.input(name) / "predictions.parquet" for name in job.stage.inputs if name != "fusion"}
    evaluate_files(modalities, job.input("fusion") / "rules.parquet", job.settings, job.folder / "evaluation")


with clear_errors(snakemake.log[0]):
    Job.of(snakemake.config["job"], "evaluation", snakemake.wildcards.key).run(work)
