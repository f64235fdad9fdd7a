"""Reads nothing; makes the MLflow store and the experiment's parent run; writes their ids as JSON."""

from emofusion import tracking
from emofusion.forkserver import in_fork

in_fork(*snakemake.config["tracking_modules"])

import json
from pathlib import Path

from emofusion.errors import clear_errors

with clear_errors(snakemake.log[0]):
    settings = tracking.Tracking(**snakemake.config["tracking"])
    made = {"enabled": False}
    if settings.enabled:
        made = tracking.initialise(settings.uri, settings.experiment, Path(settings.results))
    Path(snakemake.output.store).write_text(json.dumps(made, indent=2))
