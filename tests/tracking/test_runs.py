"""What jobs log is what MLflow gives back; killed, failing and repeated stages."""

import signal
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import ViewType

from emofusion.errors import EmofusionError
from emofusion.plan.settings import EnsembleSettings, ModelSettings
from emofusion.settings.kinds import Network
from emofusion.settings.training import Augment, Training
from emofusion.tracking import Tracking, open_run
from emofusion.tracking.store import initialise


def test_what_is_logged_is_read_back(tools, client: MlflowClient, tracking: Tracking, results: Path, tmp_path: Path):
    settings = {
        "network": {"kind": "cnn1d", "kernels": [5, 7], "weights": None, "frozen": True, "rate": 1e-4},
        "labels": {"Ärger/Wut %": "angry"},
        "empty": {},
        "blank": "",
        "long": "x" * 7000,
        "many": {f"n{i}": i for i in range(250)},
    }
    (tmp_path / "one.txt").write_text("1")
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    (tmp_path / "folder" / "two.txt").write_text("2")
    (tmp_path / "folder" / "inner" / "three.txt").write_text("3")
    with open_run("model", "model-1", settings, tracking, {"clips": "clips-7", "features": "acoustic-8"}) as run:
        run.log_metrics({"loss": 0.5, "val/accuracy": 0.25, "undefined": float("nan")}, step=0)
        assert tools.send(tracking)
        (live,) = tools.runs(client, "model-1")
        assert live.info.status == "RUNNING"
        assert live.data.metrics == {"loss": 0.5, "val/accuracy": 0.25}, "not live"
        run.log_metrics({"loss": 0.25, "other": float("inf")}, step=1)
        table = pd.DataFrame({"sweep": [i / 1200 for i in range(1200)]}, index=range(1200))
        run.log_metrics_table(table)
        run.log_artifact(tmp_path / "one.txt")
        run.log_artifacts(tmp_path / "folder")
        run.set_tag("protocol", "random_clips")
        with pytest.raises(FileNotFoundError):
            run.log_artifact(tmp_path / "none.txt")
    assert tools.send(tracking)

    (found,) = tools.runs(client, "model-1")
    run_id = found.info.run_id
    assert run_id == live.info.run_id
    assert (found.info.status, found.info.run_name) == ("FINISHED", "model-1")
    assert 0 <= found.info.end_time - found.info.start_time < 120_000
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
    assert tools.points(client, run_id, "loss") == [(0, 0.5), (1, 0.25)]
    assert tools.points(client, run_id, "sweep") == list(enumerate(table["sweep"]))
    assert set(found.data.metrics) == {"loss", "val/accuracy", "sweep"}
    assert {artifact.path for artifact in client.list_artifacts(run_id)} == {"one.txt", "two.txt", "inner"}
    stored = next((results / "mlartifacts" / "demo").rglob("two.txt"))
    assert stored.read_text() == "2"
    assert stored.samefile(tmp_path / "folder" / "two.txt"), "a hard link and no copy"

    parent = client.get_run(tags["mlflow.parentRunId"])
    assert (parent.data.tags["emofusion.role"], parent.info.status) == ("experiment", "FINISHED")
    assert tools.journals(tracking) == [], "what is sent is deleted"


@dataclass
class MadeUp(Network):
    """A network with settings of several types."""

    kind: str = "made_up"
    filters: list[int] = field(default_factory=lambda: [64, 128])
    weights: str | None = None


