"""Generate a corpus, download files or prepare weights. This script reads no other stage."""

from emofusion.forkserver import in_fork

in_fork()

from emofusion.errors import clear_errors
from emofusion.plan.job import Job


def work(job: Job) -> None:
    job.settings.run(job.folder)


# A download prints its progress to the terminal, so it has no log file.
with clear_errors(None if snakemake.params.kind == "download" else snakemake.log[0]):
    Job.of(snakemake.config["job"], snakemake.params.kind, snakemake.wildcards.key).run(work)
