"""Reads a corpus in its native form; opens every file once; writes the clip table."""

from emofusion.forkserver import in_fork

in_fork()

from pathlib import Path

from emofusion.corpora import read_corpus
from emofusion.errors import clear_errors
from emofusion.tables import CLIPS, write_table

with clear_errors(snakemake.log[0]):
    unpacked = Path(snakemake.output.clips).parent / "unpacked"
    write_table(read_corpus(snakemake.params.settings, unpacked), snakemake.output.clips, CLIPS)
