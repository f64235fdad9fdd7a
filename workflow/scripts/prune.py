"""Read the plans that the command line names, list the results that none of them needs, and delete them on request."""

from pathlib import Path

from emofusion.errors import clear_errors, tell
from emofusion.plan.prune import prune

with clear_errors(snakemake.log[0]):
    for line in prune(list(map(Path, snakemake.params.plans)), Path("results"), snakemake.params.delete):
        tell(line)
