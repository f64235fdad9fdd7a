"""Track every stage as a run in MLflow. Only this folder imports MLflow, and only when a store is opened.

An experiment of emofusion is an experiment in MLflow with one parent run. Each stage that was executed is a child run,
with the stage's key as the tag `emofusion.key`. `lifecycle` explains what happens to earlier runs of the same key.
"""

from emofusion.tracking.lifecycle import open_run
from emofusion.tracking.run import Run
from emofusion.tracking.settings import Tracking
from emofusion.tracking.store import initialise, late_imports, tracking_uri

__all__ = ["Run", "Tracking", "initialise", "late_imports", "open_run", "tracking_uri"]
