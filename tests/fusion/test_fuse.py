"""Fusing prediction tables, made up and real."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax
from sklearn.metrics import accuracy_score

from emofusion.emotions import EMOTIONS
from emofusion.errors import EmofusionError
from emofusion.evaluation.accuracy import by_subset, on_test
from emofusion.fusion.common.fuse import CATALOGUE, fuse
from emofusion.predictions.table import labels, posteriors

BASE = {"rule": "linear", "steps": 10, "compare": [], "fit_on": "auto"}
LOGITS = [f"logit_{emotion}" for emotion in EMOTIONS]


def test_the_fused_table_holds_the_logarithm_of_the_fused_posterior(three):
    tables = {name: three[name] for name in ("speech", "face")}
    fused = fuse(tables, BASE | {"weights": {"face": 0.3, "speech": 0.7}}).predictions
    test = {name: table[table["split"] == "test"] for name, table in tables.items()}
    speech = softmax(test["speech"][LOGITS], axis=1)
    face = np.insert(softmax(test["face"].filter(like="logit_"), axis=1), 1, 0, axis=1)  # face does not know calm
    assert len(fused) == 150 and fused["clip"].tolist() == test["speech"]["clip"].tolist()
    np.testing.assert_allclose(np.exp(fused[LOGITS]), 0.7 * speech + 0.3 * face)
    np.testing.assert_allclose(posteriors(fused), 0.7 * speech + 0.3 * face)


def test_a_posterior_of_zero_gives_a_finite_logit(three):
    tables = {name: three[name] for name in ("speech", "face")}
    fused = fuse(tables, BASE | {"weights": {"speech": 0, "face": 1}}).predictions
    assert np.isfinite(fused["logit_calm"]).all()
    assert posteriors(fused)[:, 1].max() < 1e-300
    assert labels(fused).tolist() == labels(three["face"])[60:].tolist()


def test_every_rule_fuses_any_number_of_modalities(three):
    for names in (("speech",), ("speech", "face"), ("speech", "face", "text")):
        weights = dict.fromkeys(names, 1 / len(names))
        fused = fuse({name: three[name] for name in names}, BASE | {"weights": weights, "compare": list(CATALOGUE)})
        assert list(fused.rules["rule"].unique()) == list(CATALOGUE)
        for name, rows in fused.rules.groupby("rule"):
            found = np.exp(rows[[column for column in LOGITS if column in rows]].to_numpy())
            np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6, err_msg=f"{name} of {names}")
            if len(names) == 1 and name not in ("product_by_speaker", "stacked", "majority"):
                assert labels(rows).tolist() == labels(three["speech"])[60:].tolist(), name
    configured = fused.rules[fused.rules["rule"] == "linear"].reset_index(drop=True)
    pd.testing.assert_frame_equal(configured[fused.predictions.columns], fused.predictions)
    oracles = fused.rules.loc[fused.rules["kind"] == "oracle", "fitted_on"].unique().tolist()
    assert oracles == ["the test clips themselves (oracle)"]


def test_with_one_actor_rules_that_learn_are_left_out(three):
    alone = {name: three[name].assign(actor="demo-1", gender="male") for name in ("speech", "face")}
    settings = BASE | {"weights": {"speech": 0.7, "face": 0.3}, "compare": ["log_linear", "majority", "stacked"]}
    test = {name: table[table["split"] == "test"] for name, table in alone.items()}
    assert list(fuse(test, settings).rules["rule"].unique()) == ["linear", "majority"]
    with pytest.raises(EmofusionError, match="choose a rule that learns nothing"):
        fuse(test, settings | {"rule": "stacked"})


def test_wrong_settings_are_refused_by_name(three):
    good = BASE | {"weights": {"speech": 0.5, "face": 0.3, "text": 0.2}, "compare": ["linear_tuned"]}
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

    compare = ["product_equal", "log_linear", "product_tuned", "product_by_speaker", "linear_oracle"]
    settings = BASE | {"weights": {"speech": 0.7, "face": 0.3}, "steps": 100, "compare": compare}
    fused = fuse({"speech": speech, "face": face.sample(frac=1, random_state=0)}, settings)
    shares = pd.read_csv(folder / "face_openface_mlp_probabilities.csv").set_index("clip").loc[speech["clip"]]
    mean = 0.7 * softmax(speech[LOGITS], axis=1) + 0.3 * shares[[f"p_{emotion}" for emotion in EMOTIONS]].to_numpy()
    reference = accuracy_score(speech["emotion"], np.array(EMOTIONS)[mean.argmax(axis=1)])
    assert by_subset(fused.predictions).iloc[0]["accuracy"] == reference == pytest.approx(1187 / 1440)
    correct = {rule: int(by_subset(rows).iloc[0]["correct"]) for rule, rows in fused.rules.groupby("rule")}
    # measured here; the first and last are also what others found on the same posteriors
    assert correct == {
        "product_equal": 1256, "log_linear": 1260, "product_tuned": 1262, "product_by_speaker": 1287,
        "linear": 1187, "linear_oracle": 1212,
    }  # fmt: skip
