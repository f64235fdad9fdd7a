"""The share of a workflow's job time that goes into starting jobs: the interpreter and all imports, late ones too.

Runs the workflow as `snakemake --cores 2` does, in a folder of its own, with `startup_hook` in every process. A job's
startup is the time during which any of its processes was starting or importing, and all of the time until a process
that was forked for it was its own, so that what that process had imported before counts too, for each job that had to
wait for it; its time is that from the start of its script's process to the end. Linux only.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent


@dataclass
class Job:
    """One job's process and the periods, of all its processes, that went into starting: (what, begin, end)."""

    rule: str
    begin: float = 0.0
    end: float = 0.0
    periods: list[tuple[str, float, float]] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return self.end - self.begin

    @property
    def startup(self) -> float:
        """Seconds in which at least one of the periods was under way."""
        total, reached = 0.0, self.begin
        for _, begin, end in sorted(self.periods, key=lambda period: period[1]):
            total += max(0.0, end - max(begin, reached))
            reached = max(reached, end)
        return total


def read_jobs(notes: Path) -> list[Job]:
    """The jobs whose processes have left notes; raises `SystemExit` for a job that has not come to its end."""
    jobs: dict[str, Job] = {}
    for path in notes.iterdir():
        name, _, process = path.name.rpartition(".")
        rule, _, first = name.rpartition(".")
        job = jobs.setdefault(name, Job(rule))
        for line in path.read_text().splitlines():
            what, begin, end = line.rsplit(" ", 2)
            if what != "(process)":
                job.periods.append((what, float(begin), float(end)))
            elif process == first:
                job.begin, job.end = float(begin), float(end)
    if unfinished := [name for name, job in jobs.items() if not job.end]:
        raise SystemExit(f"without an end: {', '.join(unfinished)}")
    return list(jobs.values())


def run(options: argparse.Namespace, folder: Path, notes: Path) -> float:
    """Run the workflow in `folder`; returns the seconds it took."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(REPOSITORY / "Snakefile")]
    command += ["--directory", str(folder), "--cores", str(options.cores)]
    command += ["--config", f"experiment={options.experiment}", f"override={options.override}"]
    python_path = [str(REPOSITORY / "benchmarks" / "startup_hook"), str(REPOSITORY / "src")]
    environment = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
    environment |= {"PYTHONPATH": os.pathsep.join(python_path), "STARTUP_NOTES": str(notes)}
    begin = time.monotonic()
    with (folder / "snakemake.log").open("w") as log:
        done = subprocess.run(command, env=environment, stdout=log, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise SystemExit(f"the workflow failed:\n{(folder / 'snakemake.log').read_text()[-3000:]}")
    return time.monotonic() - begin


def show(jobs: list[Job], wall: float, imports: int) -> None:
    by_rule = defaultdict(list)
    for job in sorted(jobs, key=lambda job: job.begin):
        by_rule[job.rule].append(job)
    print(f"{'rule':<12}{'jobs':>5}{'startup, s a job':>18}{'time, s a job':>15}")
    for rule, of_rule in by_rule.items():
        startup, seconds = (sum(getattr(job, what) for job in of_rule) for what in ("startup", "seconds"))
        print(f"{rule:<12}{len(of_rule):>5}{startup / len(of_rule):>18.2f}{seconds / len(of_rule):>15.2f}")
        spent = Counter()
        for job in of_rule:
            for what, begin, end in job.periods:
                spent[what] += (end - max(begin, job.begin)) / len(of_rule)
        for what, mean in spent.most_common(imports):
            print(f"{'':<12}{mean:>23.2f}  {what}")
    startup, seconds = sum(job.startup for job in jobs), sum(job.seconds for job in jobs)
    print(f"{len(jobs)} jobs, {startup:.1f} s of startup in {seconds:.1f} s of jobs; the whole run took {wall:.1f} s")
    print(f"ratio {startup / seconds:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiment", default="demo")
    parser.add_argument("--override", default="", help='settings, such as "speech.training.epochs=2"')
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--imports", type=int, default=0, help="show as many of the longest imports of each rule")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="startup-share-") as folder:
        notes = Path(folder, "notes")
        notes.mkdir()
        wall = run(options, Path(folder), notes)
        show(read_jobs(notes), wall, options.imports)


if __name__ == "__main__":
    main()
