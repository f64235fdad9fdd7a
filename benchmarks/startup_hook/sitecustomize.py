"""Python imports this module at the start of every process that has its folder on PYTHONPATH.

In a process of a workflow's job (the script, and whatever it starts) it notes when the process began and when each
import was under way, in seconds since the machine's boot, a line a period. `startup_share.py` reads the notes.
"""

import atexit
import os
import sys
import threading
import time
from importlib import _bootstrap
from pathlib import Path


def _now() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _began() -> float:
    ticks = Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]  # field 22 of proc(5)
    return int(ticks) / os.sysconf("SC_CLK_TCK")


def _watch(notes: Path) -> None:
    here = threading.local()
    forked = None
    find_and_load = _bootstrap._find_and_load  # where all imports go of what is not loaded yet, lazy ones too

    def note(what: str, begin: float, end: float) -> None:
        nonlocal forked
        job = os.environ.get("STARTUP_JOB")
        if job is None:
            return
        if forked:  # a process that was made ready for the job: until it was, the job had to wait
            fork, forked = forked, None
            note("(fork)", 0.0, fork)
        with (notes / f"{job}.{os.getpid()}").open("a") as file:
            file.write(f"{what} {begin:.4f} {end:.4f}\n")

    def timed(name, import_):
        if getattr(here, "busy", False):
            return find_and_load(name, import_)
        here.busy, begin = True, _now()
        try:
            return find_and_load(name, import_)
        finally:
            here.busy = False
            note(name, begin, _now())

    def begin_fork() -> None:
        nonlocal forked
        forked = _now()

    _bootstrap._find_and_load = timed
    os.register_at_fork(after_in_child=begin_fork)
    # first in, so last out: at the end of all that the process does
    atexit.register(lambda: note("(process)", _began(), _now()))
    note("(interpreter)", _began(), _now())


if "STARTUP_NOTES" in os.environ:
    script = next((word for word in sys.orig_argv[1:] if "/.snakemake/scripts/" in word), None)
    if script:  # .snakemake/scripts/tmp….<rule>.py
        os.environ["STARTUP_JOB"] = f"{Path(script).name.split('.')[-2]}.{os.getpid()}"
    _watch(Path(os.environ["STARTUP_NOTES"]))
