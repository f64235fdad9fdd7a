"""What tracking needs to know."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tracking:
    """Where the runs of an experiment are tracked.

    enabled: whether they are. uri: MLflow's address, None for the default (see `store.tracking_uri`). experiment: the
    experiment's name, also in MLflow. results: folder of the results; a database and artifacts lie there by default.
    """

    enabled: bool = True
    uri: str | None = None
    experiment: str = ""
    results: str = "results"
