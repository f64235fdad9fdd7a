"""Tracking: what MLflow gives back, many processes at once, killed and failing stages, a server and its loss."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd
import pytest
import requests
from mlflow import MlflowClient
from mlflow.entities import ViewType

from emofusion.errors import EmofusionError
from emofusion.plan.settings import EnsembleSettings, ModelSettings
from emofusion.settings.kinds import Network
from emofusion.settings.training import Augment, Training
from emofusion.tracking import Tracking, initialise, late_imports, open_run, tracking_uri
from emofusion.tracking.store import absolute, shown

DEADLINE = 120.0  # s until a test gives up waiting for another process


@pytest.fixture(autouse=True)
def _no_setting_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder (with a blank in its name) that holds an initialised store; tests use keys of their own."""
    folder = tmp_path_factory.mktemp("tracking") / "my results"
    initialise(tracking_uri(None, folder), "demo", folder)
    return folder


@pytest.fixture
def tracking(results: Path) -> Tracking:
    return Tracking(uri=f"sqlite:///{results}/mlflow.db", experiment="demo", results=str(results))


@pytest.fixture
def client(tracking: Tracking) -> MlflowClient:
    return MlflowClient(tracking_uri=tracking.uri)


def runs(client: MlflowClient, key: str, view: int = ViewType.ACTIVE_ONLY) -> list:
    """Runs of a key, the latest first."""
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    return list(client.search_runs(experiments, f"tags.`emofusion.key` = '{key}'", view))


def statuses(client: MlflowClient, key: str, view: int = ViewType.ACTIVE_ONLY) -> list[str]:
    return sorted(run.info.status for run in runs(client, key, view))


def wait_for(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.05)


def start(script: str, *arguments: object, cwd: Path | None = None) -> subprocess.Popen:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=cwd, env=inherited
    )


def test_the_store_is_the_setting_or_the_environment_or_a_database_in_results(monkeypatch: pytest.MonkeyPatch):
    assert tracking_uri(None, Path("results")) == "sqlite:///results/mlflow.db"
    assert tracking_uri(None, Path("/a/b")) == "sqlite:////a/b/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://tracking:5000")
    assert tracking_uri(None, Path("results")) == "http://tracking:5000"
    assert tracking_uri("http://other", Path("results")) == "http://other"


def test_what_is_logged_is_read_back(client: MlflowClient, tracking: Tracking, results: Path, tmp_path: Path):
    settings = {
        "network": {"kind": "cnn1d", "kernels": [5, 7], "weights": None, "frozen": True, "rate": 1e-4},
        "labels": {"Ärger/Wut %": "angry"},
        "empty": {},
        "blank": "",
        "long": "x" * 7000,
        "many": {f"n{i}": i for i in range(250)},
    }
    (tmp_path / "one.txt").write_text("1")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "two.txt").write_text("2")
    with open_run("model", "model-1", settings, tracking, {"clips": "clips-7", "features": "acoustic-8"}) as run:
        assert client.get_run(run.run_id).info.status == "RUNNING"
        run.log_metrics({"loss": 0.5, "val/accuracy": 0.25, "undefined": float("nan")}, step=0)
        assert client.get_run(run.run_id).data.metrics == {"loss": 0.5, "val/accuracy": 0.25}, "not live"
        run.log_metrics({"loss": 0.25, "other": float("inf")}, step=1)
        table = pd.DataFrame({"sweep": [i / 1200 for i in range(1200)]}, index=range(1200))
        run.log_metrics_table(table)
        run.log_artifact(tmp_path / "one.txt")
        run.log_artifacts(tmp_path / "folder")
        run.set_tag("protocol", "random_clips")
        with pytest.raises(FileNotFoundError):
            run.log_artifact(tmp_path / "none.txt")

    found = client.get_run(run.run_id)
    assert (found.info.status, found.info.run_name) == ("FINISHED", "model-1")
    params = found.data.params
    assert {name: value for name, value in params.items() if name.startswith("network.")} == {
        "network.kind": "cnn1d",
        "network.kernels": "[5, 7]",
        "network.weights": "null",
        "network.frozen": "true",
        "network.rate": "0.0001",
    }
    assert (params["labels.Ärger_Wut _"], params["empty"], params["blank"]) == ("angry", "{}", "")
    assert params["long"] == "x" * 5999 + "…"
    assert [params[f"many.n{i}"] for i in range(250)] == [str(i) for i in range(250)]
    tags = found.data.tags
    assert (tags["emofusion.kind"], tags["emofusion.key"], tags["protocol"]) == ("model", "model-1", "random_clips")
    assert (tags["emofusion.input.clips"], tags["emofusion.input.features"]) == ("clips-7", "acoustic-8")
    assert [(m.step, m.value) for m in client.get_metric_history(run.run_id, "loss")] == [(0, 0.5), (1, 0.25)]
    assert [m.value for m in client.get_metric_history(run.run_id, "sweep")] == table["sweep"].tolist()
    assert set(found.data.metrics) == {"loss", "val/accuracy", "sweep"}
    assert {artifact.path for artifact in client.list_artifacts(run.run_id)} == {"one.txt", "two.txt"}
    assert next((results / "mlartifacts" / "demo").rglob("two.txt")).read_text() == "2"

    parent = client.get_run(tags["mlflow.parentRunId"])
    assert (parent.data.tags["emofusion.role"], parent.info.status) == ("experiment", "FINISHED")


