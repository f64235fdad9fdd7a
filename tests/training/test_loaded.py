"""A model in memory scores a clip as it is scored with all clips of its fold."""

from dataclasses import replace

import numpy as np
import pytest

from emofusion.errors import EmofusionError
from emofusion.networks.kernel_ridge import KernelRidge
from emofusion.networks.mlp import Mlp
from emofusion.networks.sklearn import Sklearn
from emofusion.plan.settings import ModelSettings, PredictionsSettings
from emofusion.predictions.table import posteriors
from emofusion.settings.training import Training
from emofusion.training.data import RowSource
from emofusion.training.fit import fit_folds
from emofusion.training.loaded import LoadedModel
from emofusion.training.predict import predict_folds

CLASSES = ["happy", "sad"]
FULL = PredictionsSettings(threads=1, precision="full")
NETWORKS = {
    "mlp": (Mlp(hidden=[8]), Training(epochs=2, learning_rate=0.01, batch_size=4), [1, 2]),
    "svm": (Sklearn(estimator="sklearn.svm.SVC"), Training(**Sklearn.training_defaults), [1]),
    "regressor": (Sklearn(estimator="sklearn.linear_model.Ridge"), Training(**Sklearn.training_defaults), [1]),
    "kernels": (KernelRidge(), Training(**KernelRidge.training_defaults), [1]),
}


def of_one_clip(features: RowSource, clip: str):
    return features.take(features.rows.loc[features.rows["clip"] == clip, "row"].to_numpy())


@pytest.mark.parametrize("name", NETWORKS)
def test_the_posterior_of_a_clip_is_the_mean_over_folds_and_seeds(small_data, tmp_path, name):
    features, split = small_data
    network, training, seeds = NETWORKS[name]
    fit_folds(split, features, ModelSettings(network, training, seeds, True), tmp_path / "model", order=CLASSES)
    # the clip is tested in both folds here, so that both models score it
    clip = split.loc[split["split"] == "validation", "clip"].iloc[0]
    table = predict_folds(split, features, tmp_path / "model", FULL, order=CLASSES)
    expected = posteriors(table[table["clip"] == clip]).mean(axis=0)
    known = (split, features) if network.compares_with_training else None
    loaded = LoadedModel(tmp_path / "model", FULL, known)
    assert loaded.classes == CLASSES
    np.testing.assert_allclose(loaded.posteriors(of_one_clip(features, clip), "anybody"), expected, atol=1e-7)


@pytest.mark.parametrize("name", ["mlp", "kernels"])
def test_a_speaker_who_is_known_is_normalised_as_before(small_data, tmp_path, name):
    features, split = small_data
    network, training, seeds = NETWORKS[name]
    settings = ModelSettings(network, replace(training, speaker_normalisation=True), seeds, True)
    fit_folds(split, features, settings, tmp_path / "model", order=CLASSES)
    clip = split.loc[split["split"] == "validation", "clip"].iloc[0]
    actor = split.loc[split["clip"] == clip, "actor"].iloc[0]
    table = predict_folds(split, features, tmp_path / "model", FULL, order=CLASSES)
    loaded = LoadedModel(tmp_path / "model", FULL, (split, features))
    found = loaded.posteriors(of_one_clip(features, clip), actor)
    np.testing.assert_allclose(found, posteriors(table[table["clip"] == clip]).mean(axis=0), atol=1e-7)
    plain = LoadedModel(tmp_path / "model", FULL, (split, features))
    other = plain.posteriors(of_one_clip(features, clip), split.loc[split["actor"] != actor, "actor"].iloc[0])
    assert np.abs(other - found).max() > 1e-4
    with pytest.raises(EmofusionError, match="the speaker nobody has no clips"):
        loaded.posteriors(of_one_clip(features, clip), "nobody")
