"""Precision is what the setting says, whatever the machine has."""

from contextlib import nullcontext
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from emofusion.errors import EmofusionError
from emofusion.networks.mlp import Mlp
from emofusion.plan.settings import ModelSettings, PredictionsSettings
from emofusion.settings.training import Training
from emofusion.training import fit as training_of_fit
from emofusion.training import fold as training_of_fold
from emofusion.training.fit import fit_folds
from emofusion.training.precision import autocast, lightning_precision
from emofusion.training.predict import predict_folds

HALF = ModelSettings(Mlp(), Training(epochs=1, learning_rate=1e-3, precision="half"), seeds=[0], standardised=True)


@pytest.mark.parametrize("gpu", [False, True])
def test_full_precision_is_full_with_and_without_a_gpu(monkeypatch, gpu):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    assert lightning_precision("full") == "32-true"
    assert isinstance(autocast("full"), nullcontext)


def test_half_precision_is_mixed_where_there_is_a_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert lightning_precision("half") == "16-mixed"
    context = autocast("half")
    assert isinstance(context, torch.autocast) and context.fast_dtype == torch.float16 and context.device == "cuda"


def test_half_precision_without_a_gpu_is_refused_before_anything_is_done(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    message = r"training\.precision=half: this needs an NVIDIA GPU.*set training\.precision=full"
    with pytest.raises(EmofusionError, match=message):
        fit_folds(None, None, HALF, tmp_path / "model")
    assert not (tmp_path / "model").exists()
    with pytest.raises(EmofusionError, match=message):
        predict_folds(None, None, tmp_path / "model", PredictionsSettings(1, "half"))


class Stopped(Exception):
    pass


@pytest.mark.parametrize(("precision", "expected"), [("full", "32-true"), ("half", "16-mixed")])
def test_the_trainer_gets_the_precision_of_the_setting(
    tmp_path, monkeypatch, small_data, torch_settings, precision, expected
):
    asked = {}

    def trainer(**options):
        asked.update(options)
        raise Stopped

    features, split = small_data
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(training_of_fold.pl, "Trainer", trainer)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "NVIDIA H200")
    training = Training(epochs=1, learning_rate=1e-3, precision=precision)
    with pytest.raises(Stopped):
        fit_folds(split, features, ModelSettings(Mlp(), training, seeds=[0], standardised=True), tmp_path / "model")
    assert (asked["precision"], asked["accelerator"]) == (expected, "cuda")


def test_batches_in_half_precision_are_trained_one_after_the_other(tmp_path, monkeypatch, small_data, cpu):
    """Lightning keeps no half copies of weights that the next batch would take; bfloat16 stands in, on the CPU."""
    features, split = small_data
    monkeypatch.setattr(training_of_fit, "check_precision", lambda precision: None)
    monkeypatch.setattr(training_of_fold, "lightning_precision", lambda precision: "bf16-mixed")
    training = Training(epochs=3, learning_rate=0.1, batch_size=2, precision="half", schedule="one_cycle")
    settings = ModelSettings(Mlp(), training, seeds=[0], standardised=True)
    for name, memory in (("single", 0), ("all", 2**24)):
        monkeypatch.setattr(training_of_fold, "CHUNK", memory)
        fit_folds(split, features, settings, tmp_path / name)
    single, together = (load_file(tmp_path / name / "folds" / "0-0.safetensors") for name in ("single", "all"))
    assert all(torch.equal(single[name], together[name]) for name in single)
    full = ModelSettings(Mlp(), replace(training, precision="full"), seeds=[0], standardised=True)
    monkeypatch.setattr(training_of_fold, "lightning_precision", lightning_precision)
    fit_folds(split, features, full, tmp_path / "full")
    exact = load_file(tmp_path / "full" / "folds" / "0-0.safetensors")
    assert not all(torch.equal(single[name], exact[name]) for name in single)
    assert all(torch.allclose(single[name], exact[name], atol=0.05) for name in single)
