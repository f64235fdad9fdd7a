"""What Snakemake hands to Slurm, seen by a program that takes Slurm's place."""

import os
import subprocess
import sys

import pytest

from emofusion.slurm import jobs_at_work

SBATCH = """#!{python}
import os, sys
from pathlib import Path
# several jobs are submitted at the same time: each writes a file of its own, and the last one stays
note = Path({folder!r}, str(os.getpid()))
note.write_text(repr((sys.argv[1:], os.environ.get("EMOFUSION_FORKSERVER"))))
note.rename(note.with_name("submitted"))
sys.exit("no cluster here")
"""
TITLE = r"""report.title='It\'s "small": {a, b}, $HOME, – #1'"""


@pytest.fixture
def submitted(tmp_path, repository):
    """Runs the workflow with a profile's executor and gives the options that `sbatch` got, and the server's address."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "sbatch").write_text(SBATCH.format(python=sys.executable, folder=str(tmp_path)))
    (programs / "sbatch").chmod(0o755)

    def run(*options: str, rule: str) -> tuple[list[str], str | None]:
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(repository / "Snakefile")]
        command += ["--directory", str(tmp_path), "--profile", str(repository / "profiles" / "slurm")]
        command += ["--retries", "0", "--default-resources", "slurm_partition=short", *options, "--until", rule]
        command += ["--config", "experiment=demo"]
        command += [f"override=modalities=[speech] seed=0 {TITLE}"]
        environment = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"} | {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(repository / "src"),
            "EMOFUSION_FORKSERVER": "/address/of/this/machine",
        }
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=False)
        assert "no cluster here" in done.stdout + done.stderr, done.stdout + done.stderr
        return eval((tmp_path / "submitted").read_text())

    return run


def test_a_job_gets_decisions_and_neither_settings_nor_an_address_of_this_machine(submitted):
    options, address = submitted(rule="generated")
    (script,) = [option.replace("'", "") for option in options if option.startswith("--wrap=")]
    assert " --config plan=results/plans/" in script and " feature_threads=4 gpus=0 " in script
    assert "override" not in script and "experiment" not in script and "small" not in script
    assert address is None
    given = " ".join(options)
    assert "--requeue" in given and "--mem 1000 " in given and " -t 30 " in given and "--cpus-per-task=1" in given


def test_half_precision_without_gpus_is_refused_before_anything_runs(repository, workflow_in, tmp_path):
    workflow = workflow_in(repository, tmp_path)
    override = ["face.training.precision=half", "speech.training.precision=half"]
    done = workflow.run("--resources", "gpu=0", experiment="demo", override=override)
    assert done.returncode and "Set speech.training.precision=full face.training.precision=full; or" in done.output
    assert "Job stats" not in done.output and not [*(tmp_path / "results").glob("generated/*")]
    assert workflow.planned("--resources", "gpu=2", experiment="demo", override=override)["train"] > 1
    # what trains nothing is not refused
    until = workflow.planned("--resources", "gpu=0", "--until", "features", experiment="demo", override=override)
    assert until["features"] > 1 and "train" not in until
    assert workflow.planned("audit", "--resources", "gpu=0", experiment="demo", override=override) == {"audit": 1}


def test_resources_say_how_many_gpus_the_cluster_has(submitted):
    options, _ = submitted("--resources", "gpu=3", rule="generated")
    assert " gpus=1 " in options[-1].replace("'", "")
    assert not [option for option in options if option.startswith(("--gpus", "--gres"))]  # this rule profits from none


def test_where_slurm_is_not_installed_no_job_is_at_work(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert jobs_at_work(["some-key"], tmp_path) == []


def test_only_jobs_of_this_folder_that_make_a_wanted_stage_are_at_work(tmp_path, monkeypatch):
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    for folder in (here, elsewhere):
        folder.mkdir()
    jobs = {"7": (here, "a-1 b-2"), "12": (here, "c-3"), "5": (here, "a-1"), "9": (elsewhere, "a-1")}
    queue = "".join(f"echo '{n}|{folder}'\n" for n, (folder, _) in jobs.items())
    (tmp_path / "squeue").write_text(f"#!/bin/sh\n{queue}")
    cases = "".join(f"{n}) echo '{script}';;\n" for n, (_, script) in jobs.items())
    (tmp_path / "scontrol").write_text(f'#!/bin/sh\ncase "$3" in\n{cases}esac\n')
    for name in ("squeue", "scontrol"):
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert jobs_at_work(["a-1"], here) == ["5", "7"]
    assert jobs_at_work(["c-3", "b-2"], here) == ["7", "12"]
    assert jobs_at_work(["d-4"], here) == []
