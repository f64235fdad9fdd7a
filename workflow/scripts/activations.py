"""Reads the pictures of a corpus and a backbone's weights; writes what its frozen blocks make of each picture."""

from pathlib import Path

import torch

from emofusion.face.activations import store_frozen
from emofusion.features import FeatureSet
from emofusion.messages import clear_errors

with clear_errors(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    store_frozen(
        FeatureSet.open([Path(snakemake.input.features).parent]),
        Path(snakemake.input.weights),
        snakemake.params.settings,
        Path(snakemake.output.features).parent,
    )
