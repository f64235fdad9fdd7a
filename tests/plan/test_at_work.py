"""What a command that was killed leaves in its folder, and when the next one may tidy it up."""

import json
import subprocess
import sys

import pytest

from emofusion.errors import EmofusionError
from emofusion.plan import at_work
from emofusion.plan.at_work import COMMANDS, LOCKS, SCRIPTS, begin, check_alone, end
from emofusion.plan.stage import KINDS

# Begins a command in the present folder, and then stays until its standard input is closed.
COMMAND = """
import sys
from pathlib import Path
from emofusion.plan.at_work import begin
print(begin(Path("results"), sys.argv[1:]), flush=True)
sys.stdin.read()
"""
JOB = """
import sys
from pathlib import Path
from emofusion.plan.at_work import alone
with alone(Path(sys.argv[1]), "model/m"):
    print("begun", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The present folder, with a lock, the script of a job and half-written files."""
    monkeypatch.chdir(tmp_path)
    for path in (LOCKS, SCRIPTS, at_work.Path("results/plans"), at_work.Path("results/model/m/checkpoints")):
        path.mkdir(parents=True)
    (LOCKS / "0.output.lock").write_text("results/model/m/record.json\n")
    (SCRIPTS / "tmpabc.train.py").write_text("pass")
    (tmp_path / "results/plans/p.sqlite.12.partial").write_text("half")
    (tmp_path / "results/plans/p.sqlite.12.partial-journal").write_text("half")
    (tmp_path / "results/mlflow.db.ab.partial").write_text("half")
    (tmp_path / "results/model/m/checkpoints/last.ckpt.partial").write_text("half")
    yield tmp_path
    end()


def start(code, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def killed_command(*temporary):
    process = start(COMMAND, *temporary)
    process.stdout.readline()
    process.kill()
    process.communicate()


def present(folder):
    kept = ("locks/", "scripts/", "results/")
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(path.name for path in files if any(part in f"{path.parent}/" for part in kept))


ALL = [
    *("0.output.lock", "last.ckpt.partial", "mlflow.db.ab.partial", "p.sqlite.12.partial"),
    *("p.sqlite.12.partial-journal", "tmpabc.train.py"),
]


def test_the_locks_of_a_killed_command_are_lifted_and_its_leftovers_deleted(folder):
    (folder / "snakemakexyz").mkdir()
    (folder / "snakemakexyz" / "script").write_text("text")
    (folder / "other").mkdir()
    killed_command(folder / "snakemakexyz", folder / "other")
    (line,) = begin(at_work.Path("results"))
    assert "an earlier command was killed here. Its locks are lifted" in line
    assert present(folder) == ["last.ckpt.partial"]  # work in progress is for the stage's own job
    assert not (folder / "snakemakexyz").exists() and (folder / "other").exists()
    assert len(list(COMMANDS.iterdir())) == 1  # this command's own file
    end()
    assert not list(COMMANDS.iterdir())


def test_several_killed_commands_are_tidied_up_at_once(folder):
    for _ in range(3):
        start(COMMAND).communicate()  # ends by itself, and leaves no file
        killed_command()
        (LOCKS / "0.output.lock").write_text("results/model/m/record.json\n")
    assert len(begin(at_work.Path("results"))) == 1 and present(folder) == ["last.ckpt.partial"]


def test_a_living_command_keeps_its_locks(folder):
    killed_command()
    living = start(COMMAND)
    assert "killed" in living.stdout.readline()
    (LOCKS / "0.output.lock").write_text("results/model/m/record.json\n")
    (line,) = begin(at_work.Path("results"))
    assert line.startswith(f"note: process {living.pid} on ") and line.endswith("is at work in this folder too")
    assert "0.output.lock" in present(folder)
    living.communicate()


def test_nothing_is_pruned_beside_a_living_command(folder):
    begin(at_work.Path("results"))
    check_alone()
    living = start(COMMAND)
    living.stdout.readline()
    with pytest.raises(EmofusionError, match=rf"^prune: process {living.pid} on .* is at work .* Run prune again"):
        check_alone()
    living.communicate()
    check_alone()


def test_locks_of_another_machine_are_explained_and_not_lifted(folder):
    killed_command()
    (path,) = COMMANDS.iterdir()
    path.write_text(json.dumps(json.loads(path.read_text()) | {"host": "elsewhere", "process": 12}))
    (line,) = begin(at_work.Path("results"))
    assert "process 12 on elsewhere" in line and "snakemake --cores 1 --unlock" in line
    with pytest.raises(EmofusionError, match=r"process 12 on elsewhere is at work .* snakemake --cores 1 --unlock"):
        check_alone()
    assert present(folder) == ALL


@pytest.mark.parametrize("content", ["", "{", "[]", '{"host": 3}'])
def test_a_damaged_announcement_lifts_nothing(folder, content):
    killed_command()
    (path,) = COMMANDS.iterdir()
    path.write_text(content)
    (line,) = begin(at_work.Path("results"))
    assert "--unlock" in line and present(folder) == ALL


def test_locks_that_nobody_announced_are_explained_and_stay(folder):
    (line,) = begin(at_work.Path("results"))
    assert "no word of itself" in line and "snakemake --cores 1 --unlock" in line and present(folder) == ALL
    end()
    assert begin(at_work.Path("results"), unlocks=True) == []


def test_after_unlock_a_command_of_another_machine_is_known_to_be_gone(folder):
    killed_command()
    (path,) = COMMANDS.iterdir()
    path.write_text(json.dumps(json.loads(path.read_text()) | {"host": "elsewhere"}))
    begin(at_work.Path("results"), unlocks=True)
    assert not path.exists() and present(folder) == ["last.ckpt.partial"]


def test_unlock_forgets_no_command_that_is_at_work(folder):
    living = start(COMMAND)
    living.stdout.readline()
    (path,) = COMMANDS.iterdir()
    (line,) = begin(at_work.Path("results"), unlocks=True)
    assert line.endswith("is at work in this folder too") and path.exists() and present(folder) == ALL
    living.communicate()


def test_a_file_system_without_locks_lifts_nothing(folder, monkeypatch):
    killed_command()

    def unsupported(*_):
        raise OSError("no locks")

    monkeypatch.setattr(at_work.fcntl, "flock", unsupported)
    assert begin(at_work.Path("results")) == [] and present(folder) == ALL
    assert len(list(COMMANDS.iterdir())) == 1  # that of the killed command


def test_of_two_jobs_in_one_folder_the_second_waits_and_says_so(folder):
    place = folder / "results" / "model" / "m"
    first = start(JOB, place)
    assert first.stdout.readline() == "begun\n"
    second = start(JOB, place)
    assert "model/m: a job of an earlier command is still at work on it" in second.stderr.readline()
    assert second.poll() is None
    first.kill()  # however it ends
    first.communicate()
    assert second.stdout.readline() == "begun\n"
    second.communicate()
    assert sorted(path.name for path in place.iterdir()) == ["checkpoints"]  # no file for the lock


def test_the_folders_that_are_tidied_up_are_no_stages():
    assert "model" in KINDS and not {"plans", "shared", "tracking", "reports"} & set(KINDS)
