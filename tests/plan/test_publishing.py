"""Two commands never publish into one folder of reports at the same time."""

import subprocess
import sys
from pathlib import Path

import pytest

from emofusion.errors import EmofusionError
from emofusion.plan.publishing import PUBLISHING, publish_alone

# Publishes into a folder, and then stays until its standard input is closed.
COMMAND = """
import sys
from pathlib import Path
from emofusion.errors import EmofusionError
from emofusion.plan.publishing import publish_alone
try:
    publish_alone(Path(sys.argv[1]), sys.argv[2])
    print("begun", flush=True)
except EmofusionError as error:
    print(error, flush=True)
sys.stdin.read()
"""


def started(results: Path, folder: str) -> subprocess.Popen:
    command = [sys.executable, "-c", COMMAND, str(results), folder]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_a_second_command_is_refused_until_the_first_one_ends(tmp_path):
    with started(tmp_path, "demo") as first:
        assert first.stdout.readline() == "begun\n"
        message = (
            rf"reports/demo is being made by another command \(process {first.pid} on .*\), and each command deletes"
        )
        with pytest.raises(EmofusionError, match=message):
            publish_alone(tmp_path, "demo")
        with started(tmp_path, "demo") as second, started(tmp_path, "other") as other:
            assert f"process {first.pid} on" in second.stdout.readline()
            assert other.stdout.readline() == "begun\n"  # each folder has its own
        first.kill()  # however it ends
        first.wait()
        with started(tmp_path, "demo") as third:
            assert third.stdout.readline() == "begun\n"


def test_a_damaged_file_hinders_nobody(tmp_path):
    path = tmp_path / PUBLISHING / "demo.json"
    path.parent.mkdir(parents=True)
    path.write_text("{")
    with started(tmp_path, "demo") as first:
        assert first.stdout.readline() == "begun\n"
        path.write_text("{")
        with pytest.raises(EmofusionError, match=r"another command \(an unknown process\)"):
            publish_alone(tmp_path, "demo")


def test_results_that_cannot_be_written_are_no_fault_here(tmp_path):
    (tmp_path / "plans").write_text("a file where the folder should be")
    publish_alone(tmp_path, "demo")