@dataclass
class MadeUp(Network):
    """A network with settings of several types."""

    kind: str = "made_up"
    filters: list[int] = field(default_factory=lambda: [64, 128])
    weights: str | None = None


def test_typed_settings_have_the_names_of_the_configuration(client: MlflowClient, tracking: Tracking):
    training = Training(epochs=3, learning_rate=0.001, augment=Augment(noise=0.5))
    settings = ModelSettings(MadeUp(), training, [0, 1], standardised=True)
    with open_run("model", "typed-1", settings, tracking, {}) as run:
        pass
    params = client.get_run(run.run_id).data.params
    assert {name: params[name] for name in params if name.startswith("network.")} == {
        "network.kind": "made_up",
        "network.filters": "[64, 128]",
        "network.weights": "null",
    }
    assert (params["training.augment.noise"], params["training.keep"]) == ("0.5", "best")
    assert (params["seeds"], params["standardised"]) == ("[0, 1]", "true")
    with open_run("ensemble", "typed-2", EnsembleSettings("linear", ["cnn1d", "lstm"]), tracking, {}) as run:
        pass
    assert client.get_run(run.run_id).data.params == {"pool": "linear", "members": '["cnn1d", "lstm"]'}


def test_libraries_threads_and_precision_are_tags(client: MlflowClient, tracking: Tracking):
    made_with = {"torch": "2.9.0+cpu", "scikit-learn": "1.8.0", "threads": "2", "precision": "full"}
    with open_run("model", "versions-1", {}, tracking, {}, made_with=made_with) as run:
        pass
    tags = client.get_run(run.run_id).data.tags
    assert {name: tags[name] for name in tags if name.startswith("emofusion.version.")} == {
        "emofusion.version.torch": "2.9.0+cpu",
        "emofusion.version.scikit-learn": "1.8.0",
    }
    assert (tags["emofusion.threads"], tags["emofusion.precision"]) == ("2", "full")
    found = client.search_runs(
        [experiment.experiment_id for experiment in client.search_experiments()],
        "tags.`emofusion.version.torch` = '2.9.0+cpu'",
    )
    assert [one.info.run_id for one in found] == [run.run_id]


def test_late_imports_are_those_of_the_store():
    assert "sqlalchemy.dialects.sqlite" in late_imports(Tracking(uri="sqlite:///mlflow.db"))
    assert late_imports(Tracking(uri="http://tracking:5000")) == ["emofusion.tracking.client", "mlflow.entities"]


