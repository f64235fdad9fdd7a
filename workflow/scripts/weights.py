"""Fetches, reads or draws the weights that a backbone starts from; checks that they fit; writes them as safetensors."""

from emofusion.forkserver import in_fork

in_fork()

from pathlib import Path

from emofusion.errors import clear_errors
from emofusion.networks.backbone.weights import prepare

with clear_errors():
    settings = snakemake.params.settings
    prepare(
        settings["architecture"], settings["weights"], Path(snakemake.output.weights), settings["url"], settings["seed"]
    )
