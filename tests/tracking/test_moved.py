"""Folders of results that were moved or copied: artifacts and models are where they are now."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from mlflow import MlflowClient

from emofusion.commands.model import model_folder
from emofusion.errors import EmofusionError
from emofusion.tracking import Tracking, open_run
from emofusion.tracking.artifacts import local_folder
from emofusion.tracking.journal import unsent
from emofusion.tracking.store import initialise
from emofusion.whole_files import write_whole


def artifact(client: MlflowClient, key: str, tools) -> Path:
    """The only file of a key's only run, where MLflow has it."""
    (run,) = tools.runs(client, key)
    (file,) = client.list_artifacts(run.info.run_id)
    return local_folder(run.info.artifact_uri) / file.path


def test_a_copy_keeps_artifacts_of_its_own_and_the_original_stays_as_it_is(
    tools, original: Tracking, tmp_path: Path, capsys
):
    tools.track(original, "a")
    assert tools.send(original)
    copy = tools.copied(original, tmp_path / "a copy%20" / "results")
    before = tools.content(Path(original.results))
    tools.track(copy, "b")
    assert tools.send(copy)
    client = tools.client_of(copy)
    root = Path(copy.results) / "mlartifacts" / "demo"
    for key in ("a", "b"):
        assert artifact(client, key, tools).is_relative_to(root)
        assert artifact(client, key, tools).read_text() == key
    assert client.get_experiment_by_name("demo").artifact_location == root.as_uri()
    assert tools.content(Path(original.results)) == before
    assert capsys.readouterr().err == (
        f"note: {copy.results} was moved or copied from {original.results}; {copy.results}/mlflow.db names its "
        "artifacts here now\n"
    )
    assert artifact(tools.client_of(original), "a", tools).is_relative_to(original.results)


def test_a_copy_of_a_folder_without_artifacts_writes_none_into_the_original(tools, original: Tracking, tmp_path: Path):
    initialise(original.store, "demo", Path(original.results))
    copy = tools.copied(original, tmp_path / "copy")
    tools.track(copy, "a")
    assert tools.send(copy)
    assert artifact(tools.client_of(copy), "a", tools).is_relative_to(copy.results)
    assert not (Path(original.results) / "mlartifacts").exists()


@pytest.mark.parametrize("tagged", [True, False], ids=["now", "made by an earlier version"])
def test_a_moved_folder_sends_what_was_left_and_leaves_no_trace_at_its_old_place(
    tools, original: Tracking, tmp_path: Path, tagged: bool
):
    tools.track(original, "a")
    assert tools.send(original)
    tools.track(original, "b")
    page = Path(original.results) / "summary.md"
    page.write_text("kept")
    with open_run("cell", "c", {}, original, {}) as run:
        run.log_artifact(page, replaced=True)
    write_whole(page, "replaced")
    if not tagged:
        with closing(sqlite3.connect(Path(original.results) / "mlflow.db")) as database, database:
            assert database.execute("delete from experiment_tags where key = 'emofusion.artifacts'").rowcount == 1
    there = tools.moved(original, tmp_path / "there" / "results")
    Path(original.results).parent.rmdir()
    (tmp_path / "the original").touch()  # so that nothing can be made at the old place
    assert str(unsent(there.journals, there.store)) == "2 runs, 0 points, 2 artifacts"
    assert tools.send(there)
    client = tools.client_of(there)
    found = {key: artifact(client, key, tools) for key in ("a", "b", "c")}
    assert {key: file.read_text() for key, file in found.items()} == {"a": "a", "b": "b", "c": "kept"}
    assert all(file.is_relative_to(there.results) for file in found.values())


def test_a_file_outside_the_results_is_sent_after_a_move_too(tools, original: Tracking, tmp_path: Path):
    (tmp_path / "outside.txt").write_text("outside")
    with open_run("model", "a", {}, original, {}) as run:
        run.log_artifact(tmp_path / "outside.txt")
        run.log_artifacts(tmp_path / "the original")  # the results are in it, but not it in them
    entries = [json.loads(line) for line in run.journal.read_text().splitlines()]
    paths = [entry["path"] for entry in entries if entry["entry"] == "artifacts"]
    assert paths == [str(tmp_path / "outside.txt"), str(tmp_path / "the original")]


