"""Whole runs on a real Slurm: what they make is what a run on this machine makes, whatever happens to their jobs."""

import json
import re
import signal
import time
from pathlib import Path

import pandas as pd
import pytest

pytestmark = pytest.mark.timeout(1800)
TITLE = r"""report.title='It\'s "small": {a, b}, $HOME, 50 %, – #1'"""
SMALL = [
    "corpora.demo_savee.demo.utterances=2",
    "corpora.demo_ravdess.demo.people=4",
    "modalities=[speech]",
    "speech.training.epochs=3",
    "report.compare={}",
    "report.seeds=1",
    "evaluation.samples=200",
    TITLE,
]
LONG = [text.replace("epochs=3", "epochs=60") for text in SMALL]
ABLATION = [*SMALL, "speech=cnn1d,lstm", "seed=1,2"]
# files that say when, where or by which run they were made
OF_THE_RUN = ("provenance.json", "published.json", "cells.json", "report.html", "grid.html", "costs.csv")
HUNGRY = '''
"""A protocol that needs more memory than a job asks for at first."""

import os
import time
from dataclasses import dataclass

from emofusion.protocols.cross_corpus import CrossCorpus


@dataclass
class Hungry(CrossCorpus):
    kind: str = "hungry"

    def masks(self, clips):
        assert "EMOFUSION_FORKSERVER" not in os.environ
        block = bytearray(b"x") * (1100 * 2**20)
        time.sleep(6)
        assert block[-1] == ord("x")
        return super().masks(clips)
'''

HUNGRY_PROTOCOL = "protocol={kind: hungry, train: {speech: [demo_savee]}, test: [demo_ravdess], validation: 0.25}"


@pytest.fixture(scope="module")
def local(repository, workflow_in, tmp_path_factory):
    made = workflow_in(repository, tmp_path_factory.mktemp("local"))
    made.made(override=ABLATION)
    return made


@pytest.fixture(scope="module")
def run(local, submitting, tmp_path_factory):
    """The same ablation by jobs of Slurm. `local` comes first: the two must not share the machine."""
    made = submitting(tmp_path_factory.mktemp("cluster"))
    made.submit(override=ABLATION)
    return made


def published(workflow) -> dict[str, bytes]:
    """Path → content of the published files, without those of the run and without columns of seconds."""
    found = {}
    folder = workflow / "reports"
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name not in OF_THE_RUN:
            found[str(path.relative_to(folder))] = content(path)
    return found


def content(path: Path) -> bytes:
    if path.suffix == ".md":
        return without_seconds(path.read_text(encoding="utf-8"))
    if path.suffix != ".csv":
        return path.read_bytes()
    table = pd.read_csv(path, dtype=str)
    return table.drop(columns=[name for name in table if "second" in name]).to_csv().encode()


def without_seconds(text: str) -> bytes:
    """Markdown without the columns of its tables whose heading speaks of seconds."""
    lines, timed = [], []
    for line in text.splitlines():
        cells = line.split("|")
        if not line.startswith("|"):
            timed = []
        elif not timed:  # the heading of a table; -1: none of its columns
            timed = [number for number, cell in enumerate(cells) if "second" in cell.lower()] or [-1]
        lines.append("|".join(cell for number, cell in enumerate(cells) if number not in timed))
    return "\n".join(lines).encode()


def one(workflow, pattern: str) -> Path:
    (found,) = (workflow.folder / "results").glob(pattern)
    return found


def model_in_training(workflow, seconds: float = 90) -> Path:
    """The folder of the one model that is being trained, as soon as an epoch is stored."""
    end = time.monotonic() + seconds
    known = {path.parent for path in (workflow.folder / "results/model").glob("*/record.json")}
    while time.monotonic() < end:
        begun = {path.parent.parent for path in (workflow.folder / "results/model").glob("*/checkpoints/*")} - known
        if begun:
            return begun.pop()
        time.sleep(0.2)
    pytest.fail("no training has begun:\n" + workflow.log.read_text()[-3000:])


