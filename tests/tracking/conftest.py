"""A store and the sender, as the tests of tracking share them."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from mlflow import MlflowClient
from mlflow.entities import ViewType

from emofusion.tracking import Tracking, open_run
from emofusion.tracking.journal import Journals
from emofusion.tracking.sender import Sender
from emofusion.tracking.store import initialise
from emofusion.whole_files import write_whole

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


def client_of(tracking: Tracking) -> MlflowClient:
    return MlflowClient(tracking_uri=tracking.store, registry_uri=tracking.store)


def track(tracking: Tracking, key: str) -> None:
    """A run with one artifact, a file in the results whose content is the key."""
    file = Path(tracking.results) / "model" / key / "one.txt"
    write_whole(file, key)
    with open_run("model", key, {}, tracking, {}) as run:
        run.log_artifact(file)


def copied(tracking: Tracking, folder: Path) -> Tracking:
    """A copy of a folder of results, as `cp -a` makes it."""
    shutil.copytree(tracking.results, folder, symlinks=True)
    return replace(tracking, results=str(folder))


def moved(tracking: Tracking, folder: Path) -> Tracking:
    """A folder of results under another name."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    Path(tracking.results).rename(folder)
    return replace(tracking, results=str(folder))


def content(folder: Path) -> dict[str, tuple[bytes, int]]:
    """The content and the time of each file in a folder."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def original(tmp_path: Path, mlflow_database: Path) -> Tracking:
    """A folder of results with its own database, in which is no run yet."""
    results = tmp_path / "the original" / "results"
    results.mkdir(parents=True)
    shutil.copy(mlflow_database, results / "mlflow.db")
    return Tracking(experiment="demo", results=str(results))


@pytest.fixture
def shared(original: Tracking, tmp_path: Path, mlflow_database: Path) -> Tracking:
    """The same folder, which tracks in a database that several folders share."""
    shutil.copy(mlflow_database, tmp_path / "shared.db")
    return replace(original, uri=f"sqlite:///{tmp_path}/shared.db")


@pytest.fixture(scope="session")
def tools() -> SimpleNamespace:
    """The functions above."""
    return SimpleNamespace(
        send=send,
        journals=journals,
        runs=runs,
        statuses=statuses,
        points=points,
        start=start,
        deadline=DEADLINE,
        client_of=client_of,
        track=track,
        copied=copied,
        moved=moved,
        content=content,
    )
