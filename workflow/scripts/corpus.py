"""Read a corpus in its original form, open every file once to check it, and write the clip table."""

from emofusion.forkserver import in_fork

in_fork(*snakemake.params.modules)

from emofusion.corpora.common.bad_clips import reasons_of
from emofusion.corpora.common.read import notes_of_corpus, read_corpus
from emofusion.corpora.common.reading import first_few
from emofusion.counted import counting, write_notes
from emofusion.errors import clear_errors, tell
from emofusion.plan.job import Job
from emofusion.tables import CLIPS, write_table


def work(job: Job) -> None:
    settings = job.settings
    with counting() as counts:
        clips = read_corpus(settings.name, settings.corpus, job.folder / "unpacked", settings.medium)
    notes = notes_of_corpus(settings.name, settings.corpus, counts)
    for note in notes:
        if note.about.endswith(".exclude") and not note.number:
            tell(f"{note.about}: no file or clip that was read here matches '{note.what}' ({job.stage.key})")
    if skipped := reasons_of([clips]):
        told = first_few(skipped.values(), "; ")
        tell(f"corpora.{settings.name}.on_bad_clip=skip: {len(skipped)} of {len(clips)} clips are skipped: {told}")
    write_table(clips, job.folder / "clips.parquet", CLIPS)
    write_notes(job.folder, notes)


with clear_errors(snakemake.log[0]):
    Job.of(snakemake.config["job"], "corpus", snakemake.wildcards.key).run(work)
