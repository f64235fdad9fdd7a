"""Reads the predictions of several models of a modality; writes the mean of their posteriors as a prediction table."""

from emofusion import tracking
from emofusion.forkserver import in_fork

in_fork(*tracking.late_imports(snakemake.config["tracking"]))

from emofusion.errors import clear_errors
from emofusion.evaluation.accuracy import metrics_by_split
from emofusion.predictions.ensemble import ensemble
from emofusion.tables import PREDICTIONS, read_table, write_table

with clear_errors(snakemake.log[0]):
    settings, keys = snakemake.params.settings, snakemake.params.upstream
    with tracking.open_run("ensemble", snakemake.wildcards.key, settings, snakemake.config["tracking"], keys) as run:
        members = zip(settings["members"], snakemake.input.members, strict=True)
        predictions = ensemble({name: read_table(path, PREDICTIONS) for name, path in members}, settings["pool"])
        write_table(predictions, snakemake.output.predictions, PREDICTIONS)
        run.log_metrics(metrics_by_split(predictions), 0)
        run.log_artifact(snakemake.output.predictions)
