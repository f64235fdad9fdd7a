"""Kernel ridge regression on joined features: scikit-learn's numbers, chosen without the tested actors."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from scipy.special import log_softmax, softmax
from sklearn.gaussian_process.kernels import RBF
from sklearn.kernel_ridge import KernelRidge as Reference
from sklearn.metrics import log_loss
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

from emofusion.errors import EmofusionError
from emofusion.features.common.feature_set import FeatureSet, write_rows
from emofusion.features.common.joined import open_features
from emofusion.networks.kernel_ridge import KernelRidge
from emofusion.networks.kernel_ridge.kernels import Distances, Ridge, calibrated, choose, kernel
from emofusion.plan.settings import ModelSettings, PredictionsSettings
from emofusion.settings.training import Training
from emofusion.tables import PREDICTIONS, check
from emofusion.training.fit import fit_folds
from emofusion.training.predict import predict_folds

CLASSES = ["neutral", "happy", "sad"]
PEOPLE, EACH = 8, 9
RANDOM = np.random.default_rng(0)
LABELS = np.tile(np.arange(EACH) % 3, PEOPLE)
ACTORS = np.repeat(np.arange(PEOPLE), EACH)
VOICE = RANDOM.normal(size=(len(LABELS), 5)) + 1.2 * np.eye(5)[LABELS]
FACE = RANDOM.normal(size=(len(LABELS), 40)) + 2 * np.eye(40)[LABELS]
FACE[0, 0] = 50  # beyond five standard deviations


def stored(folder, values):
    folder.mkdir()
    np.save(folder / "features.npy", values.astype(np.float32))
    clips = [f"clip{number}" for number in range(len(values))]
    write_rows(pd.DataFrame({"clip": clips, "row": range(len(values)), "frame": 0, "view": 0}), folder)
    return folder


@pytest.fixture
def data(tmp_path):
    """Features `voice` and `face` joined, and a split of two folds; fold 0 tests the even people."""
    features = open_features([stored(tmp_path / "v", VOICE), stored(tmp_path / "f", FACE)], ["voice", "face"])
    clips = pd.DataFrame({"clip": features.rows["clip"], "corpus": "made", "actor": [f"made-{a}" for a in ACTORS]})
    clips = clips.assign(gender="female", emotion=[CLASSES[label] for label in LABELS])
    folds = [clips.assign(fold=fold, split=np.where(fold == ACTORS % 2, "test", "train")) for fold in range(2)]
    return features, pd.concat(folds, ignore_index=True)


def predicted(data, out, network: KernelRidge, order=CLASSES, **training):
    features, split = data
    used = network.training_part(replace(Training(**network.training_defaults, outlier_limit=5.0), **training))
    lines: list[str] = []
    parts = list(getattr(features, "parts", {}))
    fit_folds(split, features, ModelSettings(network, used, [0], True, parts), out, order=order, progress=lines.append)
    table = predict_folds(split, features, out, PredictionsSettings(1, "full", parts), order=order)
    return check(table, PREDICTIONS, "predictions"), lines


def logits_of(table: pd.DataFrame, fold: int) -> np.ndarray:
    rows = table[table["fold"] == fold].set_index("clip")
    clips = [f"clip{number}" for number in np.flatnonzero(fold == ACTORS % 2)]
    return rows.loc[clips, [f"logit_{emotion}" for emotion in CLASSES]].to_numpy()


def reference_kernel(values: np.ndarray, train: np.ndarray, gamma: float) -> np.ndarray:
    """Of all rows with the training rows, by scikit-learn's Gaussian process kernel."""
    scaled = np.clip(StandardScaler().fit(values[train]).transform(values.astype(np.float32).astype(float)), -5, 5)
    squared = ((scaled[:, None] - scaled[train][None]) ** 2).sum(axis=2)
    return RBF(np.sqrt(squared[train].mean() / (2 * gamma)))(scaled, scaled[train])


