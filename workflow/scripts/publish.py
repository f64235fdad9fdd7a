"""Reads one report; copies it to where people look for it, with the settings and stages that it was made from."""

import json
import shutil
from pathlib import Path

from emofusion.errors import clear_errors

with clear_errors(snakemake.log[0]):
    report, place = Path(snakemake.input.report), Path(snakemake.output.provenance).parent
    # what an earlier setting left here and this one does not make would be taken for this one's
    for old in [path for path in place.iterdir() if path.is_file()]:
        old.unlink()
    for file in [path for path in report.iterdir() if not path.name.startswith(".")]:  # Snakemake's own mark
        shutil.copyfile(file, place / file.name)
    Path(snakemake.output.provenance).write_text(json.dumps(snakemake.params.provenance, indent=2))
