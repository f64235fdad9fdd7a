"""openSMILE's functionals on all cores: the workflow's extraction, and a plain loop of joblib over openSMILE.

    python benchmarks/functionals.py [folder of recordings] [--clips 1440] [--cores 2] [--rounds 3]

Both sides read the files, and each starts in a new process, so both pay for their imports and for starting workers.
They take turns. Without a folder, the recordings are those of RAVDESS where the tests look for it
(`EMOFUSION_REAL_DATA`), or generated voices where it is not there. The last line is the median time of the workflow's
side, which writes a feature set, divided by that of the plain loop, which keeps the values in memory.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

REPOSITORY = Path(__file__).resolve().parents[1]


@lru_cache
def extractor() -> Any:
    import opensmile

    return opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02, opensmile.FeatureLevel.Functionals)


def of_file(path: str) -> Any:
    return extractor().process_file(path)


def plain(paths: list[str], out: Path, cores: int) -> None:
    """The plain loop; `values.npy` is written for comparison."""
    import joblib

    tables = joblib.Parallel(n_jobs=cores)(joblib.delayed(of_file)(path) for path in paths)
    np.save(out / "values.npy", pd.concat(tables).to_numpy(np.float32))


def workflow(paths: list[str], out: Path, cores: int) -> None:
    from emofusion.features.common.extract import extract
    from emofusion.features.functionals import Functionals

    clips = pd.DataFrame({"clip": paths, "audio": paths})
    extract(clips, Functionals(), out, workers=cores)


SIDES = {"plain": plain, "workflow": workflow}


def recordings(folder: Path | None, generated: Path, clips: int) -> list[str]:
    """Recordings of a folder, spread evenly; where there are none, noisy voices generated into `generated`."""
    import soundfile

    real = Path(os.environ.get("EMOFUSION_REAL_DATA", REPOSITORY.parent / "shared" / "real"))
    paths = sorted((folder or real / "ravdess" / "speech_16khz").rglob("*.[fw]*[cv]"))
    if not paths:
        random, rate = np.random.default_rng(0), 16000
        seconds = np.arange(round(3.5 * rate)) / rate
        for number in range(clips):
            phase = 2 * np.pi * np.cumsum(150 + number % 50 + 20 * np.sin(2 * np.pi * seconds)) / rate
            voice = sum(np.sin(harmonic * phase) / harmonic for harmonic in range(1, 20))
            voice = 0.1 * voice * np.clip(np.sin(2 * seconds), 0, 1) + random.normal(0, 0.001, len(seconds))
            soundfile.write(generated / f"{number:05}.wav", voice, rate)
        paths = sorted(generated.glob("*.wav"))
    return [str(path) for path in paths[:: max(1, len(paths) // clips)][:clips]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", nargs="?", type=Path)
    parser.add_argument("--clips", type=int, default=1440)
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--side", nargs=2, help=argparse.SUPPRESS)  # a side, and its folder: what a new process does
    arguments = parser.parse_args()
    if arguments.side:
        side, out = arguments.side
        SIDES[side]((Path(out) / "paths.txt").read_text().splitlines(), Path(out), arguments.cores)
        return
    times: dict[str, list[float]] = {side: [] for side in SIDES}
    with tempfile.TemporaryDirectory() as folder:
        for name in ("generated", *SIDES):
            (Path(folder) / name).mkdir()
        paths = recordings(arguments.recordings, Path(folder, "generated"), arguments.clips)
        print(f"{len(paths)} clips on {arguments.cores} cores, such as {paths[0]}", flush=True)
        modules = os.pathsep.join([str(REPOSITORY / "src"), str(REPOSITORY / "benchmarks")])  # workers import them
        environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": modules}
        for _ in range(arguments.rounds):
            for side in SIDES:
                out = Path(folder) / side
                (out / "paths.txt").write_text("\n".join(paths))
                command = [sys.executable, "-c", "import functionals; functionals.main()"]
                command += ["--cores", str(arguments.cores), "--side", side, str(out)]
                begun = time.perf_counter()
                subprocess.run(command, check=True, env=environment)
                times[side].append(time.perf_counter() - begun)
                print(f"  {side:10} {times[side][-1]:6.1f} s", flush=True)
        ours, theirs = np.load(Path(folder, "workflow/features.npy")), np.load(Path(folder, "plain/values.npy"))
    difference = np.max(np.abs(ours - theirs) / np.maximum(1, np.abs(theirs)))
    print(f"largest difference of values, of those above 1 relative: {difference:.1e}")
    print(f"ratio {statistics.median(times['workflow']) / statistics.median(times['plain']):.2f}")


if __name__ == "__main__":
    main()
