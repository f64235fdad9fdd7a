"""Fuse by every rule that does not use the configured weights, measure these rules, and sweep the weights."""

from emofusion.forkserver import in_fork

in_fork(*snakemake.params.modules)

from emofusion.errors import clear_errors
from emofusion.evaluation.stage import write_alone
from emofusion.evaluation.sweep import write_sweep
from emofusion.fusion.common.fuse import fuse
from emofusion.plan.job import Job
from emofusion.settings.experiment import FITTING
from emofusion.tables import PREDICTIONS, read_table

REFERENCES = "references"  # the role of what is compared and not fused; no modality can have this name


def work(job: Job) -> None:
    tables = {
        modality: read_table(job.input(modality) / "predictions.parquet", PREDICTIONS)
        for modality in job.stage.inputs
        if modality not in (REFERENCES, FITTING)
    }
    folders = job.inputs(FITTING)  # one for each modality, or none
    fitting = {
        modality: read_table(folder / "predictions.parquet", PREDICTIONS)
        for modality, folder in zip(tables if folders else (), folders, strict=True)
    }
    references = {
        name: read_table(folder / "predictions.parquet", PREDICTIONS)
        for name, folder in zip(job.settings.references, job.inputs(REFERENCES), strict=True)
    }
    fused = fuse(tables, job.settings.fusion, fitting).with_references(references)
    fused.write(job.folder)
    write_alone(tables, fused.rules, job.settings.evaluation, job.folder / "evaluation")
    write_sweep(tables, job.settings.fusion.steps, job.settings.evaluation.evaluation, job.folder / "sweep")


with clear_errors(snakemake.log[0]):
    Job.of(snakemake.config["job"], "rules", snakemake.wildcards.key).run(work)
