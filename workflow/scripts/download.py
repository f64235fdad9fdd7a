"""Reads nothing; fetches the files that a corpus's root lacks into it, with checksums; writes a receipt."""

import json
from pathlib import Path

from emofusion.corpora.common.zenodo import download
from emofusion.errors import clear_errors

# No log file: the progress bar is for the person who waits.
with clear_errors():
    settings = snakemake.params.settings
    receipt = download(settings, settings["media"], Path(settings["root"]))
    Path(snakemake.output.receipt).write_text(json.dumps(receipt, indent=2))
