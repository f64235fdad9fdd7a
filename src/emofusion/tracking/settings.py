"""The settings of tracking."""

from dataclasses import dataclass
from pathlib import Path

from emofusion.tracking.address import tracking_uri


@dataclass(frozen=True)
class Tracking:
    """Where the runs of an experiment are tracked.

    enabled: whether runs are tracked. uri: MLflow's address; None for the default (see `address.tracking_uri`).
    experiment: the experiment's name, also in MLflow. results: the folder of the results; by default the database and
    the artifacts are in it. patience: how long a finished workflow waits for the store, in seconds.
    """

    enabled: bool = True
    uri: str | None = None
    experiment: str = ""
    results: str = "results"
    patience: float = 60.0

    @property
    def store(self) -> str:
        """The address of the store."""
        return tracking_uri(self.uri, Path(self.results))

    @property
    def journals(self) -> Path:
        """The folder of the journals that jobs write."""
        return Path(self.results) / "tracking" / "journal"
