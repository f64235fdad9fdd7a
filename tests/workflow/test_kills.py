"""A small run is killed again and again, goes on each time without help, and ends with the same tables."""

import filecmp
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
from pathlib import Path

import pandas as pd
import pytest

SMALL = [
    *("modalities=[speech]", "report.compare={}", "corpora.demo_savee.demo.utterances=2"),
    *("corpora.demo_ravdess.demo.people=4", "speech.training.epochs=4", "evaluation.samples=50"),
]
# In which folder of `results/` a process makes its how-manyth change when everything is killed.
MOMENTS = [
    *(("plans", 1), ("plans", 3)),  # Snakemake's main process writes the plan
    *(("generated", 3), ("generated", 6)),
    *(("corpus", 2), ("split", 2), ("split", 7)),
    *(("features", 2), ("features", 5)),
    *(("model", 3), ("model", 6), ("model", 9), ("model", 12), ("model", 16)),
    *(("tracking", 2), ("predictions", 3), ("rules", 4), ("fusion", 4)),
    *(("report", 9), ("reports", 9)),
]
STAGES = ("corpus", "split", "features", "predictions", "rules", "fusion")


@pytest.fixture(scope="module")
def elsewhere():
    """A folder for temporary files on another file system than that of the tests, where this machine has one."""
    shared = Path("/dev/shm")
    folder = tempfile.mkdtemp(dir=shared if shared.is_dir() and os.access(shared, os.W_OK) else None)
    yield Path(folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def killed(repository, workflow_in, tmp_path_factory, elsewhere):
    """A function that starts a run which is killed: `killed(what, folder, number, elsewhere)`. Gives its status."""
    made = workflow_in(repository, tmp_path_factory.mktemp("killed"))
    near, done = tmp_path_factory.mktemp("temporary"), tmp_path_factory.mktemp("marks") / "done"
    hook = str(Path(__file__).parent / "kills")

    def run(what, folder, number, is_elsewhere=False):
        done.unlink(missing_ok=True)
        environment = made.environment({"TMPDIR": str(elsewhere if is_elsewhere else near)})
        environment["PYTHONPATH"] = os.pathsep.join([hook, environment["PYTHONPATH"]])
        environment |= {"KILL_AT": f"{what} {folder} {number}", "KILL_DONE": str(done), "KILL_IN": str(made.folder)}
        ended = subprocess.run(made.command(override=SMALL, cores=1), capture_output=True, text=True, env=environment)
        output = ended.stdout + ended.stderr
        assert done.exists(), f"the run ended before it changed {number} files in {folder}:\n{output[-3000:]}"
        return ended.returncode, output

    run.workflow, run.temporary, run.mark = made, (near, elsewhere), f"KILL_DONE={done}".encode()
    return run


@pytest.fixture(scope="module")
def whole(repository, workflow_in, tmp_path_factory):
    """A run that nobody disturbs."""
    made = workflow_in(repository, tmp_path_factory.mktemp("whole"))
    made.made(override=SMALL, cores=1)
    return made


@pytest.fixture(scope="module")
def survived(killed, wait_for):
    """The folder of the run that was killed at all moments, after its last command."""
    for number, (folder, change) in enumerate(MOMENTS):
        status, output = killed("all", folder, change, is_elsewhere=number % 2 == 1)
        assert status == -signal.SIGKILL, output[-3000:]
        wait_for(lambda: not processes(killed.mark), "the end of all processes")
    for what, status in (("snakemake", -signal.SIGKILL), ("INT", 1), ("TERM", 1), ("job", 1)):
        ended, output = killed(what, "reports", 3)
        assert ended == status or (ended != 0 and status == 1), output[-3000:]
    # without its server, a run goes on to its end
    status, output = killed("server", "reports", 3)
    assert status == 0, output[-3000:]
    return killed.workflow


def processes(mark):
    """The numbers of the processes of a run that is marked in their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
        except OSError:  # it has ended, or it is somebody else's
            pass
    return found


def test_the_tables_are_those_of_a_run_that_nobody_disturbed(whole, survived):
    wanted = {path.name for path in (whole / "reports/demo").iterdir()}
    assert wanted == {path.name for path in (survived / "reports/demo").iterdir()} and "table1.csv" in wanted
    tables = [f"reports/demo/{name}" for name in wanted if name.endswith((".csv", ".csv.gz")) and name != "costs.csv"]
    for kind in STAGES:
        tables += [str(path.relative_to(whole.folder / "results")) for path in (whole / kind).rglob("*.parquet")]
    tables += [str(path.relative_to(whole.folder / "results")) for path in (whole / "model").rglob("*.safetensors")]
    assert len(tables) > 20
    tables.remove("reports/demo/comparison.csv")  # it tells seconds
    assert not [name for name in tables if not filecmp.cmp(whole / name, survived / name, shallow=False)]
    (history,) = [path.relative_to(whole.folder / "results") for path in (whole / "model").glob("*0*/history.parquet")][
        :1
    ]
    both = [pd.read_parquet(run / str(history)).drop(columns="seconds") for run in (whole, survived)]
    pd.testing.assert_frame_equal(*both)


def test_there_is_one_finished_run_a_key(whole, survived):
    query = """select kind.value, key.value, runs.status, count(*) from runs
        join tags kind on kind.run_uuid = runs.run_uuid and kind.key = 'emofusion.kind'
        join tags key on key.run_uuid = runs.run_uuid and key.key = 'emofusion.key'
        where runs.lifecycle_stage = 'active' group by kind.value, key.value, runs.status order by 1, 2"""
    found = []
    for run in (whole, survived):
        with sqlite3.connect(run / "mlflow.db") as connection:
            found.append(connection.execute(query).fetchall())
    assert found[0] == found[1] and {(status, number) for *_, status, number in found[1]} == {("FINISHED", 1)}
    assert not list((survived / "tracking/journal").iterdir())


def test_nothing_is_left_behind(killed, survived, wait_for):
    wait_for(lambda: not processes(killed.mark), "the end of all processes")
    assert not [path for path in survived.folder.rglob("*") if ".partial" in path.name]
    assert not list(survived.folder.glob("results/model/*/checkpoints"))
    for name in ("locks", "commands", "scripts", "incomplete"):
        folder = survived.folder / ".snakemake" / name
        assert not folder.exists() or not list(folder.iterdir()), name
    left = [path.name for folder in killed.temporary for path in folder.iterdir()]
    # a lock for compiled code, which is there as long as the machine
    assert [name for name in left if not name.startswith("emofusion-librosa")] == []


def test_nothing_is_left_to_do(survived):
    assert survived.planned(override=SMALL) == {}
