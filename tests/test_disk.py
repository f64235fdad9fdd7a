"""A full disk: room is reserved before work, and the end is one message with the path and what is needed."""

import argparse
import errno
import mmap
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from emofusion import commands, disk
from emofusion.disk import at_limit, is_full, is_too_large, need_space, reserve
from emofusion.errors import EmofusionError, clear_errors

MB = 1_000_000


@pytest.fixture
def small_disk(monkeypatch):
    """A disk with 5 MB of room, as far as anybody asks."""
    usage = shutil.disk_usage(".")
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda path: usage._replace(free=5 * MB))


def test_a_reserved_file_has_its_size_and_room_and_can_be_mapped(tmp_path):
    path = tmp_path / "features.npy"
    reserve(path, 3 * MB)
    assert path.stat().st_size == 3 * MB and path.stat().st_blocks * 512 >= 3 * MB
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
        mapped[-4:] = b"last"
    assert path.read_bytes()[-4:] == b"last"


def test_reserving_again_keeps_what_is_there(tmp_path):
    path = tmp_path / "features.npy"
    path.write_bytes(b"begun")
    reserve(path, 100)
    assert path.read_bytes() == b"begun" + bytes(95)
    reserve(path, 100)
    assert path.read_bytes() == b"begun" + bytes(95)


def test_too_little_room_is_said_before_anything_is_written(tmp_path, small_disk):
    path = tmp_path / "features.npy"
    message = (
        rf"the disk is full: {path} cannot be written\. 6\.5 MB are needed, and 5\.0 MB are free there\. Make room"
    )
    with pytest.raises(EmofusionError, match=message):
        reserve(path, 6_500_000)
    assert not path.exists()
    need_space(tmp_path / "not" / "there" / "yet", 5 * MB)
    with pytest.raises(EmofusionError, match=r"5\.0 MB are needed"):
        need_space(tmp_path / "not" / "there" / "yet", 5 * MB + 1)


def test_what_a_file_has_already_is_not_needed_again(tmp_path, small_disk):
    path = tmp_path / "features.npy"
    path.write_bytes(bytes(3 * MB))
    reserve(path, 7 * MB)
    assert path.stat().st_size == 7 * MB


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_or_quota_that_fills_while_it_is_reserved_leaves_no_file(tmp_path, monkeypatch, number):
    def full(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(disk.os, "posix_fallocate", full)
    with pytest.raises(EmofusionError, match=r"1\.0 kB are needed"):
        reserve(tmp_path / "new", 1000)
    assert not (tmp_path / "new").exists()
    (tmp_path / "old").write_bytes(b"begun")
    with pytest.raises(EmofusionError):
        reserve(tmp_path / "old", 1000)
    assert (tmp_path / "old").read_bytes().startswith(b"begun")


def test_a_file_system_that_cannot_reserve_gets_the_file_all_the_same(tmp_path, monkeypatch):
    def unsupported(*_):
        raise OSError(errno.EOPNOTSUPP, "not supported")

    monkeypatch.setattr(disk.os, "posix_fallocate", unsupported)
    reserve(tmp_path / "file", 1000)
    assert (tmp_path / "file").stat().st_size == 1000


def from_another(error):
    try:
        try:
            raise error
        except Exception as cause:
            raise RuntimeError("something else") from cause
    except RuntimeError as raised:
        return raised


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "results/a"), True),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), True),
        (OSError("[Errno 28] Error writing bytes to file. Detail: [errno 28] No space left on device"), True),  # arrow
        (ValueError("Error while serializing: I/O error: No space left on device (os error 28)"), True),  # safetensors
        (RuntimeError("database or disk is full"), True),  # SQLite
        (from_another(OSError(errno.ENOSPC, "No space left on device")), True),
        (OSError(errno.EACCES, "Permission denied"), False),
        (from_another(ValueError("no")), False),
    ],
)
def test_a_full_disk_is_recognised_however_a_library_says_it(error, full):
    assert is_full(error) == full


@pytest.mark.parametrize(
    ("error", "large"),
    [
        (OSError(errno.EFBIG, "File too large", "results/a"), True),
        (OSError("[Errno 27] Error writing bytes to file. Detail: [errno 27] File too large"), True),  # arrow
        (ValueError("Error while serializing: I/O error: File too large (os error 27)"), True),  # safetensors
        (from_another(OSError(errno.EFBIG, "File too large")), True),
        (OSError(errno.ENOSPC, "No space left on device"), False),
    ],
)
def test_a_file_that_is_too_large_is_recognised_however_a_library_says_it(error, large):
    assert is_too_large(error) == large and is_full(error) != large


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (
            2_048_000,
            "`ulimit -f` allows files of 2.0 MB. Raise it with `ulimit -f unlimited`, and run the same",
        ),
        (disk.resource.RLIM_INFINITY, "Its file system allows no larger files. Put the folder on another one, and run"),
    ],
)
def test_a_job_whose_file_is_too_large_ends_with_the_limit(tmp_path, capfd, monkeypatch, limit, said):
    monkeypatch.setattr(disk.resource, "getrlimit", lambda which: (limit, limit))
    with pytest.raises(SystemExit), clear_errors():
        raise OSError(errno.EFBIG, "File too large", str(tmp_path / "a.parquet"))
    output = capfd.readouterr().err
    assert f"error: the file is too large: {tmp_path}/a.parquet cannot be written. {said}" in output
    assert len(output.strip().splitlines()) == 1


