"""What a training costs beside its arithmetic: `fit_folds`, and a plain loop that gives the same weights.

    python benchmarks/training_overhead.py

The networks are the MLP of the action units (64 hidden units, batches of 32) and the paper's 1D-CNN, on made features
of the size of RAVDESS. The plain loop has its rows in memory as tensors, standardised before it begins. It draws the
same numbers, and computes all that the history has: losses and accuracies of training and validation. `steps alone`
leaves out the metrics and the validation. The sides take turns on one thread, and each counts with its fastest round.
CPU time is less disturbed by other work on the machine than wall-clock time. The last line is the MLP's ratio of the
wall-clock times of `fit_folds` and of the plain loop.
"""

import os

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import logging
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from emofusion.features.common.feature_set import FeatureSet, write_rows
from emofusion.networks.cnn1d import Cnn1d
from emofusion.networks.mlp import Mlp
from emofusion.plan.settings import ModelSettings
from emofusion.settings.kinds import Network
from emofusion.settings.training import Training
from emofusion.training.fit import fit_folds

CLIPS, ACTORS, CLASSES, SEED = 1440, 24, [f"emotion{number}" for number in range(8)], 1
# Lightning sets this variable; without a GPU, it makes each step of an optimiser slower. A plain loop is without it.
SEARCH = "PYTORCH_NVML_BASED_CUDA_CHECK"

State = dict[str, Tensor]


@dataclass
class Case:
    """A network, the shape of a row of its features, and how much of it is trained."""

    network: Network
    shape: tuple[int, ...]
    folds: int
    epochs: int
    rounds: int

    @property
    def settings(self) -> ModelSettings:
        training = Training(epochs=self.epochs, learning_rate=1e-3, batch_size=32)
        return ModelSettings(self.network, training, seeds=[SEED], standardised=True)


CASES = {
    "1D-CNN": Case(Cnn1d(), (88, 112), folds=1, epochs=3, rounds=3),
    "MLP": Case(Mlp(hidden=[64], dropout=0.5), (35,), folds=3, epochs=40, rounds=7),
}


def made_clips(folder: Path, case: Case) -> tuple[FeatureSet, pd.DataFrame]:
    """Features whose first values depend on the emotion, and a split: of 24 actors, 5 test and 4 validate."""
    folder.mkdir()
    random = np.random.default_rng(0)
    emotion, actor = np.arange(CLIPS) % len(CLASSES), np.arange(CLIPS) // (CLIPS // ACTORS)
    values = random.normal(size=(CLIPS, *case.shape)).astype(np.float32)
    values[np.arange(CLIPS), emotion] += 1
    np.save(folder / "features.npy", values)
    clips = [f"{number:04}" for number in range(CLIPS)]
    write_rows(pd.DataFrame({"clip": clips, "row": range(CLIPS), "frame": 0, "view": 0}), folder)
    table = pd.DataFrame({"clip": clips, "corpus": "made", "actor": [f"made-{number}" for number in actor]})
    table = table.assign(gender="female", emotion=np.array(CLASSES)[emotion])
    folds = []
    for fold in range(case.folds):
        place = (actor - 5 * fold) % ACTORS
        part = np.select([place < 5, place < 9], ["test", "validation"], "train")
        folds.append(table.assign(fold=fold, split=part))
    return FeatureSet.open([folder]), pd.concat(folds, ignore_index=True)


