"""Run scripts in forks of one process that has already imported their modules, so that a run pays for imports once.

Importing the libraries of a job takes seconds, often longer than the job's work. Therefore the workflow starts one
server process (`start`). A script calls `in_fork`: it asks the server for a fork, and the fork runs the script. The
server imports what the script imports, the first time that it is asked, and forks after that.

A fork has the script's own working folder, environment, standard streams and exit status, and it receives the script's
signals. It ends with the script's own process, and with Snakemake's. Where there is no server (on another machine of a
cluster, under another interpreter, outside Linux), the script runs in its own process as usual. It also does so once a
file that the server has imported was edited: a record names the code that is there now, so this code has to run.

The server's socket has a name and no file ("abstract"), so that nothing is left of it after a kill. Such a name has no
owner, so each side makes sure that the other one is of the same user.

This is safe only while no import starts a thread that takes one of Python's locks, and no import touches the GPU:
neither threads nor a GPU's state survive a fork.
"""

import ast
import atexit
import json
import os
import runpy
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import traceback
import uuid
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from emofusion.importing import fast_imports

ADDRESS = "EMOFUSION_FORKSERVER"  # the environment variable with the name of the server's socket; empty: use no server
_FORWARDED_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_READY = b"\0"  # the fork sends it when it exists, and the script when it has begun to forward signals

_server: "subprocess.Popen[bytes] | None" = None
_connection: socket.socket | None = None  # in a fork: to the process that asked for it
_imported: dict[str, tuple[int, int]] = {}  # in the server: file of an imported module → see `_state`


def start() -> None:
    """Start a server for the children of this process. It ends when this process ends.

    Does nothing outside Linux, and where the environment variable `ADDRESS` is set already.
    """
    global _server
    if sys.platform != "linux" or ADDRESS in os.environ:
        return
    os.environ[ADDRESS] = f"emofusion-{uuid.uuid4().hex}"
    # A process that forks must not have threads of libraries. Scripts set their own number where it matters.
    one_thread = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    command = [sys.executable, "-m", "emofusion.forkserver", os.environ[ADDRESS]]
    _server = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | one_thread, start_new_session=True
    )
    # `_server` keeps the pipe to the server's standard input open. The system closes it when this process ends, however
    # that happens, and the server then ends too.
    assert _server.stdout is not None
    _server.stdout.read(1)  # returns once the server has closed its standard output, which it does when it listens


def in_fork(*late_modules: str) -> None:
    """Let a fork of the server run the calling script, and exit with the fork's status.

    The main script calls this before its slow imports. Returns without doing anything where no fork can be had; the
    script then goes on in its own process. Also returns in the fork itself, which runs the script from the beginning.

    Args:
        late_modules: modules that the script imports later, inside functions. The server imports them before it forks,
            as it does with the script's top-level imports.
    """
    address = os.environ.get(ADDRESS)
    if not address or _connection is not None:
        return
    connection = socket.socket(socket.AF_UNIX)
    request = {
        "prefix": sys.prefix,
        "script": str(Path(sys.argv[0]).resolve()),
        "arguments": sys.argv,
        "late_modules": late_modules,
        "working_folder": str(Path.cwd()),
        "environment": dict(os.environ),
    }
    try:
        connection.connect(_abstract(address))
        if not _is_of_this_user(connection):
            return
        socket.send_fds(connection, [b"."], [0, 1, 2])
        connection.sendall(json.dumps(request).encode() + b"\n")
        if connection.recv(1) != _READY:
            return
    except OSError:
        return

    def forward(number: int, _: object) -> None:
        with suppress(OSError):
            connection.sendall(bytes([number]))

    for number in _FORWARDED_SIGNALS:
        signal.signal(number, forward)
    connection.sendall(_READY)
    status = connection.recv(1)
    if not status:
        print("error: the job's process was killed", file=sys.stderr)
    sys.exit(status[0] if status else 128 + signal.SIGKILL)


def leave(status: int) -> NoReturn:
    """End this process at once, without waiting for threads; a fork hands its status to the script's own process."""
    if _connection is not None:
        # The script's process closes the connection when it ends, and `_receive_signals` then sends SIGTERM.
        with suppress(ValueError):  # only the main thread can set it
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        with suppress(OSError):
            _connection.sendall(bytes([status]))
    os._exit(status)