def test_a_run_names_the_commit(client: MlflowClient, tracking: Tracking, repository: Path):
    git = subprocess.run(["git", "rev-parse", "HEAD"], cwd=repository, capture_output=True, text=True)
    if git.returncode:
        pytest.skip("the tests do not run in a Git repository")
    with open_run("model", "model-2", {}, tracking, {}) as run:
        pass
    tags = client.get_run(run.run_id).data.tags
    assert tags["mlflow.source.git.commit"] == git.stdout.strip()
    assert tags["emofusion.git.dirty"] in ("true", "false")


def test_initialise_changes_nothing_the_second_time(client: MlflowClient, tracking: Tracking, results: Path):
    first = initialise(tracking.uri, "demo", results)
    assert initialise(tracking.uri, "demo", results) == first
    assert first["uri"] == tracking.uri
    assert client.get_experiment(first["experiment_id"]).name == first["experiment"] == "demo"
    parents = client.search_runs([first["experiment_id"]], "tags.`emofusion.role` = 'experiment'", ViewType.ALL)
    assert [parent.info.run_id for parent in parents] == [first["parent_run_id"]]


def test_a_deleted_database_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)  # the default address is a relative one
    tracking = Tracking(experiment="demo", results="results")
    database = tmp_path / "results" / "mlflow.db"
    with open_run("model", "a", {}, tracking, {}) as first:
        pass
    database.unlink()
    database.with_name("mlflow.db-journal").write_bytes(b"of a process that was killed")
    database.with_name("mlflow.db.0.partial").write_bytes(b"so is this")
    with open_run("model", "a", {}, tracking, {}) as second:
        pass
    client = MlflowClient(tracking_uri=f"sqlite:///{database}")
    assert [run.info.run_id for run in runs(client, "a", ViewType.ALL)] == [second.run_id] != [first.run_id]
    assert {path.name for path in database.parent.iterdir()} == {"mlflow.db", "mlflow.db.lock"}
    assert [path.name for path in tmp_path.iterdir()] == ["results"], "MLflow left something beside the results"


def test_a_deleted_experiment_comes_back_without_its_runs(client: MlflowClient, tracking: Tracking, results: Path):
    elsewhere = replace(tracking, experiment="deleted")
    with open_run("model", "model-3", {}, elsewhere, {}):
        pass
    place = initialise(tracking.uri, "deleted", results)
    client.delete_experiment(place["experiment_id"])
    again = initialise(tracking.uri, "deleted", results)
    assert again["experiment_id"] == place["experiment_id"]
    active = client.search_runs([again["experiment_id"]])
    assert [run.info.run_id for run in active] == [again["parent_run_id"]] != [place["parent_run_id"]]


EIGHT = """
import multiprocessing, sys
from pathlib import Path
import mlflow.store.tracking.sqlalchemy_store  # once, and not eight times: it takes seconds
from emofusion.tracking import Tracking, initialise, open_run

def job(name, barrier):
    barrier.wait()
    initialise("sqlite:///results/mlflow.db", "demo", Path("results"))
    tracking = Tracking(uri="sqlite:///results/mlflow.db", experiment="demo", results="results")
    with open_run("model", f"model-{name}", {"name": name}, tracking, {}) as run:
        for step in range(20):
            run.log_metrics({"loss": 1.0 / (step + 1)}, step)

context = multiprocessing.get_context("fork")
barrier = context.Barrier(8)
jobs = [context.Process(target=job, args=(name, barrier)) for name in range(8)]
for one in jobs:
    one.start()
for one in jobs:
    one.join()
sys.exit(sum(one.exitcode != 0 for one in jobs))
"""


def test_eight_processes_open_a_fresh_database_at_once(tmp_path: Path):
    process = start(EIGHT, cwd=tmp_path)
    output = process.communicate(timeout=DEADLINE)[0]
    assert (process.returncode, output) == (0, ""), "jobs that failed, and what was said"
    client = MlflowClient(tracking_uri=f"sqlite:///{tmp_path}/results/mlflow.db")
    experiment = client.get_experiment_by_name("demo")
    found = client.search_runs([experiment.experiment_id], run_view_type=ViewType.ALL)
    parents = [run for run in found if run.data.tags.get("emofusion.role") == "experiment"]
    children = [run for run in found if "emofusion.key" in run.data.tags]
    assert (len(parents), len(children), len(found)) == (1, 8, 9)
    assert {run.data.tags["mlflow.parentRunId"] for run in children} == {parents[0].info.run_id}
    assert {run.info.status for run in children} == {"FINISHED"}
    assert all(len(client.get_metric_history(run.info.run_id, "loss")) == 20 for run in children)