def plain_fold(rows: pd.DataFrame, features: FeatureSet, case: Case, measured: bool) -> State:
    """Train one model in a plain loop. measured: with metrics and validation, and the best epoch's weights."""
    training, fold = case.settings.training, int(rows["fold"].iloc[0])
    seed = int(np.random.SeedSequence([SEED, fold]).generate_state(1)[0])
    labels = torch.tensor([CLASSES.index(emotion) for emotion in rows["emotion"]])
    train, validation = (np.flatnonzero(rows["split"] == part) for part in ("train", "validation"))
    x = torch.from_numpy(features.take(np.arange(CLIPS)))
    axes = tuple(axis for axis in range(x.ndim) if axis != 1)
    deviation, mean = torch.std_mean(x[train].double(), axes, correction=0, keepdim=True)
    x = (x - mean[0].float()) / deviation[0].float()
    x_train, y_train, x_validation, y_validation = x[train], labels[train], x[validation], labels[validation]
    torch.manual_seed(seed)
    model = case.network.build(case.shape, len(CLASSES))
    loss_of = nn.CrossEntropyLoss()
    optimiser = torch.optim.Adam(model.parameters(), lr=training.learning_rate)
    lowest, kept, history = np.inf, {}, []
    for epoch in range(training.epochs):
        torch.manual_seed(int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0]))
        order = torch.from_numpy(np.random.default_rng([seed, epoch]).permutation(len(train)))
        model.train()
        total, right = torch.zeros(()), torch.zeros((), dtype=torch.int64)
        for batch in order.split(training.batch_size):
            y = y_train[batch]
            optimiser.zero_grad()
            logits = model(x_train[batch])
            loss = loss_of(logits, y)
            loss.backward()
            optimiser.step()
            if measured:
                total += len(y) * loss.detach()
                right += (logits.argmax(dim=1) == y).sum()
        if not measured:
            continue
        model.eval()
        with torch.no_grad():
            logits = model(x_validation)
            of_validation = float(loss_of(logits, y_validation))
            right_of_validation = (logits.argmax(dim=1) == y_validation).sum()
        history.append([float(value) for value in (total / len(train), right / len(train), of_validation)])
        history[-1].append(float(right_of_validation / len(validation)))
        if of_validation < lowest:
            lowest = of_validation
            kept = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    return kept


class Comparison:
    """All sides on the same features, with the same numbers."""

    def __init__(self, folder: Path, case: Case) -> None:
        self.folder, self.case = folder, case
        self.features, self.split = made_clips(folder / "features", case)

    def fit(self) -> None:
        os.environ[SEARCH] = "1"  # as Lightning's import sets it
        fit_folds(self.split, self.features, self.case.settings, self.folder / "model", order=CLASSES)

    def plain(self, measured: bool = True) -> list[State]:
        os.environ.pop(SEARCH, None)
        return [plain_fold(rows, self.features, self.case, measured) for _, rows in self.split.groupby("fold")]

    def largest_difference(self) -> float:
        """Of all weights of both sides. It calls both once, before times are taken."""
        self.fit()
        folder = self.folder / "model" / "folds"
        states = [load_file(folder / f"{fold}-{SEED}.safetensors") for fold in range(self.case.folds)]
        return max(
            float((state[f"1.{name}"] - weights).abs().max())
            for state, plain in zip(states, self.plain(), strict=True)
            for name, weights in plain.items()
        )

    def times(self) -> pd.DataFrame:
        """Seconds of each side and round: wall-clock and CPU time."""
        sides = {"fit_folds": self.fit, "plain loop": self.plain, "steps alone": lambda: self.plain(measured=False)}
        return pd.DataFrame(
            [(side, *seconds(work)) for _ in range(self.case.rounds) for side, work in sides.items()],
            columns=["side", "wall", "cpu"],
        )


def seconds(work: Callable[[], object]) -> tuple[float, float]:
    """The wall-clock and the CPU time of one call."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    warnings.filterwarnings("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    torch.set_num_threads(1)
    ratio = np.nan
    for name, case in CASES.items():
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        with tempfile.TemporaryDirectory() as folder:
            comparison = Comparison(Path(folder), case)
            difference = comparison.largest_difference()
            fastest = comparison.times().groupby("side").min()
        print(f"{name}: {case.folds} fold(s) of {case.epochs} epochs, the fastest of {case.rounds} rounds")
        print(f"  largest difference between weights of fit_folds and of the plain loop: {difference:.1e}")
        for side in ("fit_folds", "plain loop", "steps alone"):
            wall, cpu = fastest.loc[side]
            print(f"  {side:12} {wall:7.3f} s, {cpu:7.3f} s of CPU time")
        for side in ("plain loop", "steps alone"):
            wall, cpu = fastest.loc["fit_folds"] / fastest.loc[side]
            print(f"  fit_folds takes {wall:.2f} times as long as {side}, and {cpu:.2f} times its CPU time")
        ratio = fastest["wall"]["fit_folds"] / fastest["wall"]["plain loop"]
    print(f"ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
