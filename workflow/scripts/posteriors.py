"""Read a table of posteriors that were computed elsewhere, and a split; write them as a prediction table."""

from emofusion.forkserver import in_fork

in_fork(*snakemake.params.modules)

from emofusion.errors import clear_errors
from emofusion.plan.job import Job
from emofusion.predictions.posteriors import read_posteriors
from emofusion.tables import SPLIT, read_table
from emofusion.tracking.jobs import tracked_predictions


def work(job: Job) -> None:
    with tracked_predictions(job, snakemake.config["tracking"]) as write:
        write(read_posteriors(job.settings, read_table(job.input("split") / "split.parquet", SPLIT)))


with clear_errors(snakemake.log[0]):
    Job.of(snakemake.config["job"], "posteriors", snakemake.wildcards.key).run(work)
