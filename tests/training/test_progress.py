"""A training tells how far it is, in plain lines."""

import pytest

from emofusion.networks.mlp import Mlp
from emofusion.plan.settings import ModelSettings
from emofusion.settings.training import Training
from emofusion.training.fit import fit_folds
from emofusion.training.progress import Progress

NOTHING = float("nan")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_line_is_written_about_every_ten_seconds():
    lines, clock = [], Clock()
    progress = Progress(lines.append, folds=5, seeds=3, epochs=24, clock=clock)
    progress.begin(2, 1)
    for epoch in range(24):
        clock.now += 4
        progress.epoch(epoch, {"train_loss": 2.0, "validation_loss": 1.0 + epoch / 1000})
    progress.end(22, {"train_loss": 2.0, "validation_loss": 1.022})
    assert lines[0] == "fold 2 of 5, seed 1 of 3, training begins"
    # after 12 seconds, 24, …
    assert lines[1] == "fold 2 of 5, seed 1 of 3, epoch 3 of 24, validation loss 1.002"
    assert [line.split(",")[2] for line in lines[1:-1]] == [f" epoch {epoch} of 24" for epoch in range(3, 25, 3)]
    assert lines[-1] == (
        "fold 2 of 5, seed 1 of 3, trained; the weights of epoch 23 of 24 are kept, validation loss 1.022"
    )


def test_one_seed_is_left_out_and_so_is_a_validation_that_there_is_not():
    lines, clock = [], Clock()
    progress = Progress(lines.append, folds=1, seeds=1, epochs=3, clock=clock)
    progress.begin(1, 1)
    clock.now += 10
    progress.epoch(0, {"train_loss": 0.5, "validation_loss": NOTHING})
    assert lines == ["fold 1 of 1, training begins", "fold 1 of 1, epoch 1 of 3, training loss 0.500"]


def test_a_fast_training_tells_the_start_and_the_end_of_each_model(tmp_path, small_data):
    features, split = small_data
    settings = ModelSettings(Mlp(), Training(epochs=2, learning_rate=1e-3), seeds=[3, 4], standardised=True)
    lines = []
    fit_folds(split, features, settings, tmp_path / "model", progress=lines.append)
    models = [f"fold {fold} of 2, seed {seed} of 2" for fold in (1, 2) for seed in (1, 2)]
    assert [line for line in lines if line.endswith("training begins")] == [f"{m}, training begins" for m in models]
    assert [line.split(", trained")[0] for line in lines if ", trained;" in line] == models


class Cut(Exception):
    pass


def test_models_from_before_an_interruption_are_told(tmp_path, small_data):
    features, split = small_data
    settings = ModelSettings(Mlp(), Training(epochs=2, learning_rate=1e-3), seeds=[3], standardised=True)

    def cut(metrics, epoch):
        if "fold1_train_loss" in metrics:
            raise Cut

    with pytest.raises(Cut):
        fit_folds(split, features, settings, tmp_path / "model", on_epoch=cut)
    lines = []
    fit_folds(split, features, settings, tmp_path / "model", progress=lines.append)
    assert lines[:2] == ["fold 1 of 2, trained before", "fold 2 of 2, training begins"] and len(lines) == 3
