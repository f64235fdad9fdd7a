"""Track stages and cells as runs in MLflow.

Jobs write journals (`jobs`, `cells`, `run`, `journal`). One process for each workflow sends them to MLflow (`sender`,
`delivery`). Only that process imports MLflow. An experiment of emofusion is an experiment in MLflow with one parent
run. Each stage that was executed is a child run, with the stage's key as the tag `emofusion.key`.
"""

from emofusion.tracking.address import tracking_uri
from emofusion.tracking.check import check_store
from emofusion.tracking.process import SenderProcess, left_over
from emofusion.tracking.run import Run, open_run
from emofusion.tracking.settings import Tracking

__all__ = ["Run", "SenderProcess", "Tracking", "check_store", "left_over", "open_run", "tracking_uri"]
