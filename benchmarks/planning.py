"""What planning costs: CPU seconds and peak memory, for ever more cells.

    python benchmarks/planning.py [--cells 1,10,100,1000,3000]

For each number of cells of the demo's seed × speech grid: making the plan for the first time, opening it again, the
whole `snakemake -n`, and one job as a node of a cluster parses it.

The last lines compare composing every cell by Hydra with our plan, at 100 cells. A cell of the demo is the experiment
itself and, as its report compares networks, the same experiment under each of the other choices of face and speech:
a loop over cells composes all of these. The line before it counts the experiments themselves alone. What it takes to
start Python and import is left out of both sides.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
PLAN = """
import sys
from pathlib import Path
from emofusion.plan.make import plan_file
plan = plan_file(Path(sys.argv[1]), "demo", sys.argv[2], Path(sys.argv[3]))
print(len(plan.cells), len(plan.stages))
"""
COMPOSE = """
import sys
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from emofusion.settings.overrides import expand, split_overrides

def composed(overrides):
    with initialize_config_dir(sys.argv[1], version_base="1.3"):
        return OmegaConf.to_container(compose("config", overrides=["experiment=demo", *overrides]), resolve=True)

for overrides in expand(split_overrides(sys.argv[2])):
    settings = composed(overrides)
    for modality, choices in settings["report"]["compare"].items() if sys.argv[3] == "compared" else ():
        for choice in choices:
            others = [text for text in overrides if not text.startswith(f"{modality}=")]
            if [*others, f"{modality}={choice}"] != overrides:
                composed([*others, f"{modality}={choice}"])
"""
IMPORTS = "import hydra, omegaconf, emofusion.plan.make, emofusion.settings.overrides"


def cost(*command: str) -> tuple[float, float]:
    """CPU seconds of a process and its children, and the greatest memory of one of them in MiB."""
    pid = os.fork()
    if pid == 0:  # measured from a child of its own, so that nothing of earlier commands counts
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        if done.returncode:
            sys.stderr.write(done.stderr.decode()[-3000:])
        os._exit(done.returncode != 0)
    _, status, usage = os.wait4(pid, 0)
    if status:
        raise SystemExit(f"failed: {' '.join(command)}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def grid(cells: int) -> str:
    """Overrides of the demo that stand for so many cells."""
    return f"speech=cnn1d,lstm seed=range(0,{cells // 2})" if cells > 1 else "seed=0"


def snakemake(folder: Path, settings: list[str], *options: str) -> list[str]:
    """A command of Snakemake in a folder, with settings such as `experiment=demo`."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(REPOSITORY / "Snakefile")]
    command += ["--directory", str(folder), "--cores", "1", "--profile", str(REPOSITORY / "profiles" / "default")]
    return [*command, *options, "--config", *settings]


def remote_job(folder: Path, override: str) -> tuple[float, float]:
    """One job as Snakemake starts it on a node: a dry run of one stage's rule, with the plan's file at hand."""
    from emofusion.plan.make import plan_file

    plan = plan_file(REPOSITORY / "conf", "demo", override, folder / "results")
    key = next(stage.key for stage in plan.stages.values() if stage.kind == "generated")
    options = ["--dry-run", "--mode", "remote", "--allowed-rules", "generated", "--target-jobs", f"generated:key={key}"]
    return cost(*snakemake(folder, [f"plan={plan.path}", "feature_threads=1", "gpus=0"], *options))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", default="1,10,100,1000,3000")
    numbers = [int(number) for number in parser.parse_args().cells.split(",")]
    conf = str(REPOSITORY / "conf")
    imports = min(cost(sys.executable, "-c", IMPORTS)[0] for _ in range(3))
    print(f"imports alone: {imports:.2f} s of CPU")
    print("cells  make_plan           planned before      snakemake -n        one job on a node   (CPU s, peak MiB)")
    for number in numbers:
        folder = Path(tempfile.mkdtemp(prefix="emofusion-planning-"))
        try:
            override, results = grid(number), str(folder / "results")
            first = cost(sys.executable, "-c", PLAN, conf, override, results)
            again = cost(sys.executable, "-c", PLAN, conf, override, results)
            dry = cost(*snakemake(folder, ["experiment=demo", f"override={override}"], "--dry-run", "--quiet", "all"))
            remote = remote_job(folder, override)
            shown = [f"{seconds:7.2f} s {memory:5.0f} MiB  " for seconds, memory in (first, again, dry, remote)]
            print(f"{number:5d}  {''.join(shown)}", flush=True)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    print_ratio(conf, imports)


def print_ratio(conf: str, imports: float) -> None:
    """Both sides in one run, at 100 cells, imports left out of both."""
    override, folder = grid(100), tempfile.mkdtemp(prefix="emofusion-planning-")
    ours = min(cost(sys.executable, "-c", PLAN, conf, override, f"{folder}/{n}")[0] for n in range(3)) - imports
    shutil.rmtree(folder, ignore_errors=True)
    for which, said in (("alone", "the experiments alone"), ("compared", "with what their reports compare")):
        composed = cost(sys.executable, "-c", COMPOSE, conf, override, which)[0] - imports
        print(f"100 cells, {said}: composing each {composed:.2f} s, ours {ours:.2f} s, ratio {composed / ours:.1f}")
    print(f"ratio {composed / ours:.1f}")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
