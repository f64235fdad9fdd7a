"""Read a clip table and its recordings, and write the features of all clips as one array and its index."""

from emofusion.forkserver import in_fork

in_fork(*snakemake.params.modules)

from emofusion.corpora.common.bad_clips import whole
from emofusion.corpora.common.reading import first_few
from emofusion.errors import clear_errors, tell
from emofusion.features.common.extract import extract
from emofusion.features.common.skipped import read_skipped
from emofusion.features.common.unfinished import keep_unfinished
from emofusion.plan.job import Job, excluded_of
from emofusion.plan.stage import RECORDED
from emofusion.tables import CLIPS, read_table


def work(job: Job) -> None:
    clips = whole(read_table(job.input("corpus") / "clips.parquet", CLIPS))
    clips.attrs["exclude"] = excluded_of(job, "corpus")
    corpus = job.plan.settings(job.stage.inputs["corpus"])
    recorded = [whole(read_table(folder / "clips.parquet", CLIPS)) for folder in job.inputs(RECORDED)]
    keep_unfinished(job.folder, job.token)
    extract(clips, job.settings.features, job.folder, job.workers, corpus.corpus.on_bad_clip, recorded)
    if skipped := read_skipped([job.folder]):
        told = first_few([f"{clip} ({reason})" for clip, reason in skipped.items()], "; ")
        tell(f"corpora.{corpus.name}.on_bad_clip=skip: {len(skipped)} of {len(clips)} clips are skipped: {told}")


with clear_errors(snakemake.log[0]):
    Job.of(snakemake.config["job"], "features", snakemake.wildcards.key, workers=snakemake.threads).run(work)
