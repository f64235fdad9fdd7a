"""Pack the fused model of an experiment with its model card, and register it in MLflow."""

from pathlib import Path

from emofusion.errors import clear_errors, tell
from emofusion.plan.plan_file import PlanFile
from emofusion.scoring.register import register
from emofusion.tracking import Tracking

with clear_errors(snakemake.log[0]):
    where = snakemake.config["job"]
    plan = PlanFile(Path(where["plan"]))
    for line in register(plan, Path(where["results"]), Tracking(**snakemake.config["tracking"])):
        tell(line)
