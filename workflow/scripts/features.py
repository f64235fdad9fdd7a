"""Read a clip table and its recordings, and write the features of all clips as one array and its index."""

from emofusion.forkserver import in_fork

in_fork(*snakemake.params.modules)

from emofusion.corpora.common.bad_clips import whole
from emofusion.errors import clear_errors
from emofusion.features.common.extract import extract
from emofusion.features.common.unfinished import keep_unfinished
from emofusion.plan.job import Job, excluded_of
from emofusion.plan.stage import BESIDE
from emofusion.tables import CLIPS, read_table


def work(job: Job) -> None:
    clips = whole(read_table(job.input("corpus") / "clips.parquet", CLIPS))
    clips.attrs["exclude"] = excluded_of(job, "corpus")
    beside = [whole(read_table(folder / "clips.parquet", CLIPS)) for folder in job.inputs(BESIDE)]
    keep_unfinished(job.folder, job.token)
    extract(clips, job.settings.features, job.folder, job.workers, beside)


with clear_errors(snakemake.log[0]):
    Job.of(snakemake.config["job"], "features", snakemake.wildcards.key, workers=snakemake.threads).run(work)
