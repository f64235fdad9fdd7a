"""Read the prediction tables of all modalities, fuse them by every rule, and write the fused posteriors."""

from emofusion.forkserver import in_fork

in_fork(*snakemake.params.modules)

from emofusion.errors import clear_errors
from emofusion.fusion.common.fuse import fuse
from emofusion.plan.job import Job
from emofusion.tables import FUSED, PARAMETERS, PREDICTIONS, read_table, write_table


def work(job: Job) -> None:
    modalities = list(job.stage.inputs)
    tables = {name: read_table(job.input(name) / "predictions.parquet", PREDICTIONS) for name in modalities}
    fused = fuse(tables, job.settings)
    write_table(fused.rules, job.folder / "rules.parquet", FUSED)
    write_table(fused.parameters, job.folder / "parameters.parquet", PARAMETERS)
    write_table(fused.predictions, job.folder / "fused.parquet", PREDICTIONS)


with clear_errors(snakemake.log[0]):
    Job.of(snakemake.config["job"], "fusion", snakemake.wildcards.key).run(work)
