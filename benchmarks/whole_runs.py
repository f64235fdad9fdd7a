"""Run the workflow as a user does, and measure Snakemake's own process."""

import os
import subprocess
import sys
import time
from pathlib import Path
from resource import struct_rusage

REPOSITORY = Path(__file__).resolve().parents[1]


def run(folder: Path, experiment: str, override: str, *options: str) -> tuple[str, struct_rusage, float]:
    """Run an experiment in a folder.

    Returns what the command prints, what Snakemake's own process has used, and the seconds until it ends. Ends this
    process with the last lines where the command fails.
    """
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(REPOSITORY / "Snakefile"), *options]
    command += ["--directory", str(folder), "--profile", str(REPOSITORY / "profiles" / "default")]
    command += ["--config", f"experiment={experiment}", f"override={override}"]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY / "src")}
    log, begun = folder / "log.txt", time.perf_counter()
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(log.read_text()[-3000:])
    return log.read_text(), usage, time.perf_counter() - begun
