"""A small run is killed again and again, goes on each time without help, and ends with the same tables."""

import filecmp
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

SMALL = [
    *("modalities=[speech]", "report.compare={}", "report.seeds=2", "corpora.demo_savee.demo.utterances=2"),
    *("corpora.demo_ravdess.demo.people=4", "speech.training.epochs=4"),
]
FIRST, LAST = [*SMALL, "evaluation.samples=50"], [*SMALL, "evaluation.samples=60"]
# What is killed or gets a signal, and when: a process is about to make its how-manyth change in a folder of `results/`.
KILLS = [
    *(("all", "plans", 1), ("all", "plans", 2), ("all", "generated", 3), ("all", "generated", 8)),
    *(("all", "corpus", 2), ("INT", "corpus", 3), ("all", "features", 3), ("TERM", "features", 4)),
    *(("all", "features", 8), ("all", "tracking", 1), ("all", "model", 1), ("all", "model", 4), ("all", "model", 3)),
    *(("all", "model", 5), ("snakemake", "model", 3), ("job", "model", 5), ("all", "model", 7)),
    *(("all", "predictions", 2), ("all", "rules", 1), ("all", "rules", 3), ("all", "fusion", 4)),
    *(("all", "report", 9), ("all", "reports", 5), ("server", "reports", 5)),
]
STAGES = ("corpus", "split", "features", "predictions", "rules", "fusion")


def heed_interrupts():
    """Let SIGINT have its effect, which a shell takes away from what it runs in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


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


@pytest.fixture(scope="module")
def elsewhere():
    """A folder for temporary files on another file system than that of the tests, where this machine has one."""
    shared = Path("/dev/shm")
    folder = tempfile.mkdtemp(dir=shared if shared.is_dir() and os.access(shared, os.W_OK) else None)
    yield Path(folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def killed(repository, workflow_in, tmp_path_factory, elsewhere):
    """A function that starts a run in a folder and has a part of it killed. It gives the run's status and output."""
    made = workflow_in(repository, tmp_path_factory.mktemp("killed"))
    near, done = tmp_path_factory.mktemp("temporary"), tmp_path_factory.mktemp("marks") / "done"
    hook = str(Path(__file__).parent / "kills")

    def run(what, folder, number, is_elsewhere=False, override=FIRST):
        done.unlink(missing_ok=True)
        environment = made.environment({"TMPDIR": str(elsewhere if is_elsewhere else near)})
        environment["PYTHONPATH"] = os.pathsep.join([hook, environment["PYTHONPATH"]])
        environment |= {
            "EMOFUSION_CHECKPOINT_SECONDS": "0",
            "KILL_AT": f"{what} {folder} {number}",
            "KILL_DONE": str(done),
            "KILL_IN": str(made.folder),
        }
        with (made.folder / "output").open("w+") as output:  # a pipe would wait for processes that are left
            command = made.command(override=override, cores=1)
            status = subprocess.run(
                command, stdout=output, stderr=output, env=environment, timeout=800, preexec_fn=heed_interrupts
            ).returncode
            output.seek(0)
            text = output.read()
        assert done.exists(), f"{what}: the run ended before change {number} in {folder}:\n{text[-3000:]}"
        return status, text

    run.workflow, run.temporary, run.mark = made, (near, elsewhere), f"KILL_DONE={done}".encode()
    return run


@pytest.fixture(scope="module")
def whole(repository, workflow_in, tmp_path_factory):
    """A run that nobody disturbs."""
    made = workflow_in(repository, tmp_path_factory.mktemp("whole"))
    made.temporary = tmp_path_factory.mktemp("temporary")
    made.made(override=LAST, cores=1, environment={"TMPDIR": str(made.temporary)})
    return made


@pytest.fixture(scope="module")
def survived(killed, wait_for):
    """The folder of the run that was killed at all moments, after its last command."""
    for number, (what, folder, change) in enumerate(KILLS):
        status, output = killed(what, folder, change, is_elsewhere=number % 2 == 1)
        about = f"{what} {folder} {change}:\n{output[-3000:]}"
        if what in ("all", "snakemake"):
            assert status == -signal.SIGKILL, about
        else:  # without its server, a run goes on to its end
            assert (status == 0) == (what == "server"), about
        wait_for(lambda: not processes(killed.mark), f"the end of all processes after {about}")
    # other settings give the sender something to send: now it is killed in the middle of its work
    assert killed("all", "tracking", 3, override=LAST)[0] == -signal.SIGKILL
    killed.workflow.made(override=LAST, cores=1, environment={"TMPDIR": str(killed.temporary[0])})
    return killed.workflow


def test_the_tables_are_those_of_a_run_that_nobody_disturbed(whole, survived):
    results = whole.folder / "results"
    reports = {path.name for path in (results / "reports/demo").iterdir()}
    assert reports == {path.name for path in (survived / "reports/demo").iterdir()} and "table1.csv" in reports
    # these tell times
    tables = [f"reports/demo/{name}" for name in reports - {"costs.csv", "comparison.csv"} if ".csv" in name]
    for kind in STAGES:
        tables += [str(path.relative_to(results)) for path in (results / kind).rglob("*.parquet")]
    models = [str(path.relative_to(results)) for path in (results / "model").rglob("*.safetensors")]
    assert len(tables) > 20 and len(models) == 2
    differ = [name for name in tables + models if not filecmp.cmp(whole / name, survived / name, shallow=False)]
    assert differ == []
    for path in (results / "model").glob("*/history.parquet"):
        histories = [run / f"model/{path.parent.name}/history.parquet" for run in (whole, survived)]
        pd.testing.assert_frame_equal(*(pd.read_parquet(one).drop(columns="seconds") for one in histories))


def test_there_is_one_finished_run_a_key(whole, survived):
    query = """select kind.value, key.value, runs.status, count(*) from runs
        join tags kind on kind.run_uuid = runs.run_uuid and kind.key = 'emofusion.kind'
        join tags key on key.run_uuid = runs.run_uuid and key.key = 'emofusion.key'
        where runs.lifecycle_stage = 'active' group by kind.value, key.value, runs.status"""
    found = []
    for run in (whole, survived):
        with closing(sqlite3.connect(run / "mlflow.db")) as connection:
            found.append(set(connection.execute(query).fetchall()))
    assert found[0] <= found[1] and {(status, number) for *_, status, number in found[1]} == {("FINISHED", 1)}
    assert not list((survived / "tracking/journal").iterdir())


def is_of_torch(path):
    """Whether a folder is that which earlier versions of torch make while they are imported, for code of theirs."""
    from torch.distributed.nn.jit import instantiator

    makes_one = hasattr(instantiator, "_TEMP_DIR") and path.name.startswith("tmp") and path.is_dir()
    return makes_one and all(one.name.startswith(("_remote_module_", "__pycache__")) for one in path.iterdir())


def test_nothing_is_left_behind(whole, killed, survived):
    assert processes(killed.mark) == []
    assert not [path for path in survived.folder.rglob("*") if ".partial" in path.name]
    assert not list(survived.folder.glob("results/model/*/checkpoints"))
    for name in ("locks", "commands", "scripts"):
        folder = survived.folder / ".snakemake" / name
        assert not folder.exists() or not list(folder.iterdir()), name
    left = {path.name for folder in killed.temporary for path in folder.iterdir() if not is_of_torch(path)}
    # caches of compiled code, which are there as long as the machine
    assert left <= {path.name for path in whole.temporary.iterdir()}


def test_nothing_is_left_to_do(survived):
    assert survived.planned(override=LAST) == {}
