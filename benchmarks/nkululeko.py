"""The same work in nkululeko, the nearest tool for experiments on speech: eGeMAPS of a corpus, and one fold of an MLP.

    python benchmarks/nkululeko.py --python <environment with nkululeko>/bin/python [folder of RAVDESS's speech]

nkululeko and its dependencies are installed into an environment of their own (`pip install nkululeko opensmile`). Both
sides read the same recordings, compute openSMILE's 88 eGeMAPS functionals, standardise them, and train an MLP with 64
hidden units for 40 epochs on batches of 32; both test the five actors of the first published fold. Each starts from
nothing. emofusion's side is the whole command: planning, checks of the recordings, fusion, figures and report. The
sides take turns, each on the named number of cores. CPU time is that of all processes that a side starts; it is less
disturbed by other work on the machine. The last line is the median wall-clock time of emofusion divided by that of
nkululeko.
"""

import argparse
import os
import statistics
import tempfile
from pathlib import Path
from resource import struct_rusage

from whole_runs import REPOSITORY, measured, run

EMOTIONS = ["neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised"]
TOLD = {"nkululeko": "result", "emofusion": "speech: speech "}  # in the line with the accuracy
TEST_ACTORS = {2, 5, 14, 15, 16}
SETTINGS = """
[EXP]
root = {folder}
name = peer
runs = 1
epochs = 40
save = False
[DATA]
databases = ['training', 'testing']
training.type = csv
testing.type = csv
training = {folder}/training.csv
training.split_strategy = train
testing = {folder}/testing.csv
testing.split_strategy = test
target = emotion
labels = {emotions}
[FEATS]
type = ['os']
set = eGeMAPSv02
scale = standard
no_reuse = True
[MODEL]
type = mlp
layers = {{'l1': 64}}
drop = 0.5
batch_size = 32
learning_rate = 0.001
device = cpu
n_jobs = {cores}
save = False
[PLOT]
"""


def write_tables(recordings: Path, folder: Path) -> int:
    """Write one table for emofusion and two for nkululeko; return the number of clips."""
    rows, sides = [], {"training": [], "testing": []}
    for path in sorted(recordings.rglob("03-01-*.[fw]*[cv]")):
        parts = path.stem.split("-")
        emotion, actor = EMOTIONS[int(parts[2]) - 1], int(parts[6])
        gender = "male" if actor % 2 else "female"
        side = "testing" if actor in TEST_ACTORS else "training"
        rows.append(f"{path},{emotion},{actor},{gender},{'test' if side == 'testing' else 'train'}")
        sides[side].append(f"{path},{emotion},{actor},{gender}")
    (folder / "clips.csv").write_text("\n".join(["audio,emotion,actor,gender,split", *rows]) + "\n")
    for side, lines in sides.items():
        (folder / f"{side}.csv").write_text("\n".join(["file,emotion,speaker,gender", *lines]) + "\n")
    return len(rows)


def emofusion(folder: Path, cores: int) -> tuple[str, struct_rusage, float]:
    settings = {
        "corpora.folder.root": folder,
        "corpora.folder.table": folder / "clips.csv",
        "speech.network.hidden": "[64]",
        "protocol.validation": 0,
    }
    overrides = "corpus=folder protocol=own_split emotions=eight speech=functionals tracking=off"
    overrides += "".join(f" {name}={value}" for name, value in settings.items())
    return run(folder, "speech", overrides, "--cores", str(cores))


def nkululeko(folder: Path, cores: int, python: str) -> tuple[str, struct_rusage, float]:
    (folder / "peer.ini").write_text(SETTINGS.format(folder=folder, cores=cores, emotions=EMOTIONS))
    return measured(
        [python, "-m", "nkululeko.nkululeko", "--config", str(folder / "peer.ini")], folder / "log.txt", cwd=folder
    )


def main() -> None:
    real = Path(os.environ.get("EMOFUSION_REAL_DATA", REPOSITORY.parent / "shared" / "real"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", nargs="?", type=Path, default=real / "ravdess" / "speech_16khz")
    parser.add_argument("--python", required=True, help="the Python of an environment with nkululeko")
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    times: dict[str, list[tuple[float, float]]] = {"nkululeko": [], "emofusion": []}
    for number in range(arguments.rounds):
        for side, seconds in times.items():
            with tempfile.TemporaryDirectory(prefix=f"{side}_") as name:
                folder = Path(name)
                clips = write_tables(arguments.recordings.resolve(), folder)
                if number == 0 and side == "nkululeko":
                    print(f"{clips} clips on {arguments.cores} cores", flush=True)
                if side == "emofusion":
                    said, usage, wall = emofusion(folder, arguments.cores)
                else:
                    said, usage, wall = nkululeko(folder, arguments.cores, arguments.python)
            seconds.append((wall, usage.ru_utime + usage.ru_stime))
            told = next((line.strip() for line in reversed(said.splitlines()) if TOLD[side] in line), "")
            print(f"  {side:10} {wall:6.1f} s   {seconds[-1][1]:6.1f} s of CPU   {told}", flush=True)
    for name, position in (("CPU", 1), ("", 0)):
        ours, theirs = (statistics.median(one[position] for one in times[side]) for side in ("emofusion", "nkululeko"))
        print(f"{name} ratio {ours / theirs:.2f}".strip())


if __name__ == "__main__":
    main()