STAYS = """
import sys, time
from pathlib import Path
from emofusion.tracking import Tracking, open_run
key, uri, results = sys.argv[1:]
with open_run("model", key, {}, Tracking(uri=uri, experiment="demo", results=results), {}):
    (Path(results) / f"open-{key}").touch()
    time.sleep(600)
"""


def test_a_killed_stage_and_its_repeat_leave_one_live_run(client: MlflowClient, tracking: Tracking, results: Path):
    processes = {key: start(STAYS, key, tracking.uri, results) for key in ("outright", "politely")}
    try:
        for key in processes:
            wait_for((results / f"open-{key}").exists, f"the run of {key}")
        processes["outright"].kill()
        processes["politely"].terminate()
        codes = {key: process.wait(timeout=DEADLINE) for key, process in processes.items()}
    finally:
        for process in processes.values():
            process.kill()
            process.communicate()
    assert codes == {"outright": -signal.SIGKILL, "politely": 128 + signal.SIGTERM}
    assert statuses(client, "politely") == ["KILLED"]
    assert statuses(client, "outright") == ["RUNNING"]
    for key in processes:
        with open_run("model", key, {}, tracking, {}) as run:
            assert statuses(client, key) == ["KILLED", "RUNNING"]
        assert [found.info.run_id for found in runs(client, key)] == [run.run_id]
        assert statuses(client, key) == ["FINISHED"]
        (old,) = runs(client, key, ViewType.DELETED_ONLY)
        assert (old.info.status, old.data.tags["emofusion.superseded_by"]) == ("KILLED", run.run_id)


def test_a_repeat_supersedes_the_run_of_another_experiment(client: MlflowClient, tracking: Tracking):
    with open_run("model", "shared", {}, tracking, {}):
        pass
    with open_run("model", "shared", {}, replace(tracking, experiment="other"), {}) as second:
        pass
    assert [run.info.run_id for run in runs(client, "shared")] == [second.run_id]
    assert statuses(client, "shared", ViewType.ALL) == ["FINISHED", "FINISHED"]


@pytest.mark.parametrize(
    ("error", "status"),
    [(ValueError, "FAILED"), (EmofusionError, "FAILED"), (KeyboardInterrupt, "KILLED"), (SystemExit, "KILLED")],
)
def test_a_stage_that_fails_keeps_the_result_before_it(
    client: MlflowClient, tracking: Tracking, error: type[BaseException], status: str
):
    key = f"fails-{error.__name__}"
    with open_run("model", key, {}, tracking, {}) as good:
        pass
    with pytest.raises(error), open_run("model", key, {}, tracking, {}) as bad:
        raise error("the reason")
    assert {run.info.run_id: run.info.status for run in runs(client, key)} == {
        good.run_id: "FINISHED",
        bad.run_id: status,
    }
    assert client.get_run(bad.run_id).data.tags["emofusion.error"] == f"{error.__name__}: the reason"
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    with open_run("model", key, {}, tracking, {}) as last:
        pass
    assert [run.info.run_id for run in runs(client, key)] == [last.run_id]


def test_of_two_at_once_the_later_survives(client: MlflowClient, tracking: Tracking):
    first, second = (open_run("model", "twice", {}, tracking, {}) for _ in range(2))
    with first, second as later:
        pass
    assert [run.info.run_id for run in runs(client, "twice")] == [later.run_id]
    assert statuses(client, "twice") == ["FINISHED"]


