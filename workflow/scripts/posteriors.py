"""Reads a table of posteriors made elsewhere and a split; writes them as a prediction table."""

from emofusion import tracking
from emofusion.forkserver import in_fork

in_fork(*tracking.late_imports(snakemake.config["tracking"]))

from emofusion.errors import clear_errors
from emofusion.evaluation.accuracy import metrics_by_split
from emofusion.predictions.posteriors import read_posteriors
from emofusion.tables import PREDICTIONS, SPLIT, read_table, write_table

with clear_errors(snakemake.log[0]):
    settings, keys = snakemake.params.settings, snakemake.params.upstream
    with tracking.open_run("posteriors", snakemake.wildcards.key, settings, snakemake.config["tracking"], keys) as run:
        predictions = read_posteriors(settings, read_table(snakemake.input.split, SPLIT))
        write_table(predictions, snakemake.output.predictions, PREDICTIONS)
        run.log_metrics(metrics_by_split(predictions), 0)
        run.log_artifact(snakemake.output.predictions)
