"""The identity of a folder of results: copies leave the runs of their original alone, moved folders keep their own."""

import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow.entities import ViewType

from emofusion.tracking import Tracking, open_run
from emofusion.tracking.identity import identity_of


def identity(tracking: Tracking) -> str:
    return json.loads((Path(tracking.results) / "tracking" / "id").read_text())["id"]


def test_a_copy_leaves_the_originals_runs_in_a_shared_store(tools, shared: Tracking, tmp_path: Path, capsys):
    tools.track(shared, "a")
    assert tools.send(shared)
    client = tools.client_of(shared)
    (first,) = tools.runs(client, "a")
    copy = tools.copied(shared, tmp_path / "copy")
    before = tools.content(Path(shared.results) / "tracking")
    for _ in range(2):
        tools.track(copy, "a")
        assert tools.send(copy)
    live = {run.data.tags["emofusion.results"]: run.info.run_id for run in tools.runs(client, "a")}
    assert live.keys() == {identity(shared), identity(copy)} and live[identity(shared)] == first.info.run_id
    assert len(tools.runs(client, "a", ViewType.ALL)) == 3, "the copy has replaced a run of its own"
    assert tools.content(Path(shared.results) / "tracking") == before
    assert capsys.readouterr().err.count("is a copy") == 1
    tools.track(shared, "a")
    assert tools.send(shared)
    assert {run.info.run_id for run in tools.runs(client, "a")} & set(live.values()) == {live[identity(copy)]}


@pytest.mark.parametrize("copy_first", [True, False])
def test_a_copy_of_a_copy_and_a_copy_in_the_originals_place_are_copies(
    tools, shared: Tracking, tmp_path: Path, copy_first: bool
):
    """`mv results old; cp -a old results`: nothing is left at another path that would tell the two apart."""
    tools.track(shared, "a")
    assert tools.send(shared)
    place = Path(shared.results)
    old = tools.moved(shared, tmp_path / "old")
    copy = tools.copied(old, place)
    for tracking in (copy, old) if copy_first else (old, copy):
        tools.track(tracking, "a")
        assert tools.send(tracking)
    again = tools.copied(copy, tmp_path / "again")
    tools.track(again, "a")
    assert tools.send(again)
    live = {run.data.tags["emofusion.results"] for run in tools.runs(tools.client_of(shared), "a")}
    assert live == {identity(old), identity(copy), identity(again)} and len(live) == 3


def test_a_copy_whose_original_cannot_be_seen_is_a_copy(tools, shared: Tracking, tmp_path: Path):
    """As on another machine, to which results are copied, and whose store is the same server."""
    tools.track(shared, "a")
    assert tools.send(shared)
    first = identity(shared)
    copy = tools.copied(shared, tmp_path / "copy")
    shutil.rmtree(shared.results)
    tools.track(copy, "a")
    assert tools.send(copy)
    live = {run.data.tags["emofusion.results"] for run in tools.runs(tools.client_of(shared), "a")}
    assert live == {first, identity(copy)} and len(live) == 2


def test_what_a_copy_carries_along_unsent_touches_no_run_of_the_original(tools, shared: Tracking, tmp_path: Path):
    with open_run("model", "a", {}, shared, {}) as run:
        run.log_metrics({"loss": 0.5}, 0)
        assert tools.send(shared)
        copy = tools.copied(shared, tmp_path / "copy")
        run.log_metrics({"loss": 0.25}, 1)
    assert tools.send(shared)
    tools.track(shared, "a")  # replaces the run that the copy knows
    assert tools.send(shared)
    client = tools.client_of(shared)
    (live,) = tools.runs(client, "a")
    (journal,) = tools.journals(copy)
    with journal.open("a") as file:
        file.write('{"entry": "end", "status": "FINISHED", "time": 1, "tags": {}}\n')
    assert tools.send(copy)
    runs = {run.data.tags["emofusion.results"]: run for run in tools.runs(client, "a")}
    assert runs[identity(shared)].info.run_id == live.info.run_id
    assert tools.points(client, runs[identity(copy)].info.run_id, "loss") == [(0, 0.5)]


