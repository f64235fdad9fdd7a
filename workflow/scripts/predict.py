"""Reads the models of all folds, their split and features; scores validation and test clips; writes the predictions."""

from emofusion import tracking
from emofusion.forkserver import in_fork

in_fork(*tracking.late_imports(snakemake.config["tracking"]))

from pathlib import Path

import torch

from emofusion.errors import clear_errors
from emofusion.evaluation.accuracy import metrics_by_split
from emofusion.features.common.feature_set import FeatureSet
from emofusion.tables import PREDICTIONS, SPLIT, read_table, write_table
from emofusion.training.predict import predict_folds

with clear_errors(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    with tracking.open_run(
        "predictions",
        snakemake.wildcards.key,
        snakemake.params.settings,
        snakemake.config["tracking"],
        snakemake.params.upstream,
    ) as run:
        predictions = predict_folds(
            read_table(snakemake.input.split, SPLIT),
            FeatureSet.open([Path(path).parent for path in snakemake.input.features]),
            Path(snakemake.input.model).parent,
        )
        write_table(predictions, snakemake.output.predictions, PREDICTIONS)
        run.log_metrics(metrics_by_split(predictions), 0)
        run.log_artifact(snakemake.output.predictions)
