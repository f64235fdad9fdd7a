"""Reads a clip table and its recordings; computes the features of each clip; writes them as one array and its index."""

from emofusion.forkserver import in_fork
from emofusion.plan.stages import MODULES

in_fork(*MODULES["features"][snakemake.params.settings["kind"]])

from pathlib import Path

from emofusion.errors import clear_errors
from emofusion.features.common.feature_set import extract
from emofusion.tables import CLIPS, read_table

with clear_errors(snakemake.log[0]):
    clips = read_table(snakemake.input.corpus, CLIPS)
    extract(clips, snakemake.params.settings, Path(snakemake.output.features).parent, workers=snakemake.threads)
