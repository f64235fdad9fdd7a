"""Reads a split and its features; trains one model a fold; writes the models and the history of their losses."""

from emofusion import tracking
from emofusion.forkserver import in_fork
from emofusion.plan.stages import NETWORK_MODULES

in_fork(
    *tracking.late_imports(snakemake.config["tracking"]),
    *NETWORK_MODULES[snakemake.params.settings["network"]["kind"]],
    "torch._dynamo",  # by the first optimizer
)

from pathlib import Path

import torch

from emofusion.errors import clear_errors
from emofusion.features.common.feature_set import FeatureSet
from emofusion.tables import SPLIT, read_table
from emofusion.training.fit import fit_folds

with clear_errors(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    settings, out = snakemake.params.settings, Path(snakemake.output.model).parent
    with tracking.open_run(
        "model", snakemake.wildcards.key, settings, snakemake.config["tracking"], snakemake.params.upstream
    ) as run:
        fit_folds(
            read_table(snakemake.input.split, SPLIT),
            FeatureSet.open([Path(path).parent for path in snakemake.input.features]),
            settings,
            out,
            weights=Path(snakemake.input.weights) if "weights" in snakemake.params.upstream else None,
            token=snakemake.params.code,
            on_epoch=run.log_metrics,
        )
        run.log_artifact(snakemake.output.history)
        run.log_artifact(snakemake.output.model)
