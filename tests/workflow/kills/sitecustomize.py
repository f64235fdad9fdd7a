"""What `test_kills.py` adds to each process of a run: at a chosen moment, a part of the run is killed.

Python tells an audit hook of each file that is opened, renamed or deleted, just before it happens. The moment is the
n-th such change below a folder of `results/` in one process. It is given by the environment variable `KILL_AT`, as
`<what> <folder> <n>`. Then `KILL_DONE`, a path, is created, so that a run is killed once.

what: `all`, every process of the run; `snakemake`, its main process alone; `server`, the fork server alone; `job`, this
process alone; `INT` or `TERM`, this signal to Snakemake's main process.
"""

import os
import signal
import sys

CHANGES = {"open": 0, "os.rename": 1, "os.remove": 0, "os.mkdir": 0, "os.link": 1, "sqlite3.connect": 0}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def processes() -> list[int]:
    """The other processes of this run."""
    mark, found = f"KILL_DONE={os.environ['KILL_DONE']}".encode(), []
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            try:
                with open(f"/proc/{name}/environ", "rb") as file:
                    if mark in file.read().split(b"\0"):
                        found.append(int(name))
            except OSError:
                pass  # it has ended, or it is not ours
    return found


def parent_of(process: int) -> int:
    with open(f"/proc/{process}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[1])


def strike(what: str) -> None:
    try:
        os.close(os.open(os.environ["KILL_DONE"], os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    server = os.getppid()  # of this fork; its own parent is Snakemake's main process
    if what == "all":
        while others := processes():
            for process in others:
                try:
                    os.kill(process, signal.SIGKILL)
                except ProcessLookupError:
                    pass
    if what == "server":
        os.kill(server, signal.SIGKILL)
    elif what == "snakemake":
        os.kill(parent_of(server), signal.SIGKILL)
    elif what in ("INT", "TERM"):
        os.kill(parent_of(server), getattr(signal, f"SIG{what}"))
    else:
        os.kill(os.getpid(), signal.SIGKILL)


def watch(what: str, folder: str, number: int) -> None:
    """Count the changes in a folder, and strike at the last one."""
    begin = os.path.join(os.environ["KILL_IN"], "results", folder, "")
    left = number

    def hook(event: str, arguments: tuple) -> None:
        nonlocal left
        position = CHANGES.get(event)
        if position is None or (event == "open" and not (arguments[2] or 0) & WRITES):
            return
        path = arguments[position]
        if isinstance(path, (str, os.PathLike)) and os.path.abspath(path).startswith(begin):
            left -= 1
            if left == 0:
                strike(what)

    sys.addaudithook(hook)


if "KILL_AT" in os.environ:
    what, folder, number = os.environ["KILL_AT"].split()
    watch(what, folder, int(number))
