"""Fusing prediction tables, made up and real."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax
from sklearn.metrics import accuracy_score

from emofusion.emotions import EMOTIONS
from emofusion.evaluation.accuracy import by_subset, on_test
from emofusion.fusion import fuse
from emofusion.messages import EmofusionError
from emofusion.predictions import labels, posteriors


def test_the_fused_table_holds_the_logarithm_of_the_fused_posterior(three):
    tables = {name: three[name] for name in ("speech", "face")}
    fused, _ = fuse(tables, {"rule": "linear", "weights": {"face": 0.3, "speech": 0.7}, "steps": 10})
    logits = [f"logit_{emotion}" for emotion in EMOTIONS]
    speech = softmax(three["speech"][logits], axis=1)
    face = np.insert(softmax(three["face"].filter(like="logit_"), axis=1), 1, 0, axis=1)  # face does not know calm
    np.testing.assert_allclose(np.exp(fused[logits]), 0.7 * speech + 0.3 * face)
    np.testing.assert_allclose(posteriors(fused), 0.7 * speech + 0.3 * face)


def test_a_posterior_of_zero_gives_a_finite_logit(three):
    tables = {name: three[name] for name in ("speech", "face")}
    fused, _ = fuse(tables, {"rule": "linear", "weights": {"speech": 0, "face": 1}, "steps": 1})
    assert np.isfinite(fused["logit_calm"]).all()
    assert posteriors(fused)[:, 1].max() == 0 or posteriors(fused)[:, 1].max() < 1e-300
    assert labels(fused).tolist() == labels(three["face"]).tolist()


def test_the_sweep_at_the_configured_weights_is_the_fused_table(three):
    weights = {"speech": 0.5, "face": 0.3, "text": 0.2}
    fused, swept = fuse(three, {"rule": "linear", "weights": weights, "steps": 10})
    at = swept[np.isclose(swept[[f"weight_{name}" for name in weights]], list(weights.values())).all(axis=1)]
    at = at[at["split"] == "test"].reset_index(drop=True)
    columns = ["gender", "emotion", "correct", "clips", "accuracy"]
    pd.testing.assert_frame_equal(at[columns], by_subset(on_test(fused, "fusion"))[columns])


def test_wrong_settings_are_refused_by_name(three):
    good = {"rule": "linear", "weights": {"speech": 0.5, "face": 0.3, "text": 0.2}, "steps": 10}
    for key, value in (("rule", "magic"), ("weights", {"speech": 1.0}), ("steps", 0)):
        with pytest.raises(EmofusionError, match=rf"fusion\.{key}"):
            fuse(three, {**good, key: value})


def published(path: Path, prefix: str) -> pd.DataFrame:
    """Posteriors of RAVDESS clips published by others, as a prediction table; the clip's name says who and what."""
    raw = pd.read_csv(path)
    parts = raw["clip"].str.split("-", expand=True).astype(int)
    table = pd.DataFrame({"clip": raw["clip"], "corpus": "ravdess", "actor": "ravdess-" + parts[6].astype(str)})
    table["gender"] = np.where(parts[6] % 2 == 1, "male", "female")
    table["emotion"] = [EMOTIONS[code - 1] for code in parts[2]]
    table["fold"], table["split"] = raw["fold"], "test"
    for emotion in EMOTIONS:
        values = raw[prefix + emotion]
        table[f"logit_{emotion}"] = values if prefix == "logit_" else np.log(values.clip(lower=1e-12))
    return table


def test_published_posteriors_give_their_published_accuracies(real_data):
    folder = real_data / "ravdess" / "posteriors"
    speech = published(folder / "speech_wav2vec2_logits.csv", "logit_")
    face = published(folder / "face_openface_mlp_probabilities.csv", "p_")
    for table, accuracy in ((speech, 0.81944), (face, 0.60417)):
        overall = by_subset(on_test(table, "real")).iloc[0]
        assert (overall["accuracy"], overall["clips"]) == (pytest.approx(accuracy, abs=5e-6), 1440)

    settings = {"rule": "linear", "weights": {"speech": 0.7, "face": 0.3}, "steps": 100}
    fused, swept = fuse({"speech": speech, "face": face.sample(frac=1, random_state=0)}, settings)
    logits = [f"logit_{emotion}" for emotion in EMOTIONS]
    shares = pd.read_csv(folder / "face_openface_mlp_probabilities.csv").set_index("clip").loc[speech["clip"]]
    mean = 0.7 * softmax(speech[logits], axis=1) + 0.3 * shares[[f"p_{emotion}" for emotion in EMOTIONS]].to_numpy()
    reference = accuracy_score(speech["emotion"], np.array(EMOTIONS)[mean.argmax(axis=1)])
    assert by_subset(fused).iloc[0]["accuracy"] == reference == pytest.approx(1187 / 1440)
    overall = swept.query("gender == 'all' and emotion == 'all'").set_index("weight_speech")["accuracy"]
    assert overall[0.0] == pytest.approx(0.60417, abs=5e-6) and overall[1.0] == pytest.approx(0.81944, abs=5e-6)
    assert (overall.idxmax(), overall.max()) == (0.48, pytest.approx(1212 / 1440))
