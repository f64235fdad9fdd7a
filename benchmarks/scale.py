"""What an experiment costs with more clips: time, memory and disk of one with 1,000 to 10,000 clips.

    python benchmarks/scale.py [--clips 1000,3000,10000] [--folder an_empty_folder] [--cores 2]

Each clip is half a second of noise that depends on the emotion; every second clip also has a picture. The experiment
reads them, computes acoustic features, pixels and the output of a frozen backbone, trains two folds for one epoch, and
fuses and reports. Memory is the most that a stage held, with its worker processes, and the most that any one process
held, Snakemake's own included. Disk is what the results take, in blocks of the file system. The last line is the
larger of the two figures of memory with the most clips, divided by the one with the fewest.
"""

import argparse
import csv
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image
from whole_runs import run

EMOTIONS, ACTORS, RATE = ("angry", "happy", "sad", "neutral"), 20, 16000
OVERRIDES = (
    "corpus=[folder]", "corpora.folder.root=data", "corpora.folder.table=data/clips.csv",
    f"emotions.classes=[{','.join(EMOTIONS)}]", "modalities=[speech,face]",
    "protocol=random_clips", "protocol.corpora=[folder]", "protocol.number_of_folds=2",
    "speech=cnn1d", "speech.features.duration=0.5", "speech.training.epochs=1",
    "face=mobilenet", "face.network.weights=none", "face.features.size=64", "face.training.epochs=1",
    "face.training.unfreeze=[]", "face.training.threads=1", "face.training.keep=last", "tracking=off",
)  # fmt: skip


def generate(folder: Path, clips: int) -> None:
    """Write sounds, pictures and the table of a corpus with this number of clips."""
    random = np.random.default_rng(0)
    folder.mkdir(parents=True)
    seconds = np.arange(RATE // 2) / RATE
    with (folder / "clips.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["clip", "emotion", "actor", "gender", "audio", "image"])
        for number in range(clips):
            emotion = number % len(EMOTIONS)
            voice = 0.1 * np.sin(2 * np.pi * 150 * (1 + emotion) * seconds) + random.normal(0, 0.02, len(seconds))
            soundfile.write(folder / f"{number}.wav", voice, RATE)
            picture = ""
            if number % 2:
                picture = f"{number}.png"
                pixels = random.integers(60 * emotion, 60 * emotion + 60, (64, 64, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / picture)
            actor = number // len(EMOTIONS) % ACTORS
            table.writerow([f"c{number}", EMOTIONS[emotion], actor, "fm"[actor % 2], f"{number}.wav", picture])


def stages(folder: Path) -> dict[str, float]:
    """Kind of stage → the most memory in MiB that one of its jobs held."""
    peaks: dict[str, float] = {}
    with (folder / "results" / "reports" / "speech" / "costs.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            peaks[row["kind"]] = max(peaks.get(row["kind"], 0), float(row["peak_mib"] or 0))
    return peaks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", default="1000,3000,10000")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--cores", default="2")
    arguments = parser.parse_args()
    parent = arguments.folder or Path(tempfile.mkdtemp(prefix="emofusion-scale-"))
    memory: list[float] = []
    print("  clips      time   largest stage   largest process         disk   memory of each stage, in MiB", flush=True)
    for clips in map(int, arguments.clips.split(",")):
        folder = parent / str(clips)
        generate(folder / "data", clips)
        _, usage, seconds = run(folder, "speech", " ".join(OVERRIDES), "--cores", arguments.cores)
        process, of_stage = usage.ru_maxrss / 1024, stages(folder)
        memory.append(max(process, *of_stage.values()))
        room = sum(path.lstat().st_blocks * 512 for path in (folder / "results").rglob("*")) / 2**20
        each = ", ".join(f"{kind} {peak:.0f}" for kind, peak in of_stage.items())
        print(
            f"{clips:7d} {seconds:7.0f} s {max(of_stage.values()):11.0f} MiB {process:13.0f} MiB {room:8.0f} MiB   "
            f"{each}",
            flush=True,
        )
    print(f"ratio {memory[-1] / memory[0]:.2f}")


if __name__ == "__main__":
    main()
