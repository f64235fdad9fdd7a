"""Reads the clip tables of a protocol's corpora; gives each clip its part in each fold; writes the split."""

from emofusion.forkserver import in_fork

in_fork()

import pandas as pd

from emofusion.errors import clear_errors
from emofusion.protocols.common.split import make_split
from emofusion.tables import CLIPS, SPLIT, read_table, write_table

with clear_errors(snakemake.log[0]):
    clips = pd.concat([read_table(path, CLIPS) for path in snakemake.input.corpora], ignore_index=True)
    split, left_out = make_split(clips, **snakemake.params.settings)
    left_out.to_csv(snakemake.output.left_out, index=False)
    write_table(split, snakemake.output.split, SPLIT)
