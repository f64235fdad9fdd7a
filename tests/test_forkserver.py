"""Scripts in forks of the server: modules are imported once, and a script behaves as it does in its own process."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from emofusion.forkserver import ADDRESS

SCRIPT = """
from emofusion.forkserver import in_fork

in_fork("slow_late")

import sys, os, json
import slow

{body}
"""
STARTER = "from emofusion import forkserver as f; import os, sys; f.start(); print(os.environ[f.ADDRESS], flush=True);"
DEADLINE = 60.0  # seconds


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder on the path, with two modules that write the number of each process that executes them to a log."""
    for name in ("slow", "slow_late"):
        code = f"import os\nopen({str(tmp_path / f'{name}.log')!r}, 'a').write(f'{{os.getpid()}}\\n')\n"
        (tmp_path / f"{name}.py").write_text(code)
    source = str(Path(__file__).parent.parent / "src")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([source, str(tmp_path)]))
    monkeypatch.delenv(ADDRESS, raising=False)
    return tmp_path


@pytest.fixture
def server(folder):
    """A process that has started a server, and the address of that server."""
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER + "sys.stdin.read()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    yield starter, starter.stdout.readline().strip()
    starter.communicate()


def start_script(folder, body, address, **options):
    script = folder / "script.py"
    script.write_text(SCRIPT.format(body=body))
    environment = {**os.environ, ADDRESS: address, **options.pop("environment", {})}
    return subprocess.Popen(
        [sys.executable, str(script), "word"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def run(folder, body, address, **options):
    process = start_script(folder, body, address, **options)
    output, errors = process.communicate(timeout=DEADLINE)
    return process.returncode, output, errors


def processes_that_imported(folder, name="slow"):
    log = folder / f"{name}.log"
    return log.read_text().split() if log.exists() else []


def test_modules_are_imported_once_for_all_scripts(folder, server):
    processes = {run(folder, "import slow_late; print(os.getpid())", server[1])[1] for _ in range(3)}
    assert len(processes) == 3
    importers = processes_that_imported(folder)
    assert len(importers) == 1
    assert processes_that_imported(folder, "slow_late") == importers


@pytest.mark.parametrize("edited", ["slow", "slow_late"])
def test_after_an_edit_scripts_run_the_code_that_is_there_now(folder, server, edited):
    body = f"import {edited}; print(os.getpid(), getattr({edited}, 'VALUE', 'old'))"
    (_, first, _), (_, second, _) = (run(folder, body, server[1]) for _ in range(2))
    assert first.split()[1] == second.split()[1] == "old" and len(processes_that_imported(folder, edited)) == 1
    path = folder / f"{edited}.py"
    path.write_text(path.read_text() + "VALUE = 'new'\n")
    status, output, _ = run(folder, body, server[1])
    process, value = output.split()
    assert status == 0 and value == "new" and processes_that_imported(folder, edited)[-1] == process
    path.unlink()
    path.with_name(f"{edited}").mkdir()
    (path.with_name(f"{edited}") / "__init__.py").write_text("VALUE = 'a package'\n")
    assert run(folder, body, server[1])[1].split()[1:] == ["a", "package"]


@pytest.mark.parametrize("address", ["", "/nowhere/socket"])
def test_without_a_server_a_script_runs_in_its_own_process(folder, address):
    for _ in range(2):
        status, output, _ = run(folder, "print(os.getpid())", address)
        assert (status, output.strip()) == (0, processes_that_imported(folder)[-1])
    assert len(set(processes_that_imported(folder))) == 2


def test_a_script_of_another_interpreter_runs_in_its_own_process(folder, server, tmp_path):
    environment = tmp_path / "other"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    (folder / "script.py").write_text(SCRIPT.format(body="print(sys.prefix, os.getpid())"))
    command = [environment / "bin" / "python", folder / "script.py"]
    done = subprocess.run(command, env={**os.environ, ADDRESS: server[1]}, capture_output=True, text=True)
    assert done.stdout.split() == [str(environment), processes_that_imported(folder)[-1]]


def test_a_fork_has_the_scripts_directory_environment_arguments_and_streams(folder, server):
    working_folder = folder / "elsewhere"
    working_folder.mkdir()
    body = "print(os.getcwd(), os.environ['COLOUR'], sys.argv[1:], __name__); print('oh', file=sys.stderr)"
    body += "\nimport subprocess; print(subprocess.run(['echo', 'child'], capture_output=True, text=True).stdout)"
    status, output, errors = run(folder, body, server[1], cwd=working_folder, environment={"COLOUR": "red"})
    assert status == 0
    assert output.split("\n")[:2] == [f"{working_folder} red ['word'] __main__", "child"]
    assert errors == "oh\n"


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ("pass", 0, ""),
        ("sys.exit()", 0, ""),
        ("sys.exit(3)", 3, ""),
        ("sys.exit('no such thing')", 1, "no such thing"),
        ("raise ValueError('bad')", 1, "ValueError: bad"),
        ("import nothing_of_this_name", 1, "ModuleNotFoundError"),
        ("import atexit; atexit.register(lambda: print('bye', file=sys.stderr))", 0, "bye"),
        ("os.kill(os.getpid(), 9)", 137, "was killed"),
    ],
)
def test_a_fork_ends_as_its_script_would(folder, server, body, status, message):
    actual, _, errors = run(folder, body, server[1])
    assert actual == status and message in errors
    assert processes_that_imported(folder) and run(folder, "pass", server[1])[0] == 0