def test_a_folder_that_is_moved_or_linked_keeps_its_identity(tools, shared: Tracking, tmp_path: Path):
    tools.track(shared, "a")
    assert tools.send(shared)
    first = identity(shared)
    there = tools.moved(shared, tmp_path / "elsewhere" / "results")
    (tmp_path / "link").symlink_to(there.results)
    linked = replace(there, results=str(tmp_path / "link"))
    Path(shared.results).mkdir()  # something new is where it was
    for tracking in (there, linked, there):
        tools.track(tracking, "a")
        assert tools.send(tracking)
        (run,) = tools.runs(tools.client_of(shared), "a")
        assert run.data.tags["emofusion.results"] == identity(there) == first


def test_jobs_do_not_ask_whose_runs_they_log(tools, shared: Tracking):
    """Jobs of one run may be on machines that have the folder of results under other numbers."""
    tools.track(shared, "a")
    assert not (Path(shared.results) / "tracking" / "id").exists()
    assert tools.send(shared)
    (run,) = tools.runs(tools.client_of(shared), "a")
    assert run.data.tags["emofusion.results"] == identity(shared)


@pytest.mark.parametrize("store", ["original", "shared"])
def test_runs_without_an_identity_are_replaced_in_the_folders_own_database_alone(
    tools, store: str, request: pytest.FixtureRequest
):
    """Version 0.6.0 gave runs none, so nobody knows whose those in a shared store are."""
    tracking = request.getfixturevalue(store)
    client = tools.client_of(tracking)
    tools.track(tracking, "a")
    assert tools.send(tracking)
    (first,) = tools.runs(client, "a")
    client.delete_tag(first.info.run_id, "emofusion.results")
    tools.track(tracking, "a")
    assert tools.send(tracking)
    live = {run.info.run_id for run in tools.runs(client, "a")}
    assert (first.info.run_id in live, len(live)) == ((True, 2) if store == "shared" else (False, 1))


def test_an_identity_without_a_place_is_replaced(tmp_path: Path):
    """Earlier versions wrote it alone, so it may be one that a copy has brought."""
    (tmp_path / "id").write_text("abc")
    new, replaced = identity_of(tmp_path)
    assert replaced and new.id != "abc" and new.earlier == ["abc"]
    assert identity_of(tmp_path) == (new, False)


def test_a_snapshot_with_the_numbers_of_its_original_is_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    original, snapshot = tmp_path / "original", tmp_path / "snapshot"
    first, _ = identity_of(original)
    shutil.copytree(original, snapshot)
    stat = Path.stat

    def of_a_snapshot(path: Path, **given) -> os.stat_result:
        if path != snapshot:
            return stat(path, **given)
        mode, _, device, *rest = stat(path, **given)
        return os.stat_result([mode, stat(original).st_ino, device + 1, *rest])

    monkeypatch.setattr(Path, "stat", of_a_snapshot)
    second, replaced = identity_of(snapshot)
    assert replaced and second.id != first.id and second.earlier == [first.id]


def test_processes_that_ask_at_once_get_one_identity(tmp_path: Path):
    identity_of(tmp_path / "original")
    shutil.copytree(tmp_path / "original", tmp_path / "copy")
    with ThreadPoolExecutor(16) as pool:
        for folder in ("original", "copy", "new"):
            found = list(pool.map(lambda _, folder=folder: identity_of(tmp_path / folder), range(32)))
            assert len({one.id for one, _ in found}) == 1
            assert sum(replaced for _, replaced in found) == (folder == "copy")


def test_a_copy_replaces_in_its_own_database_what_it_has_brought_along(tools, original: Tracking, tmp_path: Path):
    tools.track(original, "a")
    assert tools.send(original)
    copy = tools.copied(original, tmp_path / "copy")
    tools.track(copy, "a")
    assert tools.send(copy)
    for tracking, runs in ((copy, 2), (original, 1)):
        (live,) = tools.runs(tools.client_of(tracking), "a")
        assert live.data.tags["emofusion.results"] == identity(tracking)
        assert len(tools.runs(tools.client_of(tracking), "a", ViewType.ALL)) == runs
