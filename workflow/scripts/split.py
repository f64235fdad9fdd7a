"""Read the clip tables of a protocol's corpora, and write which clips train, validate and test in each fold."""

from emofusion.forkserver import in_fork

in_fork(*snakemake.params.modules)

import json

import pandas as pd

from emofusion.corpora.common.bad_clips import joined, reasons_of, skip_notes
from emofusion.emotions import write_classes
from emofusion.errors import clear_errors
from emofusion.features.common.skipped import read_skipped
from emofusion.plan.job import Job, excluded_of
from emofusion.plan.stage import ALSO_SKIPPED, FEATURES_SKIPPED
from emofusion.protocols.common.columns import facts
from emofusion.protocols.common.enrolment import enrolment_notes
from emofusion.protocols.common.folds import untested_notes
from emofusion.protocols.common.identity import identity_notes, with_shared_people
from emofusion.protocols.common.split import make_split
from emofusion.tables import CLIPS, FACTS, SPLIT, read_table, write_table


def work(job: Job) -> None:
    tables = [read_table(folder / "clips.parquet", CLIPS) for folder in job.inputs("corpora")]
    clips = pd.concat(tables, ignore_index=True)
    clips.attrs["exclude"] = excluded_of(job, "corpora")
    others = [read_table(folder / "clips.parquet", CLIPS) for folder in job.inputs(ALSO_SKIPPED)]
    skipped = joined([reasons_of([*tables, *others]), read_skipped(job.inputs(FEATURES_SKIPPED))])
    settings = job.settings
    split, left_out = make_split(
        clips, settings.protocol, settings.emotions, settings.closed, settings.elsewhere, skipped
    )
    write_classes(job.settings.emotions.classes, job.folder)
    left_out.to_csv(job.folder / "left_out.csv", index=False)
    kept = clips[~clips["clip"].isin(skipped)]
    sentences = [
        *identity_notes(kept),
        *skip_notes(clips, skipped),
        *enrolment_notes(split, settings.protocol.enrolment),
        *untested_notes(split, getattr(settings.protocol, "folds", None)),
    ]
    notes = json.dumps(sentences, indent=2, ensure_ascii=False)
    (job.folder / "notes.json").write_text(f"{notes}\n", encoding="utf-8")
    write_table(facts(with_shared_people(kept, job.settings.protocol.same_people)), job.folder / "facts.parquet", FACTS)
    write_table(split, job.folder / "split.parquet", SPLIT)


with clear_errors(snakemake.log[0]):
    Job.of(snakemake.config["job"], "split", snakemake.wildcards.key).run(work)
