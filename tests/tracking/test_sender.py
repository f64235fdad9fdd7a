"""The sender: stores that go away, senders that are killed, many jobs at once. Nothing is lost, nothing comes twice."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import ViewType

from emofusion.forkserver import ADDRESS
from emofusion.tracking import SenderProcess, Tracking, open_run
from emofusion.tracking.journal import Journal, Journals, unsent
from emofusion.tracking.sender import Sender, send_rest
from emofusion.whole_files import write_whole

EPOCHS = 30


def epochs(run, first: int = 0, last: int = EPOCHS) -> None:
    for step in range(first, last):
        run.log_metrics({"loss": 1 / (step + 1), "accuracy": step / EPOCHS}, step)


def expected(metric: str) -> list[tuple[int, float]]:
    values = {"loss": [1 / (step + 1) for step in range(EPOCHS)], "accuracy": [step / EPOCHS for step in range(EPOCHS)]}
    return list(enumerate(values[metric]))


def check_whole(tools, client: MlflowClient, key: str) -> None:
    """There is one run of the key, with every point once, and it has ended."""
    (run,) = tools.runs(client, key, ViewType.ALL)
    assert run.info.status == "FINISHED"
    for metric in ("loss", "accuracy"):
        assert tools.points(client, run.info.run_id, metric) == expected(metric)


@pytest.fixture
def fresh(tmp_path: Path, mlflow_database: Path) -> Tracking:
    """A store without a run, in a folder of results of its own."""
    shutil.copy(mlflow_database, tmp_path / "mlflow.db")
    return Tracking(uri=f"sqlite:///{tmp_path}/mlflow.db", experiment="demo", results=str(tmp_path), patience=60)


@pytest.fixture
def database(fresh: Tracking) -> MlflowClient:
    return MlflowClient(tracking_uri=fresh.uri)


def test_a_server_that_was_away_gets_everything_once(tools, wait_for, mlflow_server, tmp_path: Path, capfd):
    tracking = Tracking(uri=mlflow_server.uri, experiment="demo", results=str(tmp_path / "results"))
    client = MlflowClient(tracking_uri=mlflow_server.uri)
    (tmp_path / "one.txt").write_text("1")
    sender = SenderProcess(tracking)

    def arrived() -> int:
        found = tools.runs(client, "a")
        return len(tools.points(client, found[0].info.run_id, "loss")) if found else 0

    with open_run("model", "a", {"rate": 0.1}, tracking, {}) as run:
        epochs(run, 0, 10)
        wait_for(lambda: arrived() == 10, "the points before the outage")
        mlflow_server.stop()
        epochs(run, 10, 20)
        wait_for(lambda: "failed" in (tmp_path / "results/logs/tracking.log").read_text(), "the sender's warning")
        mlflow_server.start()
        epochs(run, 20, 30)
        run.log_artifact(tmp_path / "one.txt")
    assert sender.finish().runs == 0
    check_whole(tools, client, "a")
    (run,) = tools.runs(client, "a")
    assert run.data.params == {"rate": "0.1"}
    assert [artifact.path for artifact in client.list_artifacts(run.info.run_id)] == ["one.txt"]
    said = capfd.readouterr().err
    assert said.count("warning:") == 1 and mlflow_server.uri in said and "answers again" in said
    assert not list((tmp_path / "results").rglob("*.db"))


def test_what_a_dead_server_did_not_get_is_counted_and_sent_later(tools, mlflow_server, tmp_path: Path):
    tracking = Tracking(uri=mlflow_server.uri, experiment="demo", results=str(tmp_path / "results"), patience=2)
    mlflow_server.stop()
    sender = SenderProcess(tracking)
    (tmp_path / "one.txt").write_text("1")
    for key in ("a", "b"):
        with open_run("model", key, {}, tracking, {}) as run:
            epochs(run)
            run.log_artifact(tmp_path / "one.txt")
    assert str(sender.finish()) == "2 runs, 120 points, 2 artifacts"
    mlflow_server.start()
    assert send_rest(Tracking(**asdict(tracking) | {"patience": 60})).startswith("tracking: sent 2 runs, 120 points")
    client = MlflowClient(tracking_uri=mlflow_server.uri)
    for key in ("a", "b"):
        check_whole(tools, client, key)
    assert send_rest(tracking) == "tracking: nothing is left to send"


@pytest.mark.parametrize("step", [0, 1, 2], ids=["run opened", "points sent", "all sent"])
def test_a_sender_that_is_killed_before_it_notes_what_it_did_does_nothing_twice(
    tools, step: int, fresh: Tracking, database: MlflowClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    (tmp_path / "one.txt").write_text("1")
    with open_run("model", "a", {"rate": 1}, fresh, {}) as run:
        epochs(run)
        run.log_artifact(tmp_path / "one.txt")
        run.set_tag("more", "yes")
    steps = iter(range(3))

    def dies_at_step(act):
        def dies(*given):
            if next(steps) == step:
                raise SystemExit("killed")
            return act(*given)

        return dies

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "write_sent", dies_at_step(Journal.write_sent))
        patch.setattr(Journal, "delete", dies_at_step(Journal.delete))
        with pytest.raises(SystemExit):
            tools.send(fresh)
    (run,) = tools.runs(database, "a")
    assert len(tools.points(database, run.info.run_id, "loss")) == (EPOCHS if step else 0)
    assert tools.send(fresh)
    check_whole(tools, database, "a")
    (after,) = tools.runs(database, "a")
    assert after.info.run_id == run.info.run_id and after.data.tags["more"] == "yes"
    assert list(fresh.journals.iterdir()) == []


def test_a_killed_sender_is_followed_by_one_that_goes_on(tools, wait_for, fresh: Tracking, database: MlflowClient):
    keys = [f"key-{number}" for number in range(40)]
    for key in keys:
        with open_run("model", key, {}, fresh, {}) as run:
            epochs(run)
    sender = subprocess.Popen([sys.executable, "-m", "emofusion.tracking.sender"], stdin=subprocess.PIPE, text=True)
    try:
        sender.stdin.write(f"{json.dumps(asdict(fresh))}\n")
        sender.stdin.flush()
        wait_for(lambda: len(tools.journals(fresh)) < 35, "the first runs")
    finally:
        sender.kill()
        sender.communicate()
    left = unsent(fresh.journals, fresh.store)
    assert 0 < left.runs < 35
    assert SenderProcess(fresh).finish().runs == 0
    for key in keys:
        check_whole(tools, database, key)


MAIN = """
import json, sys, time
from emofusion.forkserver import ADDRESS
from emofusion.tracking import SenderProcess, Tracking
sender = SenderProcess(Tracking(**json.loads(sys.argv[1])))
print(sender._process.pid, flush=True)
time.sleep(600)
"""


def test_the_sender_ends_with_the_process_that_started_it(tools, wait_for, fresh: Tracking):
    main = tools.start(MAIN, json.dumps(asdict(fresh)))
    try:
        pid = int(main.stdout.readline())
        os.kill(pid, 0)
    finally:
        main.send_signal(signal.SIGKILL)
        main.communicate()

    def is_gone() -> bool:
        try:  # where nobody waits for it, it stays as a zombie
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return True

    wait_for(is_gone, "the end of the sender")


JOBS = """
import json, multiprocessing, sys
from emofusion.tracking import Tracking, open_run
tracking = Tracking(**json.loads(sys.argv[1]))

