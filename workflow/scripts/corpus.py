"""Read a corpus in its original form, open every file once to check it, and write the clip table."""

from emofusion.forkserver import in_fork

in_fork(*snakemake.params.modules)

from emofusion.corpora.common.read import read_corpus
from emofusion.errors import clear_errors
from emofusion.plan.job import Job
from emofusion.tables import CLIPS, write_table


def work(job: Job) -> None:
    clips = read_corpus(job.settings.name, job.settings.corpus, job.folder / "unpacked")
    write_table(clips, job.folder / "clips.parquet", CLIPS)


with clear_errors(snakemake.log[0]):
    Job.of(snakemake.config["job"], "corpus", snakemake.wildcards.key).run(work)
