"""Read the columns of the clip tables that are reported as groups, and check that they can be."""

from emofusion.forkserver import in_fork

in_fork(*snakemake.params.modules)

from emofusion.errors import clear_errors
from emofusion.evaluation.levels import facts_of_tested
from emofusion.plan.job import Job
from emofusion.tables import FACTS, SPLIT, read_table, write_table


def work(job: Job) -> None:
    splits = job.inputs("splits")
    facts = facts_of_tested(
        [read_table(folder / "facts.parquet", FACTS) for folder in splits],
        [read_table(folder / "split.parquet", SPLIT) for folder in splits],
        job.settings.groups,
        job.settings.bands,
        job.settings.required,
    )
    write_table(facts, job.folder / "facts.parquet", FACTS)


with clear_errors(snakemake.log[0]):
    Job.of(snakemake.config["job"], "groups", snakemake.wildcards.key).run(work)
