"""Read a table of posteriors that were computed elsewhere, and a split; write them as a prediction table."""

from emofusion.forkserver import in_fork

in_fork(*snakemake.params.modules)

from emofusion.counted import counting, notes_of_clips, write_notes
from emofusion.emotions import read_classes
from emofusion.errors import clear_errors
from emofusion.plan.job import Job
from emofusion.predictions.posteriors import read_posteriors
from emofusion.tables import SPLIT, read_table
from emofusion.tracking.jobs import tracked_predictions


def work(job: Job) -> None:
    with tracked_predictions(job, snakemake.config["tracking"]) as write:
        folder = job.input("split")
        split, name = read_table(folder / "split.parquet", SPLIT), f"{job.stage.label}.posteriors"
        with counting() as counts:
            predictions = read_posteriors(job.settings, split, read_classes(folder), name)
        write_notes(job.folder, [note._replace(clips=0) for note in notes_of_clips(name, [counts])])
        write(predictions)


with clear_errors(snakemake.log[0]):
    Job.of(snakemake.config["job"], "posteriors", snakemake.wildcards.key).run(work)
