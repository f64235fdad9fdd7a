"""Fuse the predictions of all modalities by the configured rule, and evaluate it together with all other rules."""

from emofusion.forkserver import in_fork

in_fork(*snakemake.params.modules)

from emofusion.errors import clear_errors
from emofusion.evaluation.stage import write_evaluation
from emofusion.fusion.common.fuse import Fused, fuse
from emofusion.plan.job import Job
from emofusion.settings.experiment import FITTING
from emofusion.tables import FACTS, PARAMETERS, PREDICTIONS, RULES, read_table, write_table

SHARED = "fusion"  # the role of the rules that cells with other weights share; no modality can have this name
GROUPS = "evaluation"  # the role of the groups, where some are reported; nor can a modality have this name


def work(job: Job) -> None:
    tables = {
        modality: read_table(job.input(modality) / "predictions.parquet", PREDICTIONS)
        for modality in job.stage.inputs
        if modality not in (SHARED, GROUPS, FITTING)
    }
    folders = job.inputs(FITTING)  # one for each modality, or none
    fitting = {
        modality: read_table(folder / "predictions.parquet", PREDICTIONS)
        for modality, folder in zip(tables if folders else (), folders, strict=True)
    }
    own = fuse(tables, job.settings.fusion, fitting)
    every = own.with_rules(Fused.read(job.input(SHARED)), job.settings.order)
    # of the rules that are only compared, no clip is kept: they would be most of what a cell stores
    write_table(every.predictions(job.settings.order[0]), job.folder / "fused.parquet", PREDICTIONS)
    write_table(every.about(), job.folder / "about_rules.parquet", RULES)
    write_table(every.parameters, job.folder / "parameters.parquet", PARAMETERS)
    new = list(own.rules["rule"].unique())
    facts = read_table(job.input(GROUPS) / "facts.parquet", FACTS) if GROUPS in job.stage.inputs else None
    out = job.folder / "evaluation"
    write_evaluation(tables, every.rules, job.settings.evaluation, out, new, facts, job.settings, fitting)


with clear_errors(snakemake.log[0]):
    Job.of(snakemake.config["job"], "fusion", snakemake.wildcards.key).run(work)