def job(name, barrier):
    barrier.wait()
    for attempt in range(3):
        with open_run("model", f"model-{name}-{attempt}", {"name": name}, tracking, {}) as run:
            for step in range(30):
                run.log_metrics({"loss": 1.0 / (step + 1), "accuracy": step / 30}, step)

context = multiprocessing.get_context("fork")
barrier = context.Barrier(8)
jobs = [context.Process(target=job, args=(name, barrier)) for name in range(8)]
for one in jobs:
    one.start()
for one in jobs:
    one.join()
sys.exit(sum(one.exitcode != 0 for one in jobs))
"""


@pytest.mark.parametrize("store", ["sqlite", "server"])
def test_eight_jobs_at_once_lose_nothing(tools, store: str, fresh: Tracking, request: pytest.FixtureRequest):
    tracking = fresh
    if store == "server":
        tracking = Tracking(**asdict(fresh) | {"uri": request.getfixturevalue("mlflow_server").uri})
    senders = [SenderProcess(tracking) for _ in range(2)]  # of two workflows in the same folder
    jobs = tools.start(JOBS, json.dumps(asdict(tracking)))
    output = jobs.communicate(timeout=tools.deadline)[0]
    assert (jobs.returncode, output) == (0, "")
    assert [sender.finish().runs for sender in senders] == [0, 0]
    client = MlflowClient(tracking_uri=tracking.uri)
    experiment = client.get_experiment_by_name("demo")
    found = client.search_runs([experiment.experiment_id], run_view_type=ViewType.ALL)
    parents = [run for run in found if run.data.tags.get("emofusion.role") == "experiment"]
    children = [run for run in found if "emofusion.key" in run.data.tags]
    assert (len(parents), len(children), len(found)) == (1, 24, 25)
    assert {run.data.tags["mlflow.parentRunId"] for run in children} == {parents[0].info.run_id}
    for run in children:
        check_whole(tools, client, run.data.tags["emofusion.key"])


def test_journals_of_another_store_wait_for_it(tools, fresh: Tracking, database: MlflowClient, tmp_path: Path):
    other = Tracking(**asdict(fresh) | {"uri": f"sqlite:///{tmp_path}/other.db"})
    for tracking in (fresh, other):
        with open_run("model", "a", {}, tracking, {}) as run:
            epochs(run)
    assert tools.send(fresh)
    check_whole(tools, database, "a")
    assert not (tmp_path / "other.db").exists()
    assert unsent(other.journals, other.store).points == 2 * EPOCHS
    assert tools.send(other)
    check_whole(tools, MlflowClient(tracking_uri=other.uri), "a")


def test_a_run_that_has_gone_from_the_store_is_sent_again_from_its_beginning(
    tools, fresh: Tracking, database: MlflowClient, tmp_path: Path
):
    with open_run("model", "a", {}, fresh, {}) as run:
        epochs(run, 0, 20)
        assert tools.send(fresh)
        (tmp_path / "mlflow.db").unlink()
        epochs(run, 20)
    assert tools.send(fresh)
    check_whole(tools, database, "a")


def test_a_run_that_is_deleted_by_hand_gets_nothing_more_and_holds_nobody_back(
    tools, fresh: Tracking, database: MlflowClient
):
    with open_run("model", "a", {}, fresh, {}) as run:
        epochs(run, 0, 20)
        assert tools.send(fresh)
        database.delete_run(tools.runs(database, "a")[0].info.run_id)
        epochs(run, 20)
    with open_run("model", "b", {}, fresh, {}) as run:
        epochs(run)
    assert tools.send(fresh)
    check_whole(tools, database, "b")
    assert tools.runs(database, "a") == [] and tools.journals(fresh) == []


def test_what_mlflow_refuses_and_what_cannot_be_read_is_told_and_holds_nobody_back(
    tools, fresh: Tracking, database: MlflowClient, capsys
):
    with open_run("model", "refused", {}, fresh, {}) as run:
        run.log_metrics({"loss #1": 1.0}, 0)  # MLflow allows no such name
    with open_run("model", "broken", {}, fresh, {}) as run:
        pass
    with run.journal.open("a") as file:
        file.write("{not json\n")
    with open_run("model", "whole", {}, fresh, {}) as run:
        epochs(run)
    assert not tools.send(fresh)
    check_whole(tools, database, "whole")
    said = capsys.readouterr().err
    assert "refuses a part of model-refused" in said and "model-broken" in said
    assert [path.name.partition(".")[0] for path in tools.journals(fresh)] == ["model-broken"]


def test_a_file_that_has_gone_is_told_and_the_rest_is_sent(tools, fresh: Tracking, database, tmp_path: Path, capsys):
    with open_run("model", "a", {}, fresh, {}) as run:
        for name in ("gone.txt", "here.txt"):
            (tmp_path / name).write_text(name)
            run.log_artifact(tmp_path / name)
        epochs(run)
    (tmp_path / "gone.txt").unlink()
    assert tools.send(fresh)
    check_whole(tools, database, "a")
    (run,) = tools.runs(database, "a")
    assert [artifact.path for artifact in database.list_artifacts(run.info.run_id)] == ["here.txt"]
    assert "gone.txt is not there any more" in capsys.readouterr().err


def test_runs_of_another_folder_of_results_stay(tools, fresh: Tracking, database, tmp_path: Path):
    """Keys are made of settings. Another folder may have the same key with other recordings."""
    other = replace(fresh, results=str(tmp_path / "other"), uri=fresh.store)
    for tracking in (fresh, other, fresh):
        with open_run("model", "a", {}, tracking, {}) as run:
            epochs(run)
        assert tools.send(tracking)
    runs = tools.runs(database, "a")
    folders = [run.data.tags["emofusion.results"] for run in runs]
    assert len(runs) == 2 and len(set(folders)) == 2
    assert json.loads((Path(other.results) / "tracking" / "id").read_text())["id"] in folders


def test_a_file_that_the_next_command_replaces_is_sent_as_it_was(tools, fresh: Tracking, database, tmp_path: Path):
    page = tmp_path / "summary.md"
    for key in ("a", "b"):
        write_whole(page, f"the report of {key}")
        with open_run("cell", key, {}, fresh, {}) as run:
            run.log_artifact(page, replaced=True)
    page.unlink()
    folder = run.journal.parent
    assert len(list(folder.glob("*.files/summary.md"))) == 2
    (folder / "cell-gone.1.jsonl.files").mkdir()  # of a sender that was killed while it tidied up
    assert tools.send(fresh)
    for key in ("a", "b"):
        (run,) = tools.runs(database, key)
        kept = database.download_artifacts(run.info.run_id, "summary.md", str(tmp_path))
        assert Path(kept).read_text() == f"the report of {key}"
    assert not list(folder.iterdir())


def test_half_a_line_is_not_read(tools, fresh: Tracking, database: MlflowClient):
    with open_run("model", "a", {}, fresh, {}) as run:
        epochs(run)
    whole = run.journal.read_bytes()
    run.journal.write_bytes(whole[:-30])
    assert tools.send(fresh)
    assert tools.statuses(database, "a") == ["RUNNING"]
    run.journal.write_bytes(whole)
    assert tools.send(fresh)
    check_whole(tools, database, "a")


def test_only_one_sender_sends_at_a_time(tools, wait_for, fresh: Tracking, database: MlflowClient):
    senders = [Sender(fresh) for _ in range(3)]
    threads = [threading.Thread(target=sender.run) for sender in senders]
    for thread in threads:
        thread.start()
    for number in range(10):
        with open_run("model", f"key-{number}", {}, fresh, {}) as run:
            epochs(run)
    for sender in senders:
        sender.finish()
    for thread in threads:
        thread.join()
    assert Journals(fresh.journals, fresh.store).present() == []
    for number in range(10):
        check_whole(tools, database, f"key-{number}")


def test_with_a_fork_server_the_sender_imports_mlflow_in_a_fork(tools, wait_for, fresh: Tracking, monkeypatch):
    start = (
        f"from emofusion import forkserver as f; import os, sys; f.start(); print(os.environ[{ADDRESS!r}], flush=True)"
    )
    command = [sys.executable, "-c", f"{start}; sys.stdin.read()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as starter:
        monkeypatch.setenv(ADDRESS, starter.stdout.readline().strip())
        sender, client = SenderProcess(fresh), MlflowClient(tracking_uri=fresh.uri)
        with open_run("model", "a", {}, fresh, {}) as run:
            epochs(run, 0, 10)
            wait_for(lambda: tools.runs(client, "a"), "the run")
            # MLflow imports numpy's libraries into the process that imports it
            assert "numpy" not in Path(f"/proc/{sender._process.pid}/maps").read_text()
            epochs(run, 10)
        assert sender.finish().runs == 0 and sender._process.returncode == 0
    check_whole(tools, client, "a")
