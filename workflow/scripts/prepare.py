"""Reads nothing of other stages; generates a corpus, fetches files or prepares weights, as the stage's kind does it."""

from emofusion.forkserver import in_fork

in_fork()

from emofusion.errors import clear_errors
from emofusion.plan.job import Job


def work(job: Job) -> None:
    job.settings.run(job.folder)


# Downloads show their progress to the person who waits, so they have no log file.
with clear_errors(None if snakemake.params.kind == "download" else snakemake.log[0]):
    Job.of(snakemake.config["job"], snakemake.params.kind, snakemake.wildcards.key).run(work)
