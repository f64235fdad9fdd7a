"""Read the prediction tables of all modalities, fuse them by every rule, and write the fused posteriors."""

from emofusion.forkserver import in_fork

in_fork(*snakemake.config["tracking_modules"], *snakemake.params.modules)

from emofusion.errors import clear_errors
from emofusion.evaluation.accuracy import metrics_by_split
from emofusion.fusion.common.fuse import fuse
from emofusion.plan.job import Job
from emofusion.tables import FUSED, PARAMETERS, PREDICTIONS, read_table, write_table
from emofusion.tracking.jobs import tracked


def work(job: Job) -> None:
    with tracked(job, snakemake.config["tracking"]) as run:
        tables = {
            modality: read_table(job.input(modality) / "predictions.parquet", PREDICTIONS)
            for modality in job.stage.inputs
        }
        fused = fuse(tables, job.settings)
        written = {
            "rules.parquet": (fused.rules, FUSED),
            "parameters.parquet": (fused.parameters, PARAMETERS),
            "fused.parquet": (fused.predictions, PREDICTIONS),
        }
        for name, (table, schema) in written.items():
            write_table(table, job.folder / name, schema)
            run.log_artifact(job.folder / name)
        run.log_metrics(metrics_by_split(fused.predictions), 0)


with clear_errors(snakemake.log[0]):
    Job.of(snakemake.config["job"], "fusion", snakemake.wildcards.key).run(work)