def test_signals_to_a_script_reach_its_fork(folder, server):
    body = "import signal, time\ndef stop(number, _): print(number); sys.exit(5)\n"
    body += "signal.signal(signal.SIGTERM, stop); print('ready', flush=True); time.sleep(600)"
    process = start_script(folder, body, server[1])
    assert process.stdout.readline() == "ready\n"
    process.terminate()
    assert process.communicate(timeout=DEADLINE)[0] == f"{int(signal.SIGTERM)}\n"
    assert process.returncode == 5


def test_a_fork_ends_when_its_script_is_killed(folder, server):
    process = start_script(folder, "import time; print(os.getpid(), flush=True); time.sleep(600)", server[1])
    fork = int(process.stdout.readline())
    process.kill()
    wait_until_ended(fork)


def test_a_fork_ends_when_the_process_that_started_the_server_is_killed(folder, server):
    """The script's own process goes on for a moment, as Snakemake's jobs do when Snakemake is killed."""
    starter, address = server
    process = start_script(folder, "import time; print(os.getpid(), flush=True); time.sleep(600)", address)
    fork = int(process.stdout.readline())
    starter.kill()
    wait_until_ended(fork)
    assert process.wait(DEADLINE) == 128 + signal.SIGKILL and "was killed" in process.stderr.read()


def test_a_fork_goes_on_when_its_server_alone_is_killed(folder, server):
    _, address = server
    body = "print(os.getppid(), flush=True); sys.stdin.readline(); print('done')"
    process = start_script(folder, body, address, stdin=subprocess.PIPE)
    server_process = int(process.stdout.readline())
    os.kill(server_process, signal.SIGKILL)
    assert process.communicate("go on\n", timeout=DEADLINE)[0] == "done\n" and process.returncode == 0
    assert run(folder, "print('alone')", address)[:2] == (0, "alone\n")  # and the next scripts run by themselves


def test_the_server_ends_with_the_process_that_started_it_and_leaves_nothing(folder, tmp_path, monkeypatch):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    command = [sys.executable, "-c", STARTER + "sys.stdin.read()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as starter:
        address = starter.stdout.readline().strip()
        assert run(folder, "pass", address)[0] == 0
        (server_process,) = processes_that_imported(folder)
        starter.kill()
    wait_until_ended(int(server_process))
    assert not list(temporary.iterdir())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_process_of_another_user_gets_no_fork(folder, server):
    """An abstract socket has no permissions: the server looks at who is there."""
    code = "import os, socket, sys; os.setuid(65534); s = socket.socket(socket.AF_UNIX); s.connect('\\0' + sys.argv[1])"
    code += "; print(s.recv(1))"
    done = subprocess.run([sys.executable, "-c", code, server[1]], capture_output=True, text=True, timeout=DEADLINE)
    assert done.stdout == "b''\n", done.stderr


def wait_until_ended(process: int) -> None:
    deadline = time.monotonic() + DEADLINE
    while Path(f"/proc/{process}").exists():
        assert time.monotonic() < deadline, f"process {process} still runs"
        time.sleep(0.02)
