"""The sweep of fusion weights with intervals: `evaluation.sweep`, against a plain loop with scikit-learn.

    python benchmarks/sweep.py [--posteriors FOLDER]

Each side finds, for every weight and both rules, the accuracy by emotion and gender and its interval over actors. Of
the plain loop, some settings, drawn at random, are measured and scaled up; both sides must find the same there.
Without a folder: RAVDESS's published posteriors where the tests look for them (`EMOFUSION_REAL_DATA`), else made-up
ones of the same size.
"""

import os

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from emofusion.corpora.ravdess.names import EMOTIONS
from emofusion.evaluation.sweep import sweep_weights
from emofusion.predictions.pools import pool, simplex
from emofusion.predictions.table import Aligned, align
from emofusion.settings.experiment import Evaluation
from emofusion.tables import PREDICTIONS, write_table

REPOSITORY = Path(__file__).resolve().parents[1]
POOLS, STEPS = ("linear", "product"), 1000
SPEECH, FACE = "speech_wav2vec2_logits.csv", "face_openface_mlp_probabilities.csv"
FIRST_ROW = """
import sys
from pathlib import Path
import emofusion.evaluation.evaluate
from emofusion.evaluation.sweep import sweep_weights
from emofusion.predictions.table import align
from emofusion.settings.experiment import Evaluation
from emofusion.tables import PREDICTIONS, read_table
tables = {path.stem: read_table(path, PREDICTIONS) for path in sorted(Path(sys.argv[1]).glob("*.parquet"))}
row = sweep_weights(align(tables), ["linear"], 1, Evaluation())["sweep"].iloc[0]
assert 0 < row["accuracy"] < 1 and "torch" not in sys.modules
"""


def published(folder: Path) -> dict[str, pd.DataFrame]:
    """The published outputs on RAVDESS; a clip's name says who speaks and how."""
    tables = {}
    for modality, file, prefix in (("speech", SPEECH, "logit_"), ("face", FACE, "p_")):
        raw = pd.read_csv(folder / file)
        outputs = raw[[prefix + emotion for emotion in EMOTIONS]].to_numpy()
        parts = raw["clip"].str.split("-", expand=True).astype(int)
        actor, emotion = parts[6].to_numpy(), np.array(EMOTIONS)[parts[2] - 1]
        logits = outputs if modality == "speech" else np.log(np.maximum(outputs, 1e-12))
        tables[modality] = predictions(raw["clip"].tolist(), actor, emotion, logits)
    return tables


def made_up() -> dict[str, pd.DataFrame]:
    """As many clips as RAVDESS has, of as many actors."""
    random = np.random.default_rng(0)
    shares = np.repeat(np.arange(8), [4, *[8] * 7])
    actor, position = np.repeat(np.arange(1, 25), 60), np.tile(shares, 24)
    clips = [f"made-{number:04}" for number in range(1440)]
    tables = {}
    for modality, skill in (("speech", 3.5), ("face", 2.2)):
        logits = random.normal(size=(1440, 8)) + skill * np.eye(8)[position] * random.random((1440, 1))
        tables[modality] = predictions(clips, actor, np.array(EMOTIONS)[position], 2 * logits)
    return tables


def predictions(clips: list[str], actor: np.ndarray, emotion: np.ndarray, logits: np.ndarray) -> pd.DataFrame:
    facts = {"clip": clips, "corpus": "ravdess", "actor": [f"ravdess-{number:02}" for number in actor]}
    facts |= {"gender": np.where(actor % 2 == 1, "male", "female"), "emotion": emotion, "fold": 0, "split": "test"}
    scores = {f"logit_{name}": logits[:, position] for position, name in enumerate(EMOTIONS)}
    return pd.DataFrame({**facts, **scores})