@pytest.mark.parametrize("combine", ["mean", "product"])
def test_the_numbers_are_scikit_learns(tmp_path, data, combine):
    table, lines = predicted(data, tmp_path / "model", KernelRidge(combine=combine, gammas=[0.4], alphas=[0.2]))

    def scores(train: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Of some rows, by a model that is fitted on others; both are booleans for all rows."""
        both = [reference_kernel(values, train, 0.4) for values in (VOICE, FACE)]
        combined = both[0] * both[1] if combine == "product" else (both[0] + both[1]) / 2
        targets = 2 * np.eye(3)[LABELS[train]] - 1
        model = Reference(alpha=0.2, kernel="precomputed").fit(combined[train], targets - targets.mean(axis=0))
        return model.predict(combined[rows]) + targets.mean(axis=0)

    for fold in range(2):
        train = fold != ACTORS % 2
        # the temperature is that of a cross-validation over the actors who train
        inside = np.zeros((len(LABELS), 3))
        for _, people in GroupKFold(4).split(LABELS[train], groups=ACTORS[train]):
            rest = np.isin(ACTORS, ACTORS[train][people])
            inside[rest] = scores(train & ~rest, rest)
        inside = inside[train]
        factors = np.geomspace(0.05, 200, 4001)
        losses = [log_loss(LABELS[train], softmax(factor * inside, axis=1)) for factor in factors]
        best = factors[int(np.argmin(losses))]
        expected = log_softmax(best * scores(train, ~train), axis=1)
        np.testing.assert_allclose(logits_of(table, fold), expected, atol=0.02)
        found = [line for line in lines if line.startswith(f"fold {fold}, seed 0: chosen")]
        assert len(found) == 1 and f"log loss {min(losses):.3f}" in found[0]


def test_parts_within_a_part_are_averaged_first():
    distances = {"speech.a": np.array([[1.0]]), "speech.b": np.array([[3.0]]), "face": np.array([[2.0]])}
    speech, face = (np.exp(-0.5) + np.exp(-1.5)) / 2, np.exp(-1.0)
    assert kernel(distances, 0.5, "mean")[0, 0] == pytest.approx((speech + face) / 2)
    assert kernel(distances, 0.5, "product")[0, 0] == pytest.approx(speech * face)


def test_features_with_many_and_with_few_values_count_alike_and_wild_ones_are_clipped():
    values = np.concatenate([VOICE, FACE], axis=1)
    between = Distances({"voice": slice(0, 5), "face": slice(5, 45)}, 5.0).fit(values, LABELS).between(values)
    assert all(one.mean() == pytest.approx(1) for one in between.values())
    wilder = values.copy()
    wilder[0, 5] = 1e6
    again = Distances({"voice": slice(0, 5), "face": slice(5, 45)}, 5.0).fit(values, LABELS).between(wilder)
    np.testing.assert_allclose(again["face"], between["face"])
    constant = Distances({"all": slice(None)}, 5.0).fit(np.ones((4, 3)), np.arange(4) % 2).between(np.ones((2, 3)))
    assert (constant["all"] == 0).all()


def test_the_candidates_with_the_lowest_log_loss_over_other_actors_are_chosen():
    counted = np.ones(len(LABELS), bool)
    gammas, alphas = [1e-3, 0.3, 30.0], [0.1, 100.0]

    def chosen(gammas, alphas, actors=ACTORS):
        distances = Distances({"all": slice(None)}, 5.0)
        return choose(distances, FACE, LABELS, list(actors), counted, 3, (gammas, alphas, "mean"))

    best = chosen(gammas, alphas)
    losses = {(gamma, alpha): chosen([gamma], [alpha]).loss for gamma in gammas for alpha in alphas}
    assert (best.gamma, best.alpha) == min(losses, key=lambda one: losses[one]) == (0.3, 0.1)
    assert best.loss == min(losses.values())
    with pytest.raises(EmofusionError, match="only one actor trains"):
        chosen([1.0], [1.0], np.zeros(len(LABELS)))


def test_a_choice_is_made_without_the_labels_of_those_who_are_scored():
    """All that is fitted on labels, the covariance within classes too, is fitted inside each part of the choice."""
    voice = VOICE[:, :4]  # fewer values than rows, so that the covariance is known
    arguments = (list(ACTORS), np.ones(len(LABELS), bool), 3, ([0.5], [0.2], "mean"))
    found = choose(Distances({"all": slice(None)}, 5.0, 0.9), voice, LABELS, *arguments)
    scores = np.empty((len(LABELS), 3))
    for train, rest in GroupKFold(5).split(LABELS, groups=ACTORS):
        distances = Distances({"all": slice(None)}, 5.0, 0.9).fit(voice[train], LABELS[train])
        model = Reference(alpha=0.2, kernel="precomputed")
        targets = 2 * np.eye(3)[LABELS[train]] - 1
        model.fit(np.exp(-0.5 * distances.own["all"]), targets - targets.mean(axis=0))
        scores[rest] = model.predict(np.exp(-0.5 * distances.between(voice[rest])["all"])) + targets.mean(axis=0)
    factor, loss = calibrated(scores, LABELS)
    assert (found.factor, found.loss) == (pytest.approx(factor), pytest.approx(loss))


def test_the_factor_is_that_of_the_lowest_log_loss():
    scores = RANDOM.normal(size=(300, 3)) + 2 * np.eye(3)[np.arange(300) % 3]
    factor, loss = calibrated(scores / 7, np.arange(300) % 3)
    assert calibrated(scores, np.arange(300) % 3)[0] == pytest.approx(factor / 7, rel=1e-2)
    for other in (0.9, 1.1):
        assert log_loss(np.arange(300) % 3, softmax(other * factor * scores / 7, axis=1)) > loss


def test_labels_of_tested_actors_change_no_prediction(tmp_path, data):
    features, split = data
    network = KernelRidge(gammas=[0.1, 1.0], alphas=[0.1, 1.0])
    before, _ = predicted(data, tmp_path / "before", network)
    # in fold 0, another label for every tested clip
    tested = (split["fold"] == 0) & (split["split"] == "test")
    others = dict(zip(CLASSES, [*CLASSES[1:], CLASSES[0]], strict=True))
    permuted = split.assign(emotion=split["emotion"].where(~tested, split["emotion"].map(others)))
    after, _ = predicted((features, permuted), tmp_path / "after", network)
    np.testing.assert_array_equal(logits_of(before, 0), logits_of(after, 0))


def test_altered_copies_train_and_are_not_scored(tmp_path, data):
    _, split = data
    folder = tmp_path / "views"
    folder.mkdir()
    values = np.stack([VOICE, VOICE + 0.1], axis=1).reshape(-1, 5)
    np.save(folder / "features.npy", values.astype(np.float32))
    rows = pd.DataFrame({"clip": np.repeat(split["clip"].unique(), 2), "row": range(len(values)), "frame": 0})
    write_rows(rows.assign(view=rows["row"] % 2), folder)
    table, _ = predicted((FeatureSet.open([folder]), split), tmp_path / "model", KernelRidge())
    assert len(table) == len(LABELS) and table["clip"].is_unique
    logits, labels = logits_of(table, 0), LABELS[ACTORS % 2 == 0]
    assert (logits.argmax(axis=1) == labels).mean() > 0.5


def test_a_model_of_other_clips_and_a_damaged_one_are_refused(tmp_path, data):
    features, split = data
    predicted(data, tmp_path / "model", KernelRidge())
    with pytest.raises(EmofusionError, match="was fitted on other clips"):
        other = open_features([stored(tmp_path / "o", VOICE[::-1])], [])
        other.rows["clip"] = [f"other{number}" for number in range(len(VOICE))]
        renamed = split.assign(clip="other" + split["clip"].str.removeprefix("clip"))
        predict_folds(renamed, other, tmp_path / "model", PredictionsSettings(1, "full"), order=CLASSES)
    (tmp_path / "model" / "folds" / "0-0.safetensors").write_bytes(b"no model")
    with pytest.raises(EmofusionError, match="Delete its folder"):
        predict_folds(split, features, tmp_path / "model", PredictionsSettings(1, "full"), order=CLASSES)


def test_settings_of_a_training_in_epochs_are_refused():
    network, usual = KernelRidge(), Training(**KernelRidge.training_defaults)
    network.check_training(replace(usual, speaker_normalisation=True), "face")
    with pytest.raises(EmofusionError, match=r"face\.training\.epochs=3: an estimator is fitted at once"):
        network.check_training(replace(usual, epochs=3), "face")


def test_a_ridge_is_the_solution_of_its_equations():
    between = np.exp(-((VOICE[:, None] - VOICE[None]) ** 2).sum(axis=2))
    ridge = Ridge(0.3).fit(between, LABELS, 3)
    targets = 2 * np.eye(3)[LABELS] - 1
    solved = np.linalg.solve(between + 0.3 * np.eye(len(LABELS)), targets - targets.mean(axis=0))
    np.testing.assert_allclose(ridge.scores(between), between @ solved + targets.mean(axis=0), atol=1e-8)


def test_distances_are_mahalanobis_distances_by_the_covariance_within_classes():
    ours = Distances({"all": slice(None)}, 1e9, 0.3).fit(FACE, LABELS).between(FACE[:9])["all"]
    scaled = StandardScaler().fit_transform(FACE)
    rest = scaled - np.stack([scaled[label == LABELS].mean(axis=0) for label in range(3)])[LABELS]
    covariance = rest.T @ rest / len(rest)
    drawn = 0.3 * covariance + 0.7 * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    expected = cdist(scaled, scaled, "mahalanobis", VI=np.linalg.inv(drawn)) ** 2
    np.testing.assert_allclose(ours, expected[:9] / expected.mean(), atol=1e-8)
    # of fewer rows than values, the covariance is not known
    few, plain = (Distances({"all": slice(None)}, 5, w).fit(FACE[:30], LABELS[:30]).own["all"] for w in (0.3, 0.0))
    np.testing.assert_array_equal(few, plain)
