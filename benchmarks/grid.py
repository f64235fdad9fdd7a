"""What a grid costs that varies only the weight of the fusion: jobs, CPU, wall time, disk and files against cells.

    python benchmarks/grid.py [--cells 1,10,100,1000] [--folder an_empty_or_earlier_folder] [--cores 2]

The demo is run once for each number of cells, in one folder, so each run adds cells to those that are there. CPU is
that of Snakemake's process and of all jobs, as each job measures itself. Disk counts each file once, however many
links it has, in blocks of the file system; the first line has the models and the corpora in it. The report is that of
`snakemake --report`.
"""

import argparse
import csv
import os
import re
import tempfile
from pathlib import Path

from whole_runs import run


def snakemake(folder: Path, cells: int, *options: str) -> tuple[str, float, float]:
    """What a command prints, the CPU seconds of Snakemake and what it waited for, and the seconds until it ends."""
    step = 1 / max(cells - 1, 1)
    sweep = ",".join(f"{number * step:.6g}" for number in range(cells)) if cells > 1 else "0.7"
    said, usage, wall = run(folder, "demo", f"fusion.weights.speech={sweep}", *options)
    return said, usage.ru_utime + usage.ru_stime, wall


def disk(folder: Path) -> tuple[float, int]:
    """MiB of all files below a folder, each inode once, and the number of files by name."""
    blocks: dict[tuple[int, int], int] = {}
    files = 0
    for parent, folders, names in os.walk(folder):
        for name in [*folders, *names]:
            status = os.lstat(Path(parent, name))
            blocks[status.st_dev, status.st_ino] = status.st_blocks
        files += len(names)
    return sum(blocks.values()) * 512 / 2**20, files


def cost_of_jobs(folder: Path) -> tuple[int, float]:
    """The number of stages behind what was published last, and their CPU seconds."""
    (table,) = (folder / "results" / "reports" / "demo").glob("costs.csv")
    with table.open(encoding="utf-8", newline="") as file:
        seconds = [float(row["cpu_seconds"] or 0) for row in csv.DictReader(file)]
    return len(seconds), sum(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", default="1,10,100,1000")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--cores", default="2")
    arguments = parser.parse_args()
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="emofusion-grid-"))
    folder.mkdir(parents=True, exist_ok=True)
    print(
        "cells   jobs   Snakemake CPU   stages behind them   their CPU     wall       disk    files   report",
        flush=True,
    )
    for cells in map(int, arguments.cells.split(",")):
        said, own, wall = snakemake(folder, cells, "--cores", arguments.cores)
        total = re.findall(r"^total\s+(\d+)$", said, flags=re.M)
        stages, seconds = cost_of_jobs(folder)
        room, files = disk(folder / "results")
        report = folder / "snakemake_report.html"
        snakemake(folder, cells, "--report", str(report))
        size = report.stat().st_size / 2**20
        print(
            f"{cells:5d} {int(total[0]) if total else 0:6d} {own:13.1f} s {stages:20d} {seconds:9.1f} s {wall:7.0f} s "
            f"{room:6.0f} MiB {files:8d} {size:5.1f} MiB",
            flush=True,
        )


if __name__ == "__main__":
    main()
