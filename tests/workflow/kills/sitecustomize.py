"""What `test_kills.py` adds to each process of a run: at a chosen moment, a part of the run is killed.

Python tells an audit hook of each file that is opened or renamed, just before it happens. The moment is the n-th change
below a folder of `results/` in one process. The environment variable `KILL_AT` gives it, as `<what> <folder> <n>`. The
path in `KILL_DONE` is then created, so that a run is killed once.

what: `all`, every process of the run; `snakemake`, its main process alone; `server`, the fork server alone; `job`, this
process alone; `INT` or `TERM`, this signal to Snakemake's main process.
"""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

CHANGES = {"open": 0, "os.mkdir": 0, "os.rename": 1}  # event → which of its arguments is the path
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def processes() -> list[int]:
    """The other processes of this run."""
    mark, found = f"KILL_DONE={os.environ['KILL_DONE']}".encode(), []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or it is somebody else's
            if int(path.name) != os.getpid() and mark in (path / "environ").read_bytes().split(b"\0"):
                found.append(int(path.name))
    return found


def parent_of(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def is_fork() -> bool:
    """Whether this process is a fork of the fork server, whose own parent is Snakemake's main process."""
    return b"emofusion.forkserver" in Path(f"/proc/{os.getppid()}/cmdline").read_bytes()


def strike(what: str) -> None:
    try:
        os.close(os.open(os.environ["KILL_DONE"], os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    server = os.getppid()
    if what == "all":
        while others := processes():
            for process in others:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
    if what == "server":
        os.kill(server, signal.SIGKILL)
    elif what == "snakemake":
        os.kill(parent_of(server), signal.SIGKILL)
    elif what in ("INT", "TERM"):
        os.kill(parent_of(server), getattr(signal, f"SIG{what}"))
    else:
        os.kill(os.getpid(), signal.SIGKILL)


def is_change(event: str, arguments: tuple) -> bool:
    """Whether an event writes a file, renames one, or makes a folder that is not there yet."""
    if event == "open":
        return bool((arguments[2] or 0) & WRITES)
    return event != "os.mkdir" or not Path(arguments[0]).exists()


def watch(what: str, folder: str, number: int) -> None:
    """Count the changes in a folder, and strike at the last one."""
    begin, left = f"{os.environ['KILL_IN']}/results/{folder}/", number

    def hook(event: str, arguments: tuple) -> None:
        nonlocal left
        if event in CHANGES and left > 0:
            path = arguments[CHANGES[event]]
            is_path = isinstance(path, (str, os.PathLike))
            if is_path and f"{Path(path).absolute()}/".startswith(begin) and is_change(event, arguments):
                left -= what == "all" or is_fork()
                if left == 0:
                    strike(what)

    sys.addaudithook(hook)


if "KILL_AT" in os.environ:
    what, folder, number = os.environ["KILL_AT"].split()
    watch(what, folder, int(number))
