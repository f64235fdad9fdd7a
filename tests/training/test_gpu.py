"""Training and scoring on an NVIDIA GPU: the same each time, and near to the CPU."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from emofusion.features.common.feature_set import FeatureSet, write_rows
from emofusion.networks.backbone import Backbone, TrainedBackbone
from emofusion.networks.cnn1d import Cnn1d
from emofusion.networks.cnn1d_deep import Cnn1dDeep
from emofusion.networks.lstm import Lstm
from emofusion.networks.mlp import Mlp
from emofusion.plan.settings import ModelSettings, PredictionsSettings
from emofusion.settings.training import Augment, Training, Unfreeze
from emofusion.tables import LOGIT
from emofusion.training import callbacks
from emofusion.training.description import read_model
from emofusion.training.fit import fit_folds
from emofusion.training.predict import predict_folds

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no NVIDIA GPU here")

CLIPS = 96
SEQUENCES, PICTURES = (24, 96), (3, 64, 64)
SPEECH = Training(epochs=6, learning_rate=1e-3, batch_size=16, augment=Augment(noise=0.1, shift=9, time_masks=1))
FACE = Training(
    epochs=3, learning_rate=1e-3, batch_size=16, unfreeze=[Unfreeze(epoch=0, blocks=1), Unfreeze(epoch=1, blocks=5)]
)
NETWORKS = {
    "mlp": (Mlp(hidden=[600]), replace(SPEECH, augment=Augment(noise=0.1, mixup=0.2)), (200,)),
    "cnn1d": (Cnn1d(), SPEECH, SEQUENCES),
    "cnn1d_deep": (Cnn1dDeep(), SPEECH, SEQUENCES),
    "lstm": (Lstm(layers=2), SPEECH, SEQUENCES),
    "vgg16": (Backbone(architecture="vgg16", hidden=[32], pooling="average").trained_part(FACE), FACE, PICTURES),
    # larger than the grid of the head; height and width differ, and areas of the pooling overlap
    "vgg16_grid": (
        Backbone(architecture="vgg16", hidden=[32], pooling="flatten").trained_part(FACE),
        FACE,
        (3, 288, 320),
    ),
    "mobilenet": (
        Backbone(architecture="mobilenet_v2", hidden=[32], head_norm=True).trained_part(FACE),
        FACE,
        PICTURES,
    ),
}


def data(folder, shape):
    """Clips of eight people and three emotions; one fold."""
    random = np.random.default_rng(0)
    emotion, actor = np.arange(CLIPS) % 3, np.arange(CLIPS) // 12
    values = random.normal(size=(CLIPS, *shape)) + 0.1 * emotion.reshape(-1, *[1] * len(shape))
    if len(shape) == 3:
        values = np.clip(values * 50 + 120, 0, 255)
    folder.mkdir(parents=True)
    np.save(folder / "features.npy", values.astype(np.uint8 if len(shape) == 3 else np.float32))
    clips = [f"clip{number:02}" for number in range(CLIPS)]
    write_rows(pd.DataFrame({"clip": clips, "row": range(CLIPS), "frame": 0, "view": 0}), folder)
    split = pd.DataFrame({"clip": clips, "corpus": "made", "actor": [f"made-{number}" for number in actor]})
    split = split.assign(gender="female", emotion=np.array(["happy", "sad", "angry"])[emotion], fold=0)
    return FeatureSet.open([folder]), split.assign(
        split=np.select([actor < 6, actor == 6], ["train", "validation"], "test")
    )


def settings_of(name, **changes):
    network, training, _ = NETWORKS[name]
    training = replace(training, **changes)
    return ModelSettings(network, training, seeds=[3], standardised=not isinstance(network, TrainedBackbone))


def trained(split, features, settings, out):
    fit_folds(split, features, settings, out)
    return load_file(out / "folds" / "0-3.safetensors")


@pytest.mark.parametrize("precision", ["full", "half"])
@pytest.mark.parametrize("name", NETWORKS)
def test_the_same_seed_gives_the_same_weights(tmp_path, name, precision):
    features, split = data(tmp_path / "features", NETWORKS[name][2])
    settings = settings_of(name, precision=precision)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        first = trained(split, features, settings, tmp_path / "first")
    assert not [one for one in told if "deterministic" in str(one.message)]
    for number in range(3):
        again = trained(split, features, settings, tmp_path / str(number))
        assert all(torch.equal(first[key], again[key]) for key in first)
    assert read_model(tmp_path / "first")[0].devices == [torch.cuda.get_device_name()]
    scored = [predict_folds(split, features, tmp_path / "first", PredictionsSettings(1, precision)) for _ in range(3)]
    assert all(one.equals(scored[0]) for one in scored)


@pytest.mark.parametrize("name", ["lstm", "vgg16"])
def test_an_interrupted_training_ends_as_if_never_interrupted(tmp_path, monkeypatch, name):
    features, split = data(tmp_path / "features", NETWORKS[name][2])
    whole = trained(split, features, settings_of(name), tmp_path / "whole")
    monkeypatch.setattr(callbacks, "CHECKPOINT_SECONDS", 0)

    def stop(metrics, epoch):
        if epoch == 1:
            raise KeyboardInterrupt

    with pytest.raises((KeyboardInterrupt, SystemExit)):
        fit_folds(split, features, settings_of(name), tmp_path / "stopped", on_epoch=stop)
    epochs = []
    fit_folds(
        split,
        features,
        settings_of(name),
        tmp_path / "stopped",
        on_epoch=lambda metrics, epoch: epochs.append(epoch),
    )
    assert epochs[0] > 0  # it went on, and did not begin anew
    continued = load_file(tmp_path / "stopped" / "folds" / "0-3.safetensors")
    assert all(torch.equal(whole[key], continued[key]) for key in whole)


@pytest.mark.parametrize(("precision", "tolerance"), [("full", 1e-4), ("half", 0.05)])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_model_gives_the_posteriors_of_the_cpu(tmp_path, monkeypatch, name, precision, tolerance):
    features, split = data(tmp_path / "features", NETWORKS[name][2])
    trained(split, features, settings_of(name), tmp_path / "model")
    columns = [f"{LOGIT}{emotion}" for emotion in ("angry", "happy", "sad")]
    on_gpu = predict_folds(split, features, tmp_path / "model", PredictionsSettings(1, precision))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    on_cpu = predict_folds(split, features, tmp_path / "model", PredictionsSettings(1, "full"))
    np.testing.assert_allclose(np.exp(on_gpu[columns]), np.exp(on_cpu[columns]), atol=tolerance)