# numpy says how many items were written, and no more
WRITE_ARRAY = "import numpy; numpy.zeros(400_000).tofile(path)"


@pytest.mark.parametrize("what", ["reserve(path, 3_000_000)", "write_whole(path, bytes(3_000_000))", WRITE_ARRAY])
def test_a_real_limit_ends_with_the_message(tmp_path, what):
    code = "from pathlib import Path; from emofusion.errors import clear_errors; from emofusion.plan.job import Job\n"
    code += "from emofusion.disk import reserve; from emofusion.whole_files import write_whole\n"
    code += f"path, Job.folder = Path({str(tmp_path / 'file')!r}), Path({str(tmp_path)!r})\n"
    code += f"def work(*_):\n    {what}\nJob._run = work\n"
    code += "with clear_errors():\n    Job(None, 'kind/key', path, path).run(work)\n"
    command = ["bash", "-c", f'ulimit -f 2000; "{sys.executable}" -c "$CODE"']
    done = subprocess.run(command, env={**os.environ, "CODE": code}, capture_output=True, text=True)
    needed = "" if what == WRITE_ARRAY else "It needs 3.0 MB. "
    told = f"{tmp_path}/file cannot be written. {needed}`ulimit -f` allows files of 2.0 MB. Raise it"
    assert done.returncode == 1 and f"error: the file is too large: {told}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_at_the_limit_is_found(tmp_path, monkeypatch):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b").write_bytes(bytes(1000))
    monkeypatch.setattr(disk.resource, "getrlimit", lambda which: (1000, 2000))
    assert at_limit(tmp_path) == tmp_path / "deep" / "b" and at_limit(tmp_path / "absent") is None
    monkeypatch.setattr(disk.resource, "getrlimit", lambda which: (1001, 2000))
    assert at_limit(tmp_path) is None


def test_a_job_on_a_full_disk_ends_with_one_message(tmp_path, capfd):
    with pytest.raises(SystemExit), clear_errors():
        raise from_another(OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "a.parquet")))
    output = capfd.readouterr().err
    assert f"error: the disk is full: {tmp_path}/a.parquet cannot be written. " in output and "Traceback" not in output
    assert len(output.strip().splitlines()) == 1


def test_a_command_of_emofusion_on_a_full_disk_ends_with_one_message(tmp_path, capfd, monkeypatch):
    def run(given):
        raise OSError(given.number, "words", str(tmp_path / "scores.csv.partial"))

    for number, said in ((errno.ENOSPC, "the disk is full"), (errno.EFBIG, "the file is too large")):
        given = argparse.Namespace(run=run, number=number)
        monkeypatch.setattr(commands, "parser", lambda given=given: argparse.Namespace(parse_args=lambda _: given))
        assert commands.main([]) == 2
        output = capfd.readouterr().err
        assert f"error: {said}: {tmp_path}/scores.csv.partial cannot be written" in output and "Traceback" not in output
    given.number = errno.EIO
    with pytest.raises(OSError, match="words"):
        commands.main([])


def test_any_other_error_of_the_system_keeps_its_traceback(capfd):
    with pytest.raises(SystemExit), clear_errors():
        raise OSError(errno.EIO, "Input/output error")
    assert "Traceback" in capfd.readouterr().err


def test_a_log_that_cannot_be_written_hides_no_message(capfd):
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    code = "from emofusion.errors import *\nwith clear_errors('/dev/full'):\n    tell('line')\n"
    code += "    raise EmofusionError('the reason')\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "line\n" in done.stderr and "error: the reason" in done.stderr and done.returncode != 0


def mounts_are_allowed() -> bool:
    command = ["unshare", "--map-root-user", "--mount", "true"]
    return shutil.which("unshare") is not None and subprocess.run(command, capture_output=True).returncode == 0


@pytest.mark.skipif(not mounts_are_allowed(), reason="this needs a small file system of its own")
@pytest.mark.parametrize("what", ["reserve(path, 3_000_000)", "write_whole(path, bytes(3_000_000))"])
def test_a_real_full_disk_ends_with_the_message_and_without_a_signal(tmp_path, what):
    code = "from pathlib import Path; from emofusion.errors import clear_errors\n"
    code += "from emofusion.disk import reserve; from emofusion.whole_files import write_whole\n"
    code += f"path = Path({str(tmp_path / 'file')!r})\nwith clear_errors():\n    {what}\n"
    shell = (
        f'mount -t tmpfs -o size=2m none "{tmp_path}" && "{sys.executable}" -c "$CODE"; s=$?; ls "{tmp_path}"; exit $s'
    )
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", shell]
    done = subprocess.run(command, env={**os.environ, "CODE": code}, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == ""
    assert f"error: the disk is full: {tmp_path}/file cannot be written. 3.0 MB are needed, and 2.1 MB" in done.stderr


@pytest.mark.parametrize(("free", "said"), [(10_000, r"the disk is full: .*results"), (5 * MB, "System error")])
def test_an_error_of_a_library_on_a_full_disk_is_one_of_the_full_disk(tmp_path, monkeypatch, free, said):
    """libsndfile says no more than that."""
    from emofusion.plan.job import Job

    def write(*_):
        raise RuntimeError("System error")

    usage = shutil.disk_usage(".")
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda path: usage._replace(free=free))
    monkeypatch.setattr(Job, "folder", tmp_path / "results")
    monkeypatch.setattr(Job, "_run", write)
    with pytest.raises((EmofusionError, RuntimeError), match=said):
        Job(None, "kind/key", tmp_path, tmp_path).run(write)
