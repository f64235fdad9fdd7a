"""Reads a clip table and its recordings; computes the features of each clip; writes them as one array and its index."""

from emofusion.forkserver import in_fork
from emofusion.stages import MODULES

in_fork(*MODULES["features"][snakemake.params.settings["kind"]])

from pathlib import Path

from emofusion.features import extract
from emofusion.messages import clear_errors
from emofusion.tables import CLIPS, read_table

with clear_errors(snakemake.log[0]):
    clips = read_table(snakemake.input.corpus, CLIPS)
    extract(clips, snakemake.params.settings, Path(snakemake.output.features).parent, workers=snakemake.threads)