def imported_by(script: str | Path) -> list[str]:
    """The modules in a script's top-level imports, whether written `import a` or `from a import …`."""
    modules = []
    for node in ast.parse(Path(script).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules.append(node.module)
    return modules


def _serve(address: str) -> NoReturn:
    """Listen on the socket `address` and fork for each request, until standard input is closed.

    Standard input is the pipe from Snakemake's process. The forks keep it, and end when it is closed.
    """
    _note_imported()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system removes forks that have ended; there are no zombies
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(_abstract(address))
        listener.listen(128)
        os.close(1)  # tells `start` that the server listens
        os.open(os.devnull, os.O_WRONLY)
        # Nobody writes to standard input (0). It becomes readable when its other end is closed.
        sources: list[Any] = [0, listener]
        while 0 not in select.select(sources, [], [])[0]:
            connection = listener.accept()[0]
            with connection, suppress(OSError, ValueError):
                if not _is_of_this_user(connection):
                    continue
                _, streams, _, _ = socket.recv_fds(connection, 1, 3)
                try:
                    request = json.loads(connection.makefile("rb").readline())
                    if request["prefix"] == sys.prefix and not _is_edited():
                        _import([*imported_by(request["script"]), *request["late_modules"]])
                        if os.fork() == 0:
                            listener.close()
                            _run_script(connection, streams, request)
                finally:
                    for stream in streams:
                        os.close(stream)
    os._exit(0)  # leaves out the clean-up of libraries, and what they print, since the server never used them


def _import(modules: Iterable[str]) -> None:
    """Import those modules that this process has not imported yet."""
    for module in modules:
        if module not in sys.modules:
            with fast_imports(), suppress(Exception):  # the script will fail at the same import, and report it
                import_module(module)
    _note_imported()


def _note_imported() -> None:
    """Note the files of all modules that this process has imported since the last call."""
    for module in list(sys.modules.values()):
        file = vars(module).get("__file__") if isinstance(module, ModuleType) else None
        if file and file not in _imported:
            _imported[file] = _state(file)


def _is_edited() -> bool:
    """Whether a file of an imported module is another one than when it was imported, of libraries too."""
    return any(_state(file) != state for file, state in _imported.items())


def _state(file: str) -> tuple[int, int]:
    """The time of a file's last change in ns, and its size; zeros where there is no such file."""
    try:
        # not Path.stat, which is slower: there are thousands of files for each job
        found = os.stat(file)  # noqa: PTH116
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _run_script(connection: socket.socket, streams: list[int], request: dict[str, Any]) -> NoReturn:
    """Run the script in this process, a fresh fork, as if the process had been started for it.

    Args:
        connection: the socket to the script's own process. It brings signals, and takes the exit status at the end.
        streams: file descriptors of the script's standard input, output and error.
        request: what `in_fork` has sent.
    """
    global _connection
    _connection = connection
    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        snakemake = os.dup(0)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        os.chdir(request["working_folder"])
        os.environ.clear()
        os.environ.update(request["environment"])
        sys.argv, tempfile.tempdir = request["arguments"], None
        connection.sendall(_READY)
        if connection.recv(1) != _READY:
            os._exit(1)
        threading.Thread(target=_receive_signals, args=[connection, snakemake], daemon=True).start()
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
            # what the interpreter does when it ends; neither function is public
            threading._shutdown()  # type: ignore[attr-defined]
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
        leave(status & 0xFF)


def _receive_signals(connection: socket.socket, snakemake: int) -> None:
    """Send this process the signals that the script's own process receives, and SIGTERM when it must end.

    It must end with the script's own process, and with Snakemake's: nobody would wait for its result, and the next
    command would do the same work beside it.

    Args:
        connection: to the script's own process.
        snakemake: a pipe that is closed when Snakemake's process ends, and that nobody writes to.
    """
    while True:
        sources: list[Any] = [connection, snakemake]
        readable = select.select(sources, [], [])[0]
        number = b"" if snakemake in readable else connection.recv(1)
        os.kill(os.getpid(), number[0] if number else signal.SIGTERM)
        if not number:
            return


def _abstract(address: str) -> str:
    """The address of a socket that has a name and no file."""
    return f"\0{address}"


def _is_of_this_user(connection: socket.socket) -> bool:
    """Whether the process at the other end runs as this user, or as root."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return struct.unpack("3i", credentials)[1] in (os.geteuid(), 0)


if __name__ == "__main__":
    # Imported under its own name. Otherwise scripts would import a second copy, with a `_connection` of its own.
    from emofusion import forkserver

    forkserver._serve(sys.argv[1])
