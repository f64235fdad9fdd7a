"""Scripts that go on in a fork of a process which has imported their modules already: imports are paid once a run.

A job's libraries take seconds to import, longer than many a job's work. So the workflow starts one server beside it;
a script asks it for a fork, and what a script imports the server imports, before it forks, the first time that it is
asked. A fork has the job's own directory, environment, standard streams and exit status, and gets its signals. Where no
server is (on another machine of a cluster, under another interpreter, not on Linux), a script simply goes on by itself.

Safe only while no import starts a thread that takes locks of Python's or touches the GPU: neither outlives a fork.
"""

import ast
import atexit
import gc
import json
import os
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path

ADDRESS = "EMOFUSION_FORKSERVER"  # the environment variable that names the server's socket; empty: use none
_FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_READY = b"\0"  # said by the fork, and by the script once it passes signals on


def start() -> None:
    """Start a server that lives as long as this process, for this process's children; not where `ADDRESS` is set."""
    if sys.platform != "linux" or ADDRESS in os.environ:
        return
    folder = tempfile.mkdtemp(prefix="emofusion-")  # of mode 700
    os.environ[ADDRESS] = str(Path(folder, "socket"))
    # no threads of libraries in a process that forks; a script sets its own number where it matters
    one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    command = [sys.executable, "-m", "emofusion.forkserver", os.environ[ADDRESS]]
    server = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | one, start_new_session=True
    )
    server.stdout.read(1)  # it listens
    start.server = server  # its standard input is closed when this process ends, however it ends


def in_fork(*late: str) -> None:
    """Let the calling script go on in a fork of the server, and leave with the fork's status; else do nothing.

    To be called by the main script before its heavy imports. The server imports what stands at the script's top level
    and the modules `late`, those that the script's work imports later.
    """
    address = os.environ.get(ADDRESS)
    if not address or _is_fork:
        return
    connection = socket.socket(socket.AF_UNIX)
    request = {
        "prefix": sys.prefix,
        "script": str(Path(sys.argv[0]).resolve()),
        "arguments": sys.argv,
        "late": late,
        "directory": str(Path.cwd()),
        "environment": dict(os.environ),
    }
    try:
        connection.connect(address)
        socket.send_fds(connection, [b"."], [0, 1, 2])
        connection.sendall(json.dumps(request).encode() + b"\n")
        if connection.recv(1) != _READY:
            return
    except OSError:
        return

    def forward(number: int, _: object) -> None:
        with suppress(OSError):
            connection.sendall(bytes([number]))

    for number in _FORWARDED:
        signal.signal(number, forward)
    connection.sendall(_READY)
    status = connection.recv(1)
    if not status:
        print("error: the job's process was killed", file=sys.stderr)
    sys.exit(status[0] if status else 128 + signal.SIGKILL)


_is_fork = False


def _serve(address: str) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no zombies
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(128)
        os.close(1)
        os.open(os.devnull, os.O_WRONLY)
        # nothing is ever written to standard input: it is readable once its other end is closed
        while 0 not in select.select([0, listener], [], [])[0]:
            connection = listener.accept()[0]
            with connection, suppress(OSError, ValueError):
                _, streams, _, _ = socket.recv_fds(connection, 1, 3)
                try:
                    request = json.loads(connection.makefile("rb").readline())
                    if request["prefix"] == sys.prefix:
                        _import(request["script"], request["late"])
                        if os.fork() == 0:
                            listener.close()
                            _be_script(connection, streams, request)
                finally:
                    for stream in streams:
                        os.close(stream)
    shutil.rmtree(Path(address).parent, ignore_errors=True)
    os._exit(0)  # without the cleaning up, and the remarks, of libraries that it has never used


def _import(script: str, late: list[str]) -> None:
    modules = [*imported_by(script), *late]
    new = [module for module in modules if module not in sys.modules]
    for module in new:
        with suppress(Exception):  # the script will fail in the same way, and say so
            import_module(module)
    if new:
        gc.collect()
        gc.freeze()  # a collection in a fork does not then copy the memory of all that was imported


def imported_by(script: str | Path) -> list[str]:
    """The modules that a script names in its top-level imports, as `import a` or `from a import …`."""
    names = []
    for node in ast.parse(Path(script).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
    return names


def _be_script(connection: socket.socket, streams: list[int], request: dict) -> None:
    """Run the script in this process, which has just been forked, as if it had been started for it."""
    global _is_fork
    _is_fork = True
    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        os.chdir(request["directory"])
        os.environ.clear()
        os.environ.update(request["environment"])
        sys.argv, tempfile.tempdir = request["arguments"], None
        connection.sendall(_READY)
        if connection.recv(1) != _READY:
            os._exit(1)
        threading.Thread(target=_take_signals, args=[connection], daemon=True).start()
        runpy.run_path(request["script"], run_name="__main__")
        status = 0
    except SystemExit as leaving:
        status = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
        if isinstance(leaving.code, str):
            print(leaving.code, file=sys.stderr)
    except KeyboardInterrupt:
        status = 128 + signal.SIGINT
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(BaseException):
            threading._shutdown()  # as the interpreter does at its end
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # which would come as the script leaves, too
        with suppress(OSError):
            connection.sendall(bytes([status & 0xFF]))
        os._exit(status & 0xFF)


def _take_signals(connection: socket.socket) -> None:
    """Send this process the signals that the script's own process got; SIGTERM when that has gone."""
    while True:
        number = connection.recv(1)
        os.kill(os.getpid(), number[0] if number else signal.SIGTERM)
        if not number:
            return


if __name__ == "__main__":
    # under its own name, or scripts would import a second copy, which does not know that it is in a fork
    from emofusion import forkserver

    forkserver._serve(sys.argv[1])
