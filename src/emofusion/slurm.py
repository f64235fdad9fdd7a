"""Jobs in Slurm's queue that an earlier command has left there.

Jobs go on when the command that has submitted them is gone: the terminal was closed, or the machine was restarted. The
same command must then not submit the same work again, which would write into the same folders.
"""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

PAUSE = 10.0  # seconds between two looks at the queue


def jobs_at_work(keys: Iterable[str], folder: Path) -> list[str]:
    """The numbers of this user's jobs that wait or run, were submitted from a folder, and make a stage of these keys.

    Empty where Slurm is not installed or does not answer.

    Args:
        keys: keys of stages; a job's script names those that it makes.
        folder: the folder that Snakemake works in.
    """
    if shutil.which("squeue") is None:
        return []
    wanted, here = list(keys), folder.resolve()
    found = []
    for line in _answer("squeue", "--me", "--noheader", "--format=%A|%Z").splitlines():
        number, _, submitted_from = line.partition("|")
        if Path(submitted_from).resolve() == here:
            script = _answer("scontrol", "write", "batch_script", number, "-")
            if any(key in script for key in wanted):
                found.append(number)
    return sorted(set(found), key=int)


def wait_for_jobs_at_work(keys: Iterable[str], folder: Path, tell: Callable[[str], None]) -> None:
    """Wait until no job of an earlier command makes a stage of these keys. For the arguments see `jobs_at_work`.

    tell: shows a line to the user; it is called each time that the jobs have become fewer.
    """
    wanted, told = list(keys), [""]
    while at_work := jobs_at_work(wanted, folder):
        if at_work != told:
            tell(
                f"Slurm's jobs {', '.join(at_work)} of an earlier command make results that this command needs. It "
                f"waits until they have ended. To end them: scancel {' '.join(at_work)}"
            )
            told = at_work
        time.sleep(PAUSE)


def _answer(*command: str) -> str:
    """What a command prints; nothing where it fails, as for a job that has just ended."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""