def test_typed_settings_have_the_names_of_the_configuration(tools, client: MlflowClient, tracking: Tracking):
    training = Training(epochs=3, learning_rate=0.001, augment=Augment(noise=0.5))
    settings = ModelSettings(MadeUp(), training, [0, 1], standardised=True)
    with open_run("model", "typed-1", settings, tracking, {}):
        pass
    with open_run("ensemble", "typed-2", EnsembleSettings("linear", ["cnn1d", "lstm"]), tracking, {}):
        pass
    tools.send(tracking)
    (run,) = tools.runs(client, "typed-1")
    params = run.data.params
    assert {name: params[name] for name in params if name.startswith("network.")} == {
        "network.kind": "made_up",
        "network.filters": "[64, 128]",
        "network.weights": "null",
    }
    assert (params["training.augment.noise"], params["training.keep"]) == ("0.5", "best")
    assert (params["seeds"], params["standardised"]) == ("[0, 1]", "true")
    (run,) = tools.runs(client, "typed-2")
    assert run.data.params == {"pool": "linear", "members": '["cnn1d", "lstm"]'}


def test_libraries_threads_and_precision_are_tags(tools, client: MlflowClient, tracking: Tracking):
    made_with = {"torch": "2.9.0+cpu", "scikit-learn": "1.8.0", "threads": "2", "precision": "full"}
    with open_run("model", "versions-1", {}, tracking, {}, made_with=made_with):
        pass
    tools.send(tracking)
    (run,) = tools.runs(client, "versions-1")
    tags = run.data.tags
    assert {name: tags[name] for name in tags if name.startswith("emofusion.version.")} == {
        "emofusion.version.torch": "2.9.0+cpu",
        "emofusion.version.scikit-learn": "1.8.0",
    }
    assert (tags["emofusion.threads"], tags["emofusion.precision"]) == ("2", "full")
    found = client.search_runs(
        [experiment.experiment_id for experiment in client.search_experiments()],
        "tags.`emofusion.version.torch` = '2.9.0+cpu'",
    )
    assert [one.info.run_id for one in found] == [run.info.run_id]


def test_a_run_names_the_commit(tools, client: MlflowClient, tracking: Tracking, repository: Path):
    git = subprocess.run(["git", "rev-parse", "HEAD"], cwd=repository, capture_output=True, text=True)
    if git.returncode:
        pytest.skip("the tests do not run in a Git repository")
    with open_run("model", "model-2", {}, tracking, {}):
        pass
    tools.send(tracking)
    (run,) = tools.runs(client, "model-2")
    assert run.data.tags["mlflow.source.git.commit"] == git.stdout.strip()
    assert run.data.tags["emofusion.git.dirty"] in ("true", "false")


def test_a_deleted_experiment_comes_back_without_its_runs(
    tools, client: MlflowClient, tracking: Tracking, results: Path
):
    with open_run("model", "model-3", {}, replace(tracking, experiment="deleted"), {}):
        pass
    tools.send(tracking)
    place = initialise(tracking.uri, "deleted", results)
    client.delete_experiment(place["experiment_id"])
    again = initialise(tracking.uri, "deleted", results)
    assert again["experiment_id"] == place["experiment_id"]
    active = client.search_runs([again["experiment_id"]])
    assert [run.info.run_id for run in active] == [again["parent_run_id"]] != [place["parent_run_id"]]


STAYS = """
import sys, time
from pathlib import Path
from emofusion.tracking import Tracking, open_run
key, uri, results = sys.argv[1:]
with open_run("model", key, {}, Tracking(uri=uri, experiment="demo", results=results), {}):
    (Path(results) / f"open-{key}").touch()
    time.sleep(600)
"""


