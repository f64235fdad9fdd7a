"""Make the MLflow store and the experiment's parent run, and write their ids as JSON."""

from emofusion import tracking
from emofusion.forkserver import in_fork

in_fork(*snakemake.config["tracking_modules"])

import json
from pathlib import Path

from emofusion.errors import clear_errors

with clear_errors(snakemake.log[0]):
    settings = tracking.Tracking(**snakemake.config["tracking"])
    store = {"enabled": False}
    if settings.enabled:
        store = tracking.initialise(settings.uri, settings.experiment, Path(settings.results))
    Path(snakemake.output.store).write_text(json.dumps(store, indent=2))
