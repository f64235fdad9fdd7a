"""Reads the prediction tables of all modalities; fuses them by every rule; writes what each makes of each clip."""

from emofusion import tracking
from emofusion.forkserver import in_fork

in_fork(*tracking.late_imports(snakemake.config["tracking"]))

from emofusion.errors import clear_errors
from emofusion.evaluation.accuracy import metrics_by_split
from emofusion.fusion.common.fuse import fuse
from emofusion.tables import FUSED, PARAMETERS, PREDICTIONS, read_table, write_table

with clear_errors(snakemake.log[0]):
    settings, keys = snakemake.params.settings, snakemake.params.upstream
    with tracking.open_run("fusion", snakemake.wildcards.key, settings, snakemake.config["tracking"], keys) as run:
        tables = {modality: read_table(snakemake.input[modality], PREDICTIONS) for modality in keys}
        fused = fuse(tables, settings)
        write_table(fused.rules, snakemake.output.rules, FUSED)
        write_table(fused.parameters, snakemake.output.parameters, PARAMETERS)
        write_table(fused.predictions, snakemake.output.fused, PREDICTIONS)
        run.log_metrics(metrics_by_split(fused.predictions), 0)
        for file in snakemake.output:
            run.log_artifact(file)
