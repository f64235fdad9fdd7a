"""Reads nothing; generates a corpus of made-up people in a corpus's native layout; writes its folder."""

from emofusion.forkserver import in_fork

in_fork()

from pathlib import Path

from emofusion.corpora.demo import generate
from emofusion.errors import clear_errors

with clear_errors(snakemake.log[0]):
    generate(snakemake.params.settings, Path(snakemake.output.corpus))
