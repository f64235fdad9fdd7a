"""One command at a time publishes into a folder of `results/reports/`.

A command deletes what earlier ones have published in its folder and it does not make itself, so that what is shown is
current. A single run and a grid of one experiment make different files, so that Snakemake's own lock does not keep them
apart: each would delete the reports of the other. Therefore a command keeps a file locked (flock) as long as it lives.
The file is in the results, since several checkouts may share them.
"""

import fcntl
import json
import os
import socket
from contextlib import suppress
from pathlib import Path

from emofusion.errors import EmofusionError

PUBLISHING = Path("plans", "publishing")  # in the folder of results

_held: list[int] = []  # what this process keeps locked until it ends


def publish_alone(results: Path, folder: str) -> None:
    """Keep other commands from a folder of reports until this process ends.

    Where the file system has no locks, or the folder cannot be written, this does nothing.

    Args:
        results: the folder of results.
        folder: the folder in `results/reports`, see `PlanFile.folder`.

    Raises:
        EmofusionError: another command publishes there.
    """
    path = results / PUBLISHING / f"{folder}.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        opened = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError:
        return
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        about = _read(path)
        os.close(opened)
        raise EmofusionError(
            f"{results / 'reports' / folder} is being made by another command ({about}), and each command deletes "
            "there what it does not make itself. Start this one again when the other has ended, or combine both in "
            'one command, as in override="seed=0,1"'
        ) from None
    except OSError:
        os.close(opened)
        return
    _held.append(opened)
    with suppress(OSError):
        os.ftruncate(opened, 0)
        os.write(opened, json.dumps({"host": socket.gethostname(), "process": os.getpid()}).encode())


def _read(path: Path) -> str:
    """The command that has the file locked, in words."""
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        return f"process {about['process']} on {about['host']}"
    except (OSError, ValueError, TypeError, KeyError):
        return "an unknown process"
