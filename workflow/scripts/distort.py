"""Read a clip table and its recordings, and write the recordings with noise, or compressed, and a table of these."""

from emofusion.forkserver import in_fork

in_fork(*snakemake.params.modules)

from pathlib import Path

from emofusion.corpora.common.bad_clips import whole
from emofusion.errors import clear_errors
from emofusion.plan.job import Job
from emofusion.plan.stage import RESULTS
from emofusion.recordings.distort import distort
from emofusion.tables import CLIPS, read_table, write_table


def work(job: Job) -> None:
    clips = whole(read_table(job.input("corpus") / "clips.parquet", CLIPS))
    # relative, as the paths of generated recordings are, so that results can be copied
    named = Path(RESULTS) / job.stage.kind / job.stage.key / "recordings"
    distorted = distort(clips, job.settings.distortion, job.folder / "recordings", named, job.workers)
    write_table(distorted, job.folder / "clips.parquet", CLIPS)


with clear_errors(snakemake.log[0]):
    Job.of(snakemake.config["job"], "distorted", snakemake.wildcards.key, workers=snakemake.threads).run(work)
