"""Scripts in forks: whose modules they find, and that nobody who runs them can tell the difference."""

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

in_fork("dear_late")

import sys, os, json
import dear

{body}
"""
STARTER = "from emofusion import forkserver as f; import os, sys; f.start(); print(os.environ[f.ADDRESS], flush=True);"
DEADLINE = 60.0


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder on the path with two modules that note, each time they are executed, which process did it."""
    for name in ("dear", "dear_late"):
        code = f"import os\nopen({str(tmp_path / f'{name}.log')!r}, 'a').write(f'{{os.getpid()}}\\n')\n"
        (tmp_path / f"{name}.py").write_text(code)
    source = str(Path(__file__).parent.parent / "src")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([source, str(tmp_path)]))
    monkeypatch.delenv(ADDRESS, raising=False)
    return tmp_path


@pytest.fixture
def server(folder):
    """A process that has started a server; yields it and the server's address."""
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER + "sys.stdin.read()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    yield starter, starter.stdout.readline().strip()
    starter.communicate()


def started(folder, body, address, **options):
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
    process = started(folder, body, address, **options)
    output, errors = process.communicate(timeout=DEADLINE)
    return process.returncode, output, errors


def imports(folder, name="dear"):
    log = folder / f"{name}.log"
    return log.read_text().split() if log.exists() else []


def test_modules_are_imported_once_for_all_scripts(folder, server):
    processes = {run(folder, "import dear_late; print(os.getpid())", server[1])[1] for _ in range(3)}
    assert len(processes) == 3
    assert len(imports(folder)) == len(imports(folder, "dear_late")) == 1
    assert imports(folder) == imports(folder, "dear_late")


@pytest.mark.parametrize("address", ["", "/nowhere/socket"])
def test_without_a_server_the_script_goes_on_by_itself(folder, address):
    for _ in range(2):
        status, output, _ = run(folder, "print(os.getpid())", address)
        assert (status, output.strip()) == (0, imports(folder)[-1])
    assert len(set(imports(folder))) == 2


def test_another_interpreters_script_goes_on_by_itself(folder, server, tmp_path):
    environment = tmp_path / "other"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    (folder / "script.py").write_text(SCRIPT.format(body="print(sys.prefix, os.getpid())"))
    command = [environment / "bin" / "python", folder / "script.py"]
    done = subprocess.run(command, env={**os.environ, ADDRESS: server[1]}, capture_output=True, text=True)
    assert done.stdout.split() == [str(environment), imports(folder)[-1]]


def test_a_fork_has_the_scripts_directory_environment_arguments_and_streams(folder, server):
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    body = "print(os.getcwd(), os.environ['COLOUR'], sys.argv[1:], __name__); print('oh', file=sys.stderr)"
    body += "\nimport subprocess; print(subprocess.run(['echo', 'child'], capture_output=True, text=True).stdout)"
    status, output, errors = run(folder, body, server[1], cwd=elsewhere, environment={"COLOUR": "red"})
    assert status == 0
    assert output.split("\n")[:2] == [f"{elsewhere} red ['word'] __main__", "child"]
    assert errors == "oh\n"


@pytest.mark.parametrize(
    ("body", "status", "said"),
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
def test_a_fork_leaves_as_its_script_would(folder, server, body, status, said):
    found, _, errors = run(folder, body, server[1])
    assert found == status and said in errors
    assert imports(folder) and run(folder, "pass", server[1])[0] == 0


def test_the_scripts_signals_reach_its_fork(folder, server):
    body = "import signal, time\ndef leave(number, _): print(number); sys.exit(5)\n"
    body += "signal.signal(signal.SIGTERM, leave); print('ready', flush=True); time.sleep(600)"
    process = started(folder, body, server[1])
    assert process.stdout.readline() == "ready\n"
    process.terminate()
    assert process.communicate(timeout=DEADLINE)[0] == f"{int(signal.SIGTERM)}\n"
    assert process.returncode == 5


def test_a_fork_ends_when_its_script_is_killed(folder, server):
    process = started(folder, "import time; print(os.getpid(), flush=True); time.sleep(600)", server[1])
    fork = int(process.stdout.readline())
    process.kill()
    wait_until_gone(fork)


def test_the_server_ends_with_the_process_that_started_it(folder, server):
    starter, address = server
    assert run(folder, "pass", address)[0] == 0
    (process,) = imports(folder)
    assert Path(address).exists()
    starter.kill()
    wait_until_gone(int(process))
    assert not Path(address).parent.exists()


def wait_until_gone(process: int) -> None:
    end = time.monotonic() + DEADLINE
    while Path(f"/proc/{process}").exists():
        assert time.monotonic() < end, f"{process} still runs"
        time.sleep(0.02)
