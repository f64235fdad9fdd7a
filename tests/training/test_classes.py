"""The classes of a trained model: in the order of the setting, and with those of scored clips that it does not know."""

import numpy as np
import pandas as pd
import pytest

from emofusion.features.common.feature_set import FeatureSet, write_rows
from emofusion.networks.mlp import Mlp
from emofusion.plan.settings import ModelSettings, PredictionsSettings
from emofusion.predictions.table import labels, posteriors
from emofusion.settings.training import Training
from emofusion.tables import PREDICTIONS, check, classes_of, unknown_to
from emofusion.training.description import read_model
from emofusion.training.fit import fit_folds
from emofusion.training.predict import predict_folds

SETTINGS = ModelSettings(
    Mlp(hidden=[8]), Training(epochs=8, learning_rate=0.02, batch_size=8), seeds=[0], standardised=True
)
ORDER = ["生气/angry", "calm", "0", "<unk>"]


@pytest.fixture
def data(tmp_path):
    """24 clips of each label; people 0 to 3 train, 4 validates, 5 is tested. Only the tested person shows calm."""
    random, rows, values = np.random.default_rng(1), [], []
    for number, label in enumerate(ORDER):
        for take in range(24):
            person = take % 6 if label != "calm" else 5
            part = ["train"] * 4 + ["validation", "test"]
            rows.append((f"{label}-{take}", f"made-{person}", "female", label, part[person]))
            values.append(3 * np.eye(4)[number] + random.normal(size=4))
    split = pd.DataFrame(rows, columns=["clip", "actor", "gender", "emotion", "split"]).assign(corpus="made", fold=0)
    folder = tmp_path / "features"
    folder.mkdir()
    np.save(folder / "features.npy", np.array(values, np.float32))
    write_rows(pd.DataFrame({"clip": split["clip"], "row": range(len(split)), "frame": 0, "view": 0}), folder)
    return FeatureSet.open([folder]), split


def test_the_order_is_that_of_the_setting_and_an_unknown_class_has_its_place(tmp_path, data):
    features, split = data
    fit_folds(split, features, SETTINGS, tmp_path / "model", order=ORDER)
    assert read_model(tmp_path / "model")[0].classes == ["生气/angry", "0", "<unk>"]
    predictions = predict_folds(
        split, features, tmp_path / "model", PredictionsSettings(threads=1, precision="full"), order=ORDER
    )
    check(predictions, PREDICTIONS, "predictions")
    assert classes_of(predictions) == ORDER and unknown_to(predictions) == ["calm"]
    shares = posteriors(predictions)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert (shares[:, 1] == 0).all()
    known = (predictions["emotion"] != "calm").to_numpy()
    assert (labels(predictions) == predictions["emotion"].to_numpy())[known].mean() > 0.8
