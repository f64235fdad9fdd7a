"""Reads the prediction tables of all modalities; fuses them as set and under every other weight; writes both."""

from emofusion import tracking
from emofusion.forkserver import in_fork

in_fork(*tracking.late_imports(snakemake.config["tracking"]))

from emofusion.evaluation.accuracy import metrics_by_split
from emofusion.fusion import fuse
from emofusion.messages import clear_errors
from emofusion.tables import PREDICTIONS, SWEEP, read_table, write_table

with clear_errors(snakemake.log[0]):
    settings, keys = snakemake.params.settings, snakemake.params.upstream
    with tracking.open_run("fusion", snakemake.wildcards.key, settings, snakemake.config["tracking"], keys) as run:
        tables = {modality: read_table(snakemake.input[modality], PREDICTIONS) for modality in keys}
        fused, sweep = fuse(tables, settings)
        write_table(sweep, snakemake.output.sweep, SWEEP)
        write_table(fused, snakemake.output.fused, PREDICTIONS)
        run.log_metrics(metrics_by_split(fused), 0)
        run.log_artifact(snakemake.output.sweep)
        run.log_artifact(snakemake.output.fused)
