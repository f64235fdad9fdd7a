"""The examples of docs/extending.md, run through the real workflow: their figures are what a reader would compute."""

import json

import numpy as np
import pandas as pd
import pytest
import soundfile
from safetensors.numpy import load_file
from scipy.special import softmax
from sklearn.metrics import accuracy_score, cohen_kappa_score

from emofusion.features.common.feature_set import FeatureSet
from emofusion.predictions.table import labels, posteriors
from emofusion.settings.registry import FAMILIES
from emofusion.tables import FUSED, PREDICTIONS, RULES, SPLIT, classes_of, read_table

CLIPS = 108  # six speakers, six emotions, three takes
BANDS = {"speech": 16, "coarse": 4}


def predictions_of(project, modality):
    return read_table(project.one(f"predictions/{modality}-*/predictions.parquet"), PREDICTIONS)


def scored(project, modality):
    table = predictions_of(project, modality)
    return table[table["split"] == "test"].sort_values("clip", ignore_index=True)


def fused(project, rule):
    if rule == "minimum":  # the configured rule
        table = read_table(project.one("fusion/minimum-*/fused.parquet"), PREDICTIONS)
    else:
        table = read_table(project.one("rules/compared-*/rules.parquet"), FUSED)
        table = table[table["rule"] == rule]
    return table.sort_values("clip", ignore_index=True)


def test_the_page_has_an_example_of_each_family(examples):
    text = "\n".join(examples.values())
    assert all(f"({base.__name__}):" in text for base in FAMILIES.values())
    assert sum(name.endswith(".py") for name in examples) == len(FAMILIES)


def test_the_corpus_says_what_the_names_say(project):
    clips = pd.read_parquet(project.one("corpus/voices-audio-*/clips.parquet"))
    assert len(clips) == CLIPS
    row = clips.set_index("clip").loc["f04_angry_2"]
    assert (row["actor"], row["gender"], row["emotion"]) == ("voices-f04", "female", "angry")
    assert row["audio"].endswith("f04_angry_2.wav")


@pytest.mark.parametrize("bands", BANDS.values())
def test_features_are_the_energies_of_bands(project, bands):
    folders = (project.folder / "results" / "features").glob("band_energies-voices-*")
    sets = {features.shape: features for features in (FeatureSet.open([folder]) for folder in folders)}
    features = sets[(bands,)]
    assert len(sets) == 2 and len(features) == CLIPS
    row = features.rows.set_index("clip").loc["m03_sad_1", "row"]
    samples, _ = soundfile.read(project.folder / "data" / "voices" / "m03_sad_1.wav")
    power = np.abs(np.fft.rfft(samples)) ** 2
    expected = [np.log(part.mean() + 1e-9) for part in np.array_split(power, bands)]
    np.testing.assert_allclose(features.take([row])[0], expected, rtol=1e-5)


def test_the_protocol_trains_on_men_and_tests_on_women(project):
    split = read_table(project.one("split/across_genders-speech-*/split.parquet"), SPLIT)
    actors = {part: set(rows["actor"]) for part, rows in split.groupby("split")}
    assert actors["test"] == {"voices-f02", "voices-f04", "voices-f06"}
    assert actors["train"] | actors["validation"] == {"voices-m01", "voices-m03", "voices-m05"}
    assert len(actors["validation"]) == 1 and not actors["train"] & actors["validation"]


@pytest.mark.parametrize("modality", BANDS)
def test_the_network_is_a_linear_map_of_standardised_features(project, modality):
    model = project.one(f"model/{modality}-*")
    described = json.loads((model / "model.json").read_text())
    classes, bands = described["classes"], BANDS[modality]
    assert described["parameters"] == bands * len(classes) + len(classes)
    split = read_table(project.one(f"split/across_genders-{modality}-*/split.parquet"), SPLIT)
    folders = (project.folder / "results" / "features").glob("band_energies-voices-*")
    (features,) = [one for one in (FeatureSet.open([folder]) for folder in folders) if one.shape == (bands,)]
    row_of = features.rows.set_index("clip")["row"]
    trained = features.take(row_of[split.loc[split["split"] == "train", "clip"]].to_numpy()).astype(float)
    table = scored(project, modality)
    values = features.take(row_of[table["clip"]].to_numpy()).astype(float)
    held = load_file(next((model / "folds").glob("*.safetensors")))
    (weight,) = [array for array in held.values() if array.shape == (len(classes), bands)]
    (bias,) = [array for name, array in held.items() if array.shape == (len(classes),) and name.endswith("bias")]
    standardised = np.clip((values - trained.mean(axis=0)) / trained.std(axis=0), -10, 10)  # training.outlier_limit
    expected = softmax(standardised @ weight.T + bias, axis=1)
    assert classes_of(table) == classes
    np.testing.assert_allclose(posteriors(table), expected, atol=1e-5)


def test_the_rule_takes_the_least_posterior(project):
    members = [posteriors(scored(project, modality)) for modality in BANDS]
    least = np.minimum(*members)
    table = fused(project, "minimum")
    np.testing.assert_allclose(posteriors(table), least / least.sum(axis=1, keepdims=True), atol=1e-9)
    about = read_table(project.one("fusion/minimum-*/about_rules.parquet"), RULES).set_index("rule").loc["minimum"]
    assert about["label"] == "least posterior" and about["kind"] == "baseline"
    assert not np.allclose(posteriors(table), posteriors(fused(project, "linear_equal")), atol=0.01)


def test_accuracy_and_kappa_are_those_of_scikit_learn(project):
    rules = pd.read_csv(project.folder / "results/reports/voices/rules.csv").set_index("rule")
    tables = {modality: scored(project, modality) for modality in BANDS}
    tables |= {rule: fused(project, rule) for rule in ("minimum", "linear_equal", "maximum")}
    assert set(rules.index) == set(tables)
    for name, table in tables.items():
        assert len(table) == CLIPS // 2
        assert rules.loc[name, "accuracy"] == pytest.approx(accuracy_score(table["emotion"], labels(table)))
        kappa = cohen_kappa_score(table["emotion"], labels(table))
        assert rules.loc[name, "kappa"] == pytest.approx(kappa)
        assert rules.loc[name, "kappa_low"] - 1e-9 <= kappa <= rules.loc[name, "kappa_high"] + 1e-9  # ten digits
    assert rules["accuracy"].min() > 0.25 and len(set(rules["accuracy"])) > 1
    assert "Cohen&#39;s kappa" in (project.folder / "results/reports/voices/report.html").read_text()


def test_results_name_the_libraries_that_plugins_use(project):
    provenance = json.loads((project.folder / "results/reports/voices/provenance.json").read_text())
    versions = {name.partition("-")[0]: libraries for name, libraries in provenance["versions"].items()}
    assert {"numpy", "soundfile"} <= set(versions["features/band_energies"])
    assert "torch" in versions["model/speech"] and "torch" not in versions["fusion/minimum"]