@pytest.mark.parametrize("how", ["copied", "moved"])
def test_a_registered_model_is_found_in_a_moved_or_copied_folder(
    tools, original: Tracking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
):
    import mlflow

    place = initialise(original.store, "demo", Path(original.results))
    (tmp_path / "code.py").write_text(
        "import mlflow\n\nclass Same(mlflow.pyfunc.PythonModel):\n    def predict(self, model_input):\n"
        "        return model_input\n\nmlflow.models.set_model(Same())\n"
    )
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")  # MLflow sets it; the test takes it back
    mlflow.set_tracking_uri(original.store)
    mlflow.set_registry_uri(original.store)
    with mlflow.start_run(experiment_id=place["experiment_id"]):
        mlflow.pyfunc.log_model(
            name="model", python_model=str(tmp_path / "code.py"), pip_requirements=[], registered_model_name="demo"
        )
    there = getattr(tools, how)(original, tmp_path / "there" / "results")
    before = tools.content(tmp_path / "the original")
    monkeypatch.chdir(Path(there.results).parent)
    for _ in range(2):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
        found = model_folder("models:/demo/1", None)
        assert found.is_relative_to(there.results) and (found / "MLmodel").is_file()
    assert tools.content(tmp_path / "the original") == before
    with closing(sqlite3.connect("results/mlflow.db")) as database:
        assert "the%20original" not in "\n".join(database.iterdump())


def test_experiments_that_another_folder_keeps_here_stay_its_own(tools, original: Tracking, tmp_path: Path):
    """Another folder may name this one's database as its store."""
    guest = Tracking(experiment="guests", uri=original.store, results=str(tmp_path / "guest" / "results"))
    tools.track(original, "a")
    tools.track(guest, "b")
    assert tools.send(original) and tools.send(guest)
    there = tools.moved(original, tmp_path / "there" / "results")
    tools.track(there, "a")
    assert tools.send(there)
    assert artifact(tools.client_of(there), "a", tools).is_relative_to(there.results)
    assert artifact(tools.client_of(there), "b", tools).is_relative_to(guest.results)


def test_a_store_that_the_user_named_keeps_its_places(tools, shared: Tracking, tmp_path: Path):
    tools.track(shared, "a")
    assert tools.send(shared)
    location = tools.client_of(shared).get_experiment_by_name("demo").artifact_location
    there = tools.moved(shared, tmp_path / "there")
    initialise(there.store, "demo", Path(there.results))
    assert tools.client_of(shared).get_experiment_by_name("demo").artifact_location == location


def test_a_link_to_the_folder_is_no_move(tools, original: Tracking, tmp_path: Path, capsys):
    tools.track(original, "a")
    assert tools.send(original)
    before = (Path(original.results) / "mlflow.db").read_bytes()
    (tmp_path / "link").symlink_to(original.results)
    initialise(f"sqlite:///{tmp_path}/link/mlflow.db", "demo", tmp_path / "link")
    assert (Path(original.results) / "mlflow.db").read_bytes() == before and capsys.readouterr().err == ""


TROUBLES = {
    "a table is not there": "alter table model_versions rename to versions",
    "the last table": "create trigger no before update on model_versions begin select raise(abort, 'no'); end",
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_database_that_cannot_be_corrected_is_named_and_stays_whole(
    tools, original: Tracking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
):
    tools.track(original, "a")
    assert tools.send(original)
    client = tools.client_of(original)
    (run,) = tools.runs(client, "a")
    client.create_registered_model("demo")
    client.create_model_version("demo", run.info.artifact_uri, run.info.run_id)
    there = tools.moved(original, tmp_path / "there" / "results")
    with closing(sqlite3.connect(Path(there.results) / "mlflow.db")) as database, database:
        database.execute(TROUBLES[trouble])
    before = (Path(there.results) / "mlflow.db").read_bytes()
    monkeypatch.chdir(tmp_path / "there")
    with pytest.raises(EmofusionError, match=r"results/mlflow\.db.*mlflow db upgrade sqlite:///.*tracking\.uri"):
        model_folder("models:/demo/1", None)
    assert (tmp_path / "there/results/mlflow.db").read_bytes() == before