def test_a_killed_stage_and_its_repeat_leave_one_live_run(
    tools, wait_for, client: MlflowClient, tracking: Tracking, results: Path
):
    processes = {key: tools.start(STAYS, key, tracking.uri, results) for key in ("outright", "politely")}
    try:
        for key in processes:
            wait_for((results / f"open-{key}").exists, f"the run of {key}")
        processes["outright"].kill()
        processes["politely"].terminate()
        codes = {key: process.wait(timeout=tools.deadline) for key, process in processes.items()}
    finally:
        for process in processes.values():
            process.kill()
            process.communicate()
    tools.send(tracking)
    assert codes == {"outright": -signal.SIGKILL, "politely": 128 + signal.SIGTERM}
    assert tools.statuses(client, "politely") == ["KILLED"]
    assert tools.statuses(client, "outright") == ["RUNNING"]
    for key in processes:
        with open_run("model", key, {}, tracking, {}):
            tools.send(tracking)
            assert tools.statuses(client, key) == ["KILLED", "RUNNING"]
        tools.send(tracking)
        (new,) = tools.runs(client, key)
        assert new.info.status == "FINISHED"
        (old,) = tools.runs(client, key, ViewType.DELETED_ONLY)
        assert (old.info.status, old.data.tags["emofusion.superseded_by"]) == ("KILLED", new.info.run_id)
    assert tools.journals(tracking) == [], "the journal of the killed job has gone with its run"


def test_a_repeat_supersedes_the_run_of_another_experiment(tools, client: MlflowClient, tracking: Tracking):
    with open_run("model", "shared", {}, tracking, {}):
        pass
    tools.send(tracking)
    (first,) = tools.runs(client, "shared")
    with open_run("model", "shared", {}, replace(tracking, experiment="other"), {}):
        pass
    tools.send(tracking)
    (second,) = tools.runs(client, "shared")
    assert second.info.experiment_id != first.info.experiment_id
    assert tools.statuses(client, "shared", ViewType.ALL) == ["FINISHED", "FINISHED"]


@pytest.mark.parametrize(
    ("error", "status"),
    [(ValueError, "FAILED"), (EmofusionError, "FAILED"), (KeyboardInterrupt, "KILLED"), (SystemExit, "KILLED")],
)
@pytest.mark.parametrize("away", [False, True], ids=["live", "sent later"])
def test_a_stage_that_fails_keeps_the_result_before_it(
    tools, client: MlflowClient, tracking: Tracking, error: type[BaseException], status: str, away: bool
):
    key = f"fails-{error.__name__}-{away}"
    with open_run("model", key, {}, tracking, {}):
        pass
    if not away:
        tools.send(tracking)
    with pytest.raises(error), open_run("model", key, {}, tracking, {}):
        raise error("the reason")
    tools.send(tracking)
    bad, good = tools.runs(client, key)
    assert (good.info.status, bad.info.status) == ("FINISHED", status)
    assert bad.data.tags["emofusion.error"] == f"{error.__name__}: the reason"
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    with open_run("model", key, {}, tracking, {}):
        pass
    tools.send(tracking)
    assert tools.statuses(client, key) == ["FINISHED"]
    assert tools.statuses(client, key, ViewType.DELETED_ONLY) == sorted(["FINISHED", status])


def test_of_two_at_once_the_later_survives(tools, client: MlflowClient, tracking: Tracking):
    first, second = (open_run("model", "twice", {}, tracking, {"number": number}) for number in ("1", "2"))
    with first:
        tools.send(tracking)
        with second:
            tools.send(tracking)
    tools.send(tracking)
    (later,) = tools.runs(client, "twice")
    assert (later.info.status, later.data.tags["emofusion.input.number"]) == ("FINISHED", "2")


def test_switched_off_it_does_nothing_and_jobs_import_nothing(tools, tmp_path: Path):
    script = """
import sys
from pathlib import Path
from emofusion.tracking import Tracking, open_run
for enabled in (False, True):
    with open_run("model", "a", {}, Tracking(enabled, None, "demo", sys.argv[1]), {}) as run:
        run.log_metrics({"loss": 1.0}, 0)
        run.log_artifact(Path(sys.executable))
        run.set_tag("a", 1)
    assert len(list(Path(sys.argv[1]).rglob("*.jsonl"))) == enabled
heavy = {"mlflow", "sqlalchemy", "pandas", "requests", "psutil"} & set(sys.modules)
assert not heavy, heavy
"""
    process = tools.start(script, tmp_path)
    assert (process.communicate(timeout=tools.deadline)[0], process.returncode) == ("", 0)
