"""Fetches or reads the pretrained weights of a backbone; checks that they fit it; writes them as safetensors."""

from pathlib import Path

from emofusion.face.weights import prepare
from emofusion.messages import clear_errors

with clear_errors():
    settings = snakemake.params.settings
    prepare(settings["architecture"], settings["weights"], Path(snakemake.output.weights), settings["url"])