class Plain:
    """The loop that one would write first."""

    def __init__(self, aligned: Aligned) -> None:
        from scipy.stats import t
        from sklearn.metrics import accuracy_score

        self.aligned, self.accuracy_score, self.t = aligned, accuracy_score, t
        self.truth, self.gender = (aligned.clips[name].to_numpy() for name in ("emotion", "gender"))
        self.actor = aligned.clips["actor"].to_numpy()

    def fused(self, rule: str, weights: np.ndarray) -> np.ndarray:
        return np.array(self.aligned.classes)[pool(rule, self.aligned.posteriors, weights).argmax(axis=1)]

    def figures(self, predicted: np.ndarray) -> dict[tuple[str, str], tuple[float, float, float]]:
        """Accuracy by gender and emotion, and the ends of its interval."""
        found = {}
        for who in ("all", "female", "male"):
            for emotion in ("all", *EMOTIONS):
                chosen = ((self.gender == who) | (who == "all")) & ((self.truth == emotion) | (emotion == "all"))
                if chosen.any():
                    accuracy = self.accuracy_score(self.truth[chosen], predicted[chosen])
                    found[who, emotion] = accuracy, *self.interval(accuracy, predicted == self.truth, chosen)
        return found

    def interval(self, share: float, right: np.ndarray, chosen: np.ndarray) -> tuple[float, float]:
        """The interval over actors that `evaluation.student` describes, actor by actor."""
        clips, variance, degrees = chosen.sum(), 0.0, 0
        for gender in ("female", "male"):
            inside = chosen & (self.gender == gender)
            away = [(right[inside & (self.actor == one)] - share).sum() / clips for one in set(self.actor[inside])]
            if away:
                variance += len(away) * np.var(away, ddof=1)
                degrees += len(away) - 1
        centre = (share * clips + 0.5) / (clips + 1)
        width = centre * (1 - centre)
        spread = np.sqrt(variance) if variance > 1e-15 else np.sqrt(width / clips)
        reach = self.t.ppf(0.975, degrees) * spread / width
        low, high = (1 / (1 + np.exp(-np.log(centre / (1 - centre)) - side)) for side in (-reach, reach))
        return (low if share > 0 else 0.0), (high if share < 1 else 1.0)


def measure_plain(plain: Plain, grid: np.ndarray, settings: int, ours: pd.DataFrame) -> float:
    """Seconds for one setting: the mean over settings drawn at random.

    Raises `SystemExit` if the sweep's figures of these settings are not those of the loop.
    """
    random, seconds = np.random.default_rng(1), 0.0
    plain.figures(plain.fused("linear", grid[0]))  # the first calls import and cache
    for _ in range(settings):
        rule, weights = POOLS[random.integers(len(POOLS))], grid[random.integers(len(grid))]
        start = time.perf_counter()
        figures = plain.figures(plain.fused(rule, weights))
        seconds += time.perf_counter() - start
        rows = ours[(ours["rule"] == rule) & (ours["weight_speech"] == weights[0])].set_index(["gender", "emotion"])
        swept = rows.loc[list(figures), ["accuracy", "low", "high"]].to_numpy()
        if len(rows) != len(figures) or not np.allclose(swept, list(figures.values()), rtol=0, atol=1e-9):
            raise SystemExit(f"the two sides differ for {rule} at {weights}")
    return seconds / settings


def seconds_to_first_row(tables: dict[str, pd.DataFrame], rounds: int = 5) -> float:
    """Median seconds in which a fresh interpreter reads the tables, has the first row of a sweep, and ends."""
    times = []
    with tempfile.TemporaryDirectory(prefix="sweep-") as folder:
        for name, table in tables.items():
            write_table(table, Path(folder, f"{name}.parquet"), PREDICTIONS)
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "src")}
        for _ in range(rounds):
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", FIRST_ROW, folder], check=True, env=environment)
            times.append(time.perf_counter() - start)
    return float(np.median(times))


def main() -> None:
    real = Path(os.environ.get("EMOFUSION_REAL_DATA", REPOSITORY.parent / "shared" / "real")) / "ravdess" / "posteriors"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posteriors", type=Path, default=real, help=f"a folder with {SPEECH} and {FACE}")
    parser.add_argument("--settings", type=int, default=60, help="weights and rules that the plain loop is measured on")
    options = parser.parse_args()

    are_real = (options.posteriors / SPEECH).exists()
    tables = published(options.posteriors) if are_real else made_up()
    print(f"posteriors: {options.posteriors if are_real else 'made up, of the size of RAVDESS'}")
    aligned = align(tables)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times = []
    for _ in range(3):
        start = time.perf_counter()
        swept = sweep_weights(aligned, POOLS, STEPS, Evaluation())["sweep"]
        times.append(time.perf_counter() - start)
    ours = times[0]  # the first and slowest call: a job makes no other
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    grid = simplex(2, STEPS)
    settings, subsets = len(POOLS) * len(grid), len(swept[["gender", "emotion"]].drop_duplicates())
    size = f"{len(grid)} weights x {len(POOLS)} rules x {len(aligned.clips)} clips"
    print(f"{size} x {subsets} subsets, one thread")
    print(
        f"ours: {ours:.2f} s in a process's first call, {', '.join(f'{warm:.2f}' for warm in times[1:])} s in the next"
    )
    print(f"ours: {memory:.0f} MiB at the peak beyond imports and predictions")

    each = measure_plain(Plain(aligned), grid, options.settings, swept)
    plain = settings * each
    print(
        f"plain: {1e3 * each:.1f} ms for a setting, measured on {options.settings} of {settings:,}; all: {plain:,.0f} s"
    )
    print(f"both sides find the same figures in all subsets of these {options.settings} settings")
    print(f"from a process's start to its first row, and its end: {seconds_to_first_row(tables):.2f} s")
    print(f"ratio {plain / ours:.0f}")


if __name__ == "__main__":
    main()
