"""Read the predictions of several models of a modality, and write their averaged posteriors as a prediction table."""

from emofusion.forkserver import in_fork

in_fork(*snakemake.params.modules)

from emofusion.errors import clear_errors
from emofusion.plan.job import Job
from emofusion.predictions.ensemble import average
from emofusion.tables import PREDICTIONS, read_table
from emofusion.tracking.jobs import tracked_predictions


def work(job: Job) -> None:
    with tracked_predictions(job, snakemake.config["tracking"]) as write:
        members = zip(job.settings.members, job.inputs("members"), strict=True)
        tables = {name: read_table(folder / "predictions.parquet", PREDICTIONS) for name, folder in members}
        write(average(tables, job.settings.pool))


with clear_errors(snakemake.log[0]):
    Job.of(snakemake.config["job"], "ensemble", snakemake.wildcards.key).run(work)