def test_an_ablation_makes_the_same_tables_as_on_this_machine(local, run):
    ours, theirs = published(local), published(run)
    # of four cells, and of the grid, over two seeds
    assert len([name for name in ours if name.endswith("table1.csv")]) == 5 and "demo/table1.csv" in ours
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if ours[name] != theirs[name]] == []


def test_the_settings_arrived_in_the_jobs_as_they_were_typed(run):
    for summary in (run / "reports").rglob("summary.md"):
        assert """It's "small": {a, b}, $HOME, 50 %, – #1""" in summary.read_text(encoding="utf-8")
    log = run.log.read_text()
    assert "Trying to restart" not in log, log[-5000:]


def test_jobs_asked_slurm_for_what_they_need(slurm, run):
    asked = slurm.command("squeue", "--noheader", "--states=all", "--format=%k|%m|%C|%l|%b").stdout.splitlines()
    of_rule = {line.split("_wildcards_")[0].split("|")[0]: line.split("|")[1:] for line in asked}
    assert {"rule_corpus", "rule_features", "rule_split"} <= of_rule.keys(), asked
    assert of_rule["rule_split"][1:3] == ["1", "11:00"]
    assert 1000 <= int(of_rule["rule_split"][0].removesuffix("M")) < 1100
    assert of_rule["rule_features"][1] == "4"
    assert {gpu for *_, gpu in of_rule.values()} <= {"N/A", ""}


def test_a_job_that_was_killed_for_its_memory_is_tried_again_with_more(slurm, run):
    (run.folder / "hungry.py").write_text(HUNGRY)
    override = [*SMALL, "speech=cnn1d", "seed=1", "plugins=[hungry.py]", HUNGRY_PROTOCOL]
    output = run.submit("--until", "split", override=override)
    lines = slurm.command("squeue", "-h", "--states=all", "--sort=i", "-o", "%k|%m|%T").stdout.splitlines()
    tries = [line.split("|")[1:] for line in lines if "rule_split" in line and "hungry" in line]
    assert [state for _, state in tries] == ["FAILED", "COMPLETED"], output[-3000:]
    first, second = (int(memory.removesuffix("M")) for memory, _ in tries)
    assert first < 1100 and abs(second - 2 * first) <= 1
    assert one(run, "split/hungry-*/split.parquet").is_file()


def test_a_requeued_training_goes_on_and_ends_with_the_same_weights(slurm, local, run):
    override = [*LONG, "speech=lstm", "seed=5"]
    local.made("--until", "predict", override=override)
    process = run.start("--until", "predict", override=override)
    model = model_in_training(run)
    (number,) = [number for number, comment in slurm.jobs().items() if "model" in comment]
    slurm.command("scontrol", "requeue", number)
    run.finish(process)
    assert "Restarts=1" in slurm.command("scontrol", "show", "job", number).stdout
    weights = sorted(model.glob("folds/*.safetensors"))
    assert weights
    for path in weights:
        assert path.read_bytes() == (local / f"model/{model.name}/folds/{path.name}").read_bytes()
    assert predictions(local, model.name) == predictions(run, model.name)


def predictions(workflow, model: str) -> bytes:
    for record in (workflow.folder / "results/predictions").glob("*/record.json"):
        if json.loads(record.read_text())["inputs"]["model"][0][0] == f"model/{model}":
            return (record.parent / "predictions.parquet").read_bytes()
    raise AssertionError(f"no predictions of {model}")


def test_jobs_outlive_the_command_and_the_next_command_uses_what_they_made(slurm, run):
    override = [*LONG, "speech=cnn1d", "seed=6"]
    process = run.start("--until", "predict", override=override)
    model = model_in_training(run)
    (number,) = [number for number, comment in slurm.jobs().items() if "model" in comment]
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert number in slurm.jobs()
    run.submit("--unlock", override=override)
    again = run.start("--until", "predict", override=override)
    slurm.wait_until(lambda: number not in slurm.jobs("running,completing"), "the first job ends", 120)
    ended = time.time()
    assert re.search(rf"Slurm's jobs {number} of an earlier", run.finish(again))
    assert all(path.stat().st_mtime <= ended for path in model.glob("folds/*"))
    assert predictions(run, model.name)
    assert not run.local.planned("--until", "predict", override=override)
