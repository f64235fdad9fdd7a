"""Run the workflow as a user does, or another command, and measure it."""

import os
import subprocess
import sys
import time
from pathlib import Path
from resource import struct_rusage
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]


def run(folder: Path, experiment: str, override: str, *options: str) -> tuple[str, struct_rusage, float]:
    """Run an experiment in a folder. For what it returns, see `measured`."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(REPOSITORY / "Snakefile"), *options]
    command += ["--directory", str(folder), "--profile", str(REPOSITORY / "profiles" / "default")]
    command += ["--config", f"experiment={experiment}", f"override={override}"]
    return measured(command, folder / "log.txt", env=os.environ | {"PYTHONPATH": str(REPOSITORY / "src")})


def measured(command: list[str], log: Path, **given: Any) -> tuple[str, struct_rusage, float]:
    """Run a command. log: the file for what it prints. given: for `subprocess.Popen`.

    Returns what it prints, what its process and those that it has waited for have used (of memory: the most that one of
    them held), and the seconds until it ends. Ends this process with the last lines where the command fails.
    """
    begun = time.perf_counter()
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, **given)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)}\n{log.read_text()[-3000:]}")
    return log.read_text(), usage, time.perf_counter() - begun