def test_switched_off_it_does_nothing_and_imports_nothing():
    script = """
import sys
from pathlib import Path
from emofusion.tracking import Tracking, late_imports, open_run
assert late_imports(Tracking(enabled=False)) == []
with open_run("model", "a", {}, Tracking(enabled=False), {}) as run:
    run.log_metrics({"loss": 1.0}, 0)
    run.log_artifact(Path(sys.executable))
    run.set_tag("a", 1)
assert run.run_id is None
heavy = {"mlflow", "sqlalchemy", "pandas", "requests"} & set(sys.modules)
assert not heavy, heavy
"""
    process = start(script)
    assert (process.communicate(timeout=DEADLINE)[0], process.returncode) == ("", 0)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """A real MLflow server in its own process group."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.uri = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
        command += ["--workers", "1", "--backend-store-uri", f"sqlite:///{folder}/server.db"]
        command += ["--artifacts-destination", str(folder / "artifacts")]
        environment = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        self.log = folder / "server.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=folder, env=environment, start_new_session=True
            )

    def answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return requests.get(f"{self.uri}/health", timeout=5).ok
        except requests.RequestException:
            return False

    def stop(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    started = Server(tmp_path)
    try:
        wait_for(started.answers, "the tracking server")
        yield started
    finally:
        started.stop()


def test_a_server_is_used_and_its_loss_survived(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.uri)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    tracking = Tracking(experiment="demo", results=str(tmp_path / "results"))
    (tmp_path / "one.txt").write_text("1")
    for _ in range(2):
        with open_run("model", "a", {"rate": 0.1}, tracking, {}) as run:
            run.log_metrics({"loss": 0.5}, 3)
            run.log_artifact(tmp_path / "one.txt")
    client = MlflowClient(tracking_uri=server.uri)
    (found,) = runs(client, "a")
    assert (found.info.run_id, found.info.status) == (run.run_id, "FINISHED")
    assert (found.data.params, found.data.metrics) == ({"rate": "0.1"}, {"loss": 0.5})
    assert [artifact.path for artifact in client.list_artifacts(run.run_id)] == ["one.txt"]
    assert not list((tmp_path / "results").rglob("*.db"))

    capfd.readouterr()
    done = []
    with open_run("model", "b", {}, tracking, {}) as run:
        run.log_metrics({"loss": 1.0}, 0)
        server.stop()
        for step in (1, 2):
            run.log_metrics({"loss": 0.5}, step)
            run.log_artifact(tmp_path / "one.txt")
            done.append(step)
    assert done == [1, 2]
    warnings = [line for line in capfd.readouterr().err.splitlines() if line.startswith("warning:")]
    assert len(warnings) == 1
    assert server.uri in warnings[0]


@pytest.mark.parametrize("setting", [None, "the setting"])
def test_a_server_that_does_not_answer_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str | None):
    uri = f"http://someone:secret@127.0.0.1:{free_port()}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    tracking = Tracking(uri=setting and uri, experiment="demo", results=str(tmp_path))
    with pytest.raises(EmofusionError) as raised, open_run("model", "a", {}, tracking, {}):
        pytest.fail("the stage must not begin")
    message = str(raised.value)
    assert shown(uri) in message
    assert "secret" not in message
    assert "tracking.uri" in message
    assert "MLFLOW_TRACKING_URI" in message


def test_a_store_that_cannot_be_used_is_named(tmp_path: Path):
    (tmp_path / "text.db").write_text("this is not a database, however long one makes it\n" * 100)
    (tmp_path / "file").touch()
    for uri in (
        f"sqlite:///{tmp_path}/text.db",
        f"sqlite:///{tmp_path}/file/mlflow.db",
        "sqlite:///:memory:",
        "gopher://127.0.0.1",
    ):
        with pytest.raises(EmofusionError, match=r"tracking\.uri") as raised:
            initialise(uri, "demo", tmp_path)
        assert uri in str(raised.value)
    assert (tmp_path / "text.db").read_text().startswith("this is not")


def test_addresses():
    assert absolute("sqlite:////a b/c%20d.db") == "sqlite:////a b/c%20d.db"
    assert absolute("sqlite:///c.db") == f"sqlite:///{Path.cwd()}/c.db"
    assert shown("postgresql://me:secret@host/db") == "postgresql://***@host/db"
    assert shown("sqlite:////a@b/c.db") == "sqlite:////a@b/c.db"
