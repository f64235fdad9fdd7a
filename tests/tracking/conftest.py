"""A store and the sender, as the tests of tracking share them."""

import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from mlflow import MlflowClient
from mlflow.entities import ViewType

from emofusion.tracking import Tracking
from emofusion.tracking.journal import Journals
from emofusion.tracking.sender import Sender
from emofusion.tracking.store import initialise

DEADLINE = 120.0  # s until a test gives up waiting for another process


@pytest.fixture(autouse=True)
def _no_setting_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder (with a blank in its name) that holds an initialised store; tests use keys of their own."""
    folder = tmp_path_factory.mktemp("tracking") / "my results"
    initialise(f"sqlite:///{folder}/mlflow.db", "demo", folder)
    return folder


@pytest.fixture
def tracking(results: Path) -> Tracking:
    return Tracking(uri=f"sqlite:///{results}/mlflow.db", experiment="demo", results=str(results))


@pytest.fixture
def client(tracking: Tracking) -> MlflowClient:
    return MlflowClient(tracking_uri=tracking.uri)


def send(tracking: Tracking, seconds: float = DEADLINE) -> bool:
    """Send what the journals have now; whether all of it is sent."""
    sender, end = Sender(tracking), time.monotonic() + seconds
    sender.finish()
    return sender.run(until=lambda: time.monotonic() > end)


def journals(tracking: Tracking) -> list[Path]:
    return [journal.path for journal in Journals(tracking.journals, tracking.store).present()]


def runs(client: MlflowClient, key: str, view: int = ViewType.ACTIVE_ONLY) -> list:
    """Runs of a key, the latest first."""
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    return list(client.search_runs(experiments, f"tags.`emofusion.key` = '{key}'", view))


def statuses(client: MlflowClient, key: str, view: int = ViewType.ACTIVE_ONLY) -> list[str]:
    return sorted(run.info.status for run in runs(client, key, view))


def points(client: MlflowClient, run_id: str, metric: str) -> list[tuple[int, float]]:
    """Step and value of all points of a metric, in the order of the steps."""
    return sorted((point.step, point.value) for point in client.get_metric_history(run_id, metric))


def start(script: str, *arguments: object, cwd: Path | None = None) -> subprocess.Popen:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=cwd, env=inherited
    )


@pytest.fixture(scope="session")
def tools() -> SimpleNamespace:
    """The functions above."""
    return SimpleNamespace(
        send=send, journals=journals, runs=runs, statuses=statuses, points=points, start=start, deadline=DEADLINE
    )
