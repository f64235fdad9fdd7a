"""The settings of tracking."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tracking:
    """Where the runs of an experiment are tracked.

    enabled: whether runs are tracked. uri: MLflow's address; None for the default (see `store.tracking_uri`).
    experiment: the experiment's name, also in MLflow. results: the folder of the results; by default the database and
    the artifacts are in it.
    """

    enabled: bool = True
    uri: str | None = None
    experiment: str = ""
    results: str = "results"
