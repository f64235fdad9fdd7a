"""The store: its address, its preparation, and what is said where it cannot be used."""

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import ViewType

from emofusion.errors import EmofusionError
from emofusion.tracking import Tracking, check_store, open_run, tracking_uri
from emofusion.tracking.address import absolute, shown
from emofusion.tracking.store import initialise


def test_the_store_is_the_setting_or_the_environment_or_a_database_in_results(monkeypatch: pytest.MonkeyPatch):
    assert tracking_uri(None, Path("results")) == "sqlite:///results/mlflow.db"
    assert tracking_uri(None, Path("/a/b")) == "sqlite:////a/b/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://tracking:5000")
    assert tracking_uri(None, Path("results")) == "http://tracking:5000"
    assert tracking_uri("http://other", Path("results")) == "http://other"


def test_initialise_changes_nothing_the_second_time(client: MlflowClient, tracking: Tracking, results: Path):
    first = initialise(tracking.uri, "demo", results)
    assert initialise(tracking.uri, "demo", results) == first
    assert first["uri"] == tracking.uri
    assert client.get_experiment(first["experiment_id"]).name == first["experiment"] == "demo"
    parents = client.search_runs([first["experiment_id"]], "tags.`emofusion.role` = 'experiment'", ViewType.ALL)
    assert [parent.info.run_id for parent in parents] == [first["parent_run_id"]]


def test_a_deleted_database_is_made_anew(tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)  # the default address is a relative one
    tracking = Tracking(experiment="demo", results="results")
    database = tmp_path / "results" / "mlflow.db"
    with open_run("model", "a", {}, tracking, {}):
        pass
    assert tools.send(tracking)
    before = MlflowClient(tracking_uri=f"sqlite:///{database}")
    (first,) = tools.runs(before, "a", ViewType.ALL)
    database.unlink()
    database.with_name("mlflow.db-journal").write_bytes(b"of a process that was killed")
    database.with_name("mlflow.db.0.partial").write_bytes(b"so is this")
    with open_run("model", "a", {}, tracking, {}):
        pass
    assert tools.send(tracking)
    client = MlflowClient(tracking_uri=f"sqlite:///{database}")
    (second,) = tools.runs(client, "a", ViewType.ALL)
    assert second.info.run_id != first.info.run_id
    assert {path.name for path in database.parent.iterdir()} == {"mlflow.db", "mlflow.db.lock", "tracking"}
    assert [path.name for path in tmp_path.iterdir()] == ["results"], "MLflow left something beside the results"


EIGHT = """
import multiprocessing, sys
from pathlib import Path
import mlflow.store.tracking.sqlalchemy_store  # once, and not eight times: it takes seconds
from emofusion.tracking.store import initialise

def job(barrier):
    barrier.wait()
    initialise("sqlite:///results/mlflow.db", "demo", Path("results"))

context = multiprocessing.get_context("fork")
barrier = context.Barrier(8)
jobs = [context.Process(target=job, args=(barrier,)) for _ in range(8)]
for one in jobs:
    one.start()
for one in jobs:
    one.join()
sys.exit(sum(one.exitcode != 0 for one in jobs))
"""


def test_eight_processes_open_a_fresh_database_at_once(tools, tmp_path: Path):
    process = tools.start(EIGHT, cwd=tmp_path)
    output = process.communicate(timeout=tools.deadline)[0]
    assert (process.returncode, output) == (0, ""), "processes that failed, and what was said"
    client = MlflowClient(tracking_uri=f"sqlite:///{tmp_path}/results/mlflow.db")
    experiment = client.get_experiment_by_name("demo")
    (parent,) = client.search_runs([experiment.experiment_id], run_view_type=ViewType.ALL)
    assert parent.data.tags["emofusion.role"] == "experiment"


@pytest.mark.parametrize("setting", [None, "the setting"])
def test_a_server_that_does_not_answer_is_named(
    unused_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str | None
):
    uri = f"http://someone:secret@127.0.0.1:{unused_port}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    tracking = Tracking(uri=setting and uri, experiment="demo", results=str(tmp_path))
    for check in (lambda: check_store(tracking), lambda: initialise(tracking.store, "demo", tmp_path)):
        with pytest.raises(EmofusionError) as raised:
            check()
        message = str(raised.value)
        assert shown(uri) in message
        assert "secret" not in message
        assert "tracking.uri" in message
        assert "MLFLOW_TRACKING_URI" in message


def test_any_answer_of_a_server_counts(server, tmp_path: Path):
    server.statuses = [500]  # a proxy whose server is just starting, or that wants a token
    check_store(Tracking(uri=server.url.replace("//", "//someone:secret@"), results=str(tmp_path)))
    assert server.asked == [("/health", None)]


def test_a_store_that_cannot_be_used_is_named(tmp_path: Path):
    (tmp_path / "text.db").write_text("this is not a database, however long one makes it\n" * 100)
    (tmp_path / "file").touch()
    sqlite3.connect(tmp_path / "other.db").execute("create table mine (number integer)").connection.close()
    for uri in (
        f"sqlite:///{tmp_path}/text.db",
        f"sqlite:///{tmp_path}/file/mlflow.db",
        f"sqlite:///{tmp_path}/other.db",
        "sqlite:///:memory:",
        "gopher://127.0.0.1",
    ):
        for check in (
            lambda uri=uri: check_store(Tracking(uri=uri, experiment="demo", results=str(tmp_path))),
            lambda uri=uri: initialise(uri, "demo", tmp_path),
        ):
            with pytest.raises(EmofusionError, match=r"tracking\.uri") as raised:
                check()
            assert uri.removeprefix("sqlite:///") in str(raised.value)
    assert (tmp_path / "text.db").read_text().startswith("this is not")
    assert not (tmp_path / "mlflow.db").exists(), "the check makes no store"


def test_a_folder_that_cannot_be_written_is_told_before_the_first_job(tmp_path: Path):
    (tmp_path / "tracking").touch()
    with pytest.raises(EmofusionError, match="tracking"):
        check_store(Tracking(uri=f"sqlite:///{tmp_path}/mlflow.db", results=str(tmp_path)))


def test_half_a_transaction_of_a_killed_process_is_taken_back(tmp_path: Path):
    database = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript("create table alembic_version (n); insert into alembic_version values ('before');")
    killed = (
        "import os, signal, sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('pragma cache_size=1')\n"  # so that pages are written before the transaction ends
        "connection.execute('begin')\n"
        "connection.execute('update alembic_version set n = ?', ['after'])\n"
        "for _ in range(200): connection.execute('insert into alembic_version values (?)', ['x' * 5000])\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", killed, str(database)]).returncode == -signal.SIGKILL
    assert (tmp_path / "mlflow.db-journal").exists()
    check_store(Tracking(uri=f"sqlite:///{database}", results=str(tmp_path)))
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("select n from alembic_version").fetchall() == [("before",)]


def test_addresses():
    assert absolute("sqlite:////a b/c%20d.db") == "sqlite:////a b/c%20d.db"
    assert absolute("sqlite:///c.db") == f"sqlite:///{Path.cwd()}/c.db"
    assert absolute("sqlite:///c.db?timeout=1") == f"sqlite:///{Path.cwd()}/c.db"
    assert shown("postgresql://me:secret@host/db") == "postgresql://***@host/db"
    assert shown("sqlite:////a@b/c.db") == "sqlite:////a@b/c.db"
