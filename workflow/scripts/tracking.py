"""Make the MLflow store and the experiment's parent run, and send the journals that are not sent yet."""

from emofusion.errors import clear_errors, tell
from emofusion.tracking import Tracking
from emofusion.tracking.sender import send_rest

with clear_errors(snakemake.log[0]):
    tell(send_rest(Tracking(**snakemake.config["tracking"])))
