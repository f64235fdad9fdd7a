"""Reads the pictures of a corpus and a backbone's weights; writes what its frozen blocks make of each picture."""

from emofusion.forkserver import in_fork

in_fork()

from pathlib import Path

import torch

from emofusion.errors import clear_errors
from emofusion.features.common.feature_set import FeatureSet
from emofusion.networks.backbone.feature_cache import store_frozen

with clear_errors(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    store_frozen(
        FeatureSet.open([Path(snakemake.input.features).parent]),
        Path(snakemake.input.weights),
        snakemake.params.settings,
        Path(snakemake.output.features).parent,
    )
