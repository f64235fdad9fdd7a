"""Estimators of scikit-learn as networks: the same folds and tables, and scikit-learn's own numbers."""

import pickle
import zipfile
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import skops.io
from scipy import sparse
from scipy.special import log_softmax, softmax
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from emofusion.errors import EmofusionError
from emofusion.features.common.feature_set import ENTRY, FeatureSet, write_rows
from emofusion.networks.common.scaling import LimitedScaler
from emofusion.networks.mlp import Mlp
from emofusion.networks.sklearn import Sklearn
from emofusion.networks.sklearn.building import pipeline
from emofusion.networks.sklearn.storing import load, store, values_in
from emofusion.plan.settings import ModelSettings, PredictionsSettings
from emofusion.settings.encoding import decode, encode
from emofusion.settings.training import Augment, Training
from emofusion.tables import HISTORY, PREDICTIONS, check, read_table
from emofusion.training.description import read_model
from emofusion.training.fit import fit_folds
from emofusion.training.predict import predict_folds

CLASSES = ["neutral", "happy", "sad"]
FULL = PredictionsSettings(threads=1, precision="full")
AT_ONCE = Training(**Sklearn.training_defaults)
RIDGE = Sklearn(estimator="sklearn.linear_model.RidgeClassifier", settings={"alpha": 10})


def settings_of(network: Sklearn, seeds=(0,), standardised=True, **training) -> ModelSettings:
    used = network.training_part(replace(AT_ONCE, **training))
    return ModelSettings(network, used, list(seeds), standardised)


@pytest.fixture
def data(tmp_path):
    """Ten people, three classes, two frames a clip; two folds with validation."""
    random, clips, rows = np.random.default_rng(0), [], []
    for person in range(10):
        for number in range(12):
            emotion, clip = CLASSES[number % 3], f"{person}-{number}"
            clips.append((clip, f"made-{person}", "male" if person % 2 else "female", emotion))
            rows += [(clip, frame, number % 3) for frame in range(2)]
    values = random.normal(size=(len(rows), 6)) + 1.5 * np.eye(6)[[kind for *_, kind in rows]]
    folder = tmp_path / "features"
    folder.mkdir()
    np.save(folder / "features.npy", values.astype(np.float32))
    table = pd.DataFrame(rows, columns=["clip", "frame", "kind"]).assign(row=range(len(rows)), view=0)
    write_rows(table, folder)
    clips = pd.DataFrame(clips, columns=["clip", "actor", "gender", "emotion"]).assign(corpus="made")
    person = clips["actor"].str[-1].astype(int)
    parts = [np.where(person % 2 == fold, "test", np.where(person >= 8, "validation", "train")) for fold in range(2)]
    split = pd.concat([clips.assign(fold=fold, split=part) for fold, part in enumerate(parts)], ignore_index=True)
    return FeatureSet.open([folder]), split


def parts_of(data, fold: int, part: str):
    """Values and labels of the rows of a part, in the order of the features."""
    features, split = data
    rows = features.rows.merge(split[(split["fold"] == fold) & (split["split"] == part)], on="clip")
    return features.take(rows["row"]), rows["emotion"].map(CLASSES.index).to_numpy(), rows["clip"]


def fitted(data, settings, out, **options) -> pd.DataFrame:
    features, split = data
    fit_folds(split, features, settings, out, order=CLASSES, **options)
    return check(predict_folds(split, features, out, FULL, order=CLASSES), PREDICTIONS, "predictions")


def logits_of(predictions: pd.DataFrame, fold: int, part: str) -> pd.DataFrame:
    table = predictions[(predictions["fold"] == fold) & (predictions["split"] == part)].set_index("clip")
    return table[[f"logit_{emotion}" for emotion in CLASSES]].sort_index()


REFERENCES = [
    (RIDGE, RidgeClassifier(alpha=10), lambda model, values: softmax(model.decision_function(values), axis=1)),
    (
        Sklearn(estimator="sklearn.linear_model.LogisticRegression", settings={"C": 0.5}),
        LogisticRegression(C=0.5),
        lambda model, values: model.predict_proba(values),
    ),
    (
        Sklearn(estimator="sklearn.svm.SVC", settings={"kernel": "rbf", "C": 2}),
        SVC(C=2),
        lambda model, values: softmax(model.decision_function(values), axis=1),
    ),
]


@pytest.mark.parametrize(("network", "estimator", "posteriors"), REFERENCES, ids=lambda x: getattr(x, "estimator", ""))
def test_the_numbers_are_scikit_learns(tmp_path, data, network, estimator, posteriors):
    predictions = fitted(data, settings_of(network), tmp_path / "model")
    assert sorted(predictions["split"].unique()) == ["test", "validation"]
    for fold in range(2):
        values, labels, _ = parts_of(data, fold, "train")
        model = make_pipeline(StandardScaler(), estimator).fit(values, labels)
        for part in ("test", "validation"):
            values, _, clips = parts_of(data, fold, part)
            expected = pd.DataFrame(posteriors(model, values), index=clips).groupby(level=0).mean().sort_index()
            np.testing.assert_allclose(logits_of(predictions, fold, part), np.log(expected), atol=1e-5)


def test_a_regressor_learns_plus_and_minus_one(tmp_path, data):
    network = Sklearn(estimator="sklearn.kernel_ridge.KernelRidge", settings={"kernel": "rbf", "alpha": 0.5})
    predictions = fitted(data, settings_of(network), tmp_path / "model")
    values, labels, _ = parts_of(data, 0, "train")
    targets = 2 * np.eye(3)[labels] - 1
    model = make_pipeline(StandardScaler(), KernelRidge(kernel="rbf", alpha=0.5)).fit(values, targets)
    values, _, clips = parts_of(data, 0, "test")
    expected = pd.DataFrame(softmax(model.predict(values), axis=1), index=clips).groupby(level=0).mean()
    np.testing.assert_allclose(logits_of(predictions, 0, "test"), np.log(expected.sort_index()), atol=1e-5)
    # scikit-learn's ridge classifier is the same with a linear kernel
    linear = Sklearn(estimator="sklearn.linear_model.Ridge", settings={"alpha": 10})
    ridge = [fitted(data, settings_of(one), tmp_path / one.estimator) for one in (linear, RIDGE)]
    np.testing.assert_allclose(logits_of(ridge[0], 1, "test"), logits_of(ridge[1], 1, "test"), atol=1e-5)


def test_the_same_files_and_tables_as_of_a_training(tmp_path, data):
    seen, lines = [], []
    predictions = fitted(
        data, settings_of(RIDGE), tmp_path / "model", on_epoch=lambda *one: seen.append(one), progress=lines.append
    )
    history = read_table(tmp_path / "model" / "history.parquet", HISTORY)
    assert history[["seed", "fold", "epoch"]].to_numpy().tolist() == [[0, 0, 0], [0, 1, 0]]
    for fold, part, column in ((0, "train", "train_loss"), (1, "validation", "validation_loss")):
        values, labels, _ = parts_of(data, fold, part)
        trained, targets, _ = parts_of(data, fold, "train")
        model = make_pipeline(StandardScaler(), RidgeClassifier(alpha=10)).fit(trained, targets)
        posteriors = softmax(model.decision_function(values), axis=1)
        assert history.loc[fold, column] == pytest.approx(log_loss(labels, posteriors), abs=1e-5)
        assert history.loc[fold, f"{part}_accuracy"] == pytest.approx((model.predict(values) == labels).mean())
    assert [epoch for _, epoch in seen] == [0, 0] and "fold1_validation_accuracy" in seen[1][0]
    assert [line.startswith(f"fold {number} of 2, seed 0") for number, line in enumerate(lines, 1)] == [True, True]
    described, settings = read_model(tmp_path / "model")
    assert (described.classes, described.shape, described.kept_epoch) == (CLASSES, (6,), {"0-0": 0, "1-0": 0})
    # six coefficients and one intercept of each class, and the mean, variance and scale of six features
    assert described.parameters == 3 * 7 + 3 * 6
    assert decode(encode(settings)) == settings
    mlp = ModelSettings(Mlp(hidden=[]), Training(epochs=1, learning_rate=0.1), [0], True)
    assert list(fitted(data, mlp, tmp_path / "mlp").columns) == list(predictions.columns)
    rows = ["clip", "fold", "split"]
    pd.testing.assert_frame_equal(
        predictions[rows].sort_values(rows, ignore_index=True),
        fitted(data, mlp, tmp_path / "again")[rows].sort_values(rows, ignore_index=True),
    )


def test_test_clips_change_nothing_in_the_model(tmp_path, data):
    features, split = data
    first = fitted(data, settings_of(RIDGE), tmp_path / "a")
    alone = split[~((split["fold"] == 0) & (split["split"] == "test") & (split["actor"] != "made-0"))]
    second = fitted((features, alone), settings_of(RIDGE), tmp_path / "b")
    clips = logits_of(second, 0, "test").index
    np.testing.assert_allclose(logits_of(first, 0, "test").loc[clips], logits_of(second, 0, "test"), atol=1e-9)


def test_features_normalised_by_speaker_are_fitted(tmp_path, data):
    predictions = fitted(data, settings_of(RIDGE, speaker_normalisation=True), tmp_path / "model")
    features, split = data
    rows = features.rows.merge(split[split["fold"] == 0], on="clip").sort_values("row")
    values = features.take(rows["row"]).astype(float)
    for _, of_actor in rows.reset_index().groupby("actor"):
        values[of_actor.index] = StandardScaler().fit_transform(values[of_actor.index])
    train, test = (rows["split"] == part for part in ("train", "test"))
    labels = rows["emotion"].map(CLASSES.index).to_numpy()
    model = make_pipeline(StandardScaler(), RidgeClassifier(alpha=10)).fit(values[train], labels[train])
    expected = pd.DataFrame(softmax(model.decision_function(values[test]), axis=1), index=rows["clip"][test])
    expected = np.log(expected.groupby(level=0).mean().sort_index())
    np.testing.assert_allclose(logits_of(predictions, 0, "test"), expected, atol=1e-4)


def with_enrolment(split: pd.DataFrame) -> pd.DataFrame:
    """The first two neutral clips of each person are enrolment clips."""
    split = split.assign(enrolment=split["clip"].str.split("-").str[1].map({"0": 1, "3": 2}).fillna(0).astype("int64"))
    return split.assign(split=split["split"].mask(split["enrolment"] > 0, "enrolment"))


def test_features_are_centred_on_enrolment_clips_which_are_not_scored(tmp_path, data):
    features, split = data[0], with_enrolment(data[1])
    predictions = fitted((features, split), settings_of(RIDGE, enrolment=2), tmp_path / "model")
    assert predictions.groupby("fold").size().tolist() == [10 * 6, 10 * 6]  # of 12 clips of 6 people
    assert not set(predictions["clip"]) & set(split.loc[split["split"] == "enrolment", "clip"])
    rows = features.rows.merge(split[split["fold"] == 0], on="clip").sort_values("row", ignore_index=True)
    values = features.take(rows["row"]).astype(float)
    for _, of_actor in rows.groupby("actor"):
        values[of_actor.index] -= 0.7 * values[of_actor.index[of_actor["enrolment"] > 0]].mean(axis=0)
    train, test = (rows["split"] == part for part in ("train", "test"))
    labels = rows["emotion"].map(CLASSES.index).to_numpy()
    model = make_pipeline(StandardScaler(), RidgeClassifier(alpha=10)).fit(values[train], labels[train])
    expected = pd.DataFrame(softmax(model.decision_function(values[test]), axis=1), index=rows["clip"][test])
    expected = np.log(expected.groupby(level=0).mean().sort_index())
    np.testing.assert_allclose(logits_of(predictions, 0, "test"), expected, atol=1e-4)


@pytest.mark.parametrize(("limit", "lost"), [(10.0, False), (None, True)])
def test_a_wild_value_decides_nothing(tmp_path, data, limit, lost):
    """A clip's value that is 300,000 deviations off makes a linear model's score useless, unless there is a limit."""
    features, split = data
    values = np.load(features.folders[0] / "features.npy")
    tested = features.rows["clip"].isin(split.loc[(split["fold"] == 0) & (split["split"] == "test"), "clip"])
    plain = logits_of(fitted(data, settings_of(RIDGE, outlier_limit=limit), tmp_path / "plain"), 0, "test")
    values[np.flatnonzero(tested), 5] = 3e5  # a feature that says nothing about the class
    np.save(features.folders[0] / "features.npy", values)
    wild = (FeatureSet.open(features.folders), split)
    changed = logits_of(fitted(wild, settings_of(RIDGE, outlier_limit=limit), tmp_path / "wild"), 0, "test")
    agree = (plain.to_numpy().argmax(axis=1) == changed.to_numpy().argmax(axis=1)).mean()
    assert (agree < 0.6) == lost and (agree > 0.8) == (not lost)


def test_the_limited_scaler_is_scikit_learns_with_a_limit():
    values = np.random.default_rng(0).normal(size=(300, 3))
    values[7, 1] = 1e9
    expected = StandardScaler().fit_transform(values)
    assert np.array_equal(LimitedScaler().fit_transform(values), expected)
    assert np.array_equal(LimitedScaler(10.0).fit_transform(values), expected.clip(-10, 10)) and expected[7, 1] > 17


def test_the_seed_decides_what_is_drawn(tmp_path, data):
    forest = Sklearn(estimator="sklearn.ensemble.RandomForestClassifier", settings={"n_estimators": 5})
    one, same, other = (
        logits_of(fitted(data, settings_of(forest, seeds), tmp_path / name), 0, "test")
        for name, seeds in (("one", [1]), ("same", [1]), ("other", [2]))
    )
    pd.testing.assert_frame_equal(one, same)
    assert not np.allclose(one, other)
    both = fitted(data, settings_of(forest, [1, 2]), tmp_path / "both")
    mean = np.log(np.maximum((np.exp(one) + np.exp(other)) / 2, np.finfo(float).tiny))
    np.testing.assert_allclose(logits_of(both, 0, "test"), mean, atol=1e-9)
    fixed = Sklearn(estimator=forest.estimator, settings=forest.settings | {"random_state": 3})
    assert pipeline(fixed, "n", False, seed=5).named_steps["estimator"].random_state == 3
    assert pipeline(forest, "n", False, seed=5).named_steps["estimator"].random_state == 5
    assert isinstance(
        load(tmp_path / "one" / "folds" / "0-1.skops", forest).named_steps["estimator"], RandomForestClassifier
    )


def test_altered_views_train_and_are_not_scored(tmp_path, data):
    features, split = data
    folder = features.folders[0]
    values, rows = np.load(folder / "features.npy"), pd.read_parquet(folder / "rows.parquet")
    (tmp_path / "views").mkdir()
    np.save(tmp_path / "views" / "features.npy", np.concatenate([values, values + 1]))
    more = pd.concat([rows, rows.assign(row=rows["row"] + len(rows), view=1)])
    write_rows(more, tmp_path / "views")
    predictions = fitted((FeatureSet.open([tmp_path / "views"]), split), settings_of(RIDGE), tmp_path / "model")
    train, labels, _ = parts_of(data, 0, "train")
    model = make_pipeline(StandardScaler(), RidgeClassifier(alpha=10))
    model.fit(np.concatenate([train, train + 1]), np.tile(labels, 2))
    tested, _, clips = parts_of(data, 0, "test")
    expected = pd.DataFrame(softmax(model.decision_function(tested), axis=1), index=clips)
    expected = np.log(expected.groupby(level=0).mean().sort_index())
    np.testing.assert_allclose(logits_of(predictions, 0, "test"), expected, atol=1e-5)


@pytest.fixture
def counts(tmp_path, data):
    """The same clips with sparse counts of thirty words."""
    _, split = data
    clips = split["clip"].unique()
    matrix = sparse.csr_array(np.random.default_rng(1).poisson(0.2, size=(len(clips), 30)).astype(np.float32))
    (tmp_path / "counts").mkdir()
    entries = np.empty(matrix.nnz, ENTRY)
    entries["column"], entries["value"] = matrix.indices, matrix.data
    np.save(tmp_path / "counts" / "features.npy", entries)
    rows = pd.DataFrame({"clip": clips, "row": range(len(clips)), "frame": 0, "view": 0, "width": 30})
    write_rows(rows.assign(entries=np.diff(matrix.indptr)), tmp_path / "counts")
    return FeatureSet.open([tmp_path / "counts"]), matrix, clips


def test_sparse_features_stay_sparse_and_are_weighted_on_training_clips(tmp_path, data, counts, monkeypatch):
    features, matrix, clips = counts
    monkeypatch.setattr(FeatureSet, "take", lambda *_: pytest.fail("sparse features became dense"))
    network = Sklearn(
        estimator="sklearn.linear_model.LogisticRegression",
        settings={"max_iter": 500},
        transformers=["sklearn.feature_extraction.text.TfidfTransformer"],
    )
    split = data[1]
    predictions = fitted((features, split), settings_of(network, standardised=False), tmp_path / "model")
    of_fold = split[split["fold"] == 1].set_index("clip").loc[clips]
    train, test = (np.flatnonzero(of_fold["split"] == part) for part in ("train", "test"))
    labels = of_fold["emotion"].map(CLASSES.index).to_numpy()
    weighted = TfidfTransformer().fit(matrix[train])
    model = LogisticRegression(max_iter=500).fit(weighted.transform(matrix[train]), labels[train])
    expected = pd.DataFrame(model.predict_log_proba(weighted.transform(matrix[test])), index=clips[test]).sort_index()
    np.testing.assert_allclose(logits_of(predictions, 1, "test"), expected, atol=1e-4)


@pytest.mark.parametrize("name", ["svm.LinearSVC", "svm.SVC", "naive_bayes.MultinomialNB", "linear_model.Ridge"])
def test_many_estimators_take_sparse_features(tmp_path, data, counts, name):
    network = Sklearn(estimator=f"sklearn.{name}")
    assert len(fitted((counts[0], data[1]), settings_of(network, standardised=False), tmp_path / "model")) == 144


def test_a_class_that_a_fold_does_not_train_has_no_share(tmp_path, data):
    features, split = data
    lacks = (split["fold"] == 0) & (split["split"] == "train") & (split["emotion"] == "happy")
    predictions = fitted((features, split[~lacks]), settings_of(REFERENCES[1][0]), tmp_path / "model")
    first = log_softmax(logits_of(predictions, 0, "test").to_numpy(), axis=1)
    assert (first[:, 1] < -700).all() and (first[:, [0, 2]] > -30).all()


def test_two_classes_have_one_score(tmp_path, data):
    features, split = data
    two = split[split["emotion"] != "sad"]
    predictions = fitted((features, two), settings_of(RIDGE), tmp_path / "model")
    values, labels, _ = parts_of((features, two), 0, "train")
    model = make_pipeline(StandardScaler(), RidgeClassifier(alpha=10)).fit(values, labels)
    values, _, clips = parts_of((features, two), 0, "test")
    happy = pd.Series(1 / (1 + np.exp(-model.decision_function(values))), index=clips).groupby(level=0).mean()
    table = predictions.query("fold == 0 and split == 'test'").set_index("clip")
    np.testing.assert_allclose(np.exp(table["logit_happy"].sort_index()), happy.sort_index(), atol=1e-5)


def test_a_fit_that_fails_is_one_sentence(tmp_path, data):
    network = Sklearn(estimator="sklearn.naive_bayes.MultinomialNB")
    with pytest.raises(EmofusionError, match=r"MultinomialNB cannot be fitted in fold 0, seed 0: Negative values"):
        fitted(data, settings_of(network), tmp_path / "model")
    lines = []
    lazy = Sklearn(estimator="sklearn.linear_model.LogisticRegression", settings={"max_iter": 1})
    fitted(data, settings_of(lazy), tmp_path / "lazy", progress=lines.append)
    assert sum("has not converged; raise max_iter" in line for line in lines) == 2


CONFUSED = [
    (
        {"estimator": "sklearn.decomposition.PCA"},
        r"n\.estimator=sklearn\.decomposition\.PCA: .*belongs into transformers",
    ),
    ({"estimator": "sklearn.cluster.KMeans"}, "does not learn from labels"),
    ({"estimator": "sklearn.ensemble.IsolationForest"}, "does not learn from labels"),
    ({"estimator": "sklearn.svm.OneClassSVM"}, "does not learn from labels"),
    ({"estimator": "subprocess.Popen", "settings": {"args": "touch hacked"}}, "no estimator with scikit-learn's"),
    ({"estimator": "os.system"}, "no estimator with scikit-learn's"),
    ({"estimator": "sklearn.metrics.accuracy_score"}, "no estimator with scikit-learn's"),
    ({"estimator": "emofusion.networks.mlp.Mlp"}, "no estimator with scikit-learn's"),
    ({"estimator": "RidgeClassifier"}, "no estimator with scikit-learn's"),
    ({"estimator": "sklearn.linear_model.RidgeClasifier"}, "sklearn.linear_model has no RidgeClasifier"),
    ({"estimator": "lightgbn.LGBMClassifier"}, "cannot be imported .*install the library, or correct the name"),
    # of three classes there are three pairs, whose scores would be taken for the classes'
    (
        {"estimator": "sklearn.svm.SVC", "settings": {"decision_function_shape": "ovo"}},
        r"decision_function_shape=ovo: .*set n\.settings\.decision_function_shape=ovr",
    ),
    ({"settings": {"alhpa": 1}}, r"n\.settings\.alhpa: no such setting; did you mean n\.settings\.alpha"),
    ({"settings": {"alpha": -1}}, r"n\.settings=\{alpha: -1\}: The 'alpha' parameter"),
    ({"settings": {"solver": "magic"}}, "The 'solver' parameter"),
    ({"transformers": ["sklearn.svm.LinearSVC"]}, r"n\.transformers\[0\]=sklearn\.svm\.LinearSVC: no transformer"),
    (
        {"transformers": [{"estimator": "sklearn.decomposition.PCA", "settings": {"n": 2}}]},
        r"transformers\[0\].settings.n: ",
    ),
    ({"transformers": [{"kind": "PCA"}]}, r"n\.transformers\[0\]=\{kind: PCA\}: a name with its module"),
    ({"transformers": [3]}, r"n\.transformers\[0\]=3: a name with its module"),
]


@pytest.mark.parametrize(("changes", "words"), CONFUSED, ids=[str(changes) for changes, _ in CONFUSED])
def test_what_is_no_estimator_is_refused_before_anything_runs(changes, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EmofusionError, match=words):
        Sklearn(**{"estimator": RIDGE.estimator, **changes}).check_installed("n")
    assert not list(tmp_path.iterdir())


def test_a_setting_may_be_an_estimator():
    network = Sklearn(
        estimator="sklearn.calibration.CalibratedClassifierCV",
        settings={"estimator": {"estimator": "sklearn.svm.LinearSVC", "settings": {"C": 0.1}}, "cv": 2},
    )
    made = pipeline(network, "n", standardised=True, seed=7).named_steps["estimator"]
    assert made.estimator.C == 0.1 and made.estimator.random_state == 7 and made.cv == 2


def test_settings_of_a_training_in_epochs_are_refused():
    RIDGE.check_training(replace(AT_ONCE, threads=2, speaker_normalisation=True, keep="best"), "speech")
    for change in (
        {"epochs": 5},
        {"learning_rate": 0.1},
        {"batch_size": 8},
        {"class_weights": True},
        {"precision": "half"},
        {"augment": Augment(noise=0.1)},
        {"patience": 3},
    ):
        with pytest.raises(EmofusionError, match=rf"speech\.training\.{next(iter(change))}=.*fitted at once"):
            RIDGE.check_training(replace(AT_ONCE, **change), "speech")
    assert RIDGE.training_part(replace(AT_ONCE, threads=2, members=4)) == replace(AT_ONCE, keep="last", threads=2)


class Evil:
    def __reduce__(self):
        return (print, ("run",))


def test_a_stored_model_is_no_pickle_and_runs_nothing(tmp_path, data, capsys):
    fitted(data, settings_of(RIDGE), tmp_path / "model")
    file = tmp_path / "model" / "folds" / "0-0.skops"
    assert zipfile.is_zipfile(file)
    with zipfile.ZipFile(file) as stored:
        assert {name.rpartition(".")[2] for name in stored.namelist()} <= {"json", "npy"}
    file.write_bytes(pickle.dumps(Evil()))
    with pytest.raises(EmofusionError, match=r"cannot read .*0-0\.skops: .*the model is fitted again"):
        predict_folds(data[1], data[0], tmp_path / "model", FULL)
    assert "run" not in capsys.readouterr().out


def test_a_stored_model_of_unknown_types_is_refused(tmp_path):
    from emofusion.training.progress import Progress

    file = tmp_path / "x.skops"
    for strange in ({"model": Progress(print, 1, 1, 1)}, [np.dtype(float), Mlp()]):
        file.write_bytes(skops.io.dumps(strange))
        with pytest.raises(EmofusionError, match=r"x\.skops is not read: it holds objects of .*emofusion\."):
            load(file, RIDGE)
    file.write_bytes(skops.io.dumps({"a": 1}))
    with pytest.raises(EmofusionError, match="holds no fitted estimator"):
        load(file, RIDGE)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_what_is_stored_is_read_again(tmp_path):
    values, labels = np.random.default_rng(0).normal(size=(40, 5)), np.arange(40) % 3
    names = ["svm.SVC", "svm.LinearSVC", "ensemble.RandomForestClassifier", "ensemble.HistGradientBoostingClassifier"]
    names += [
        "neighbors.KNeighborsClassifier",
        "gaussian_process.GaussianProcessClassifier",
        "neural_network.MLPClassifier",
    ]
    names += [
        "discriminant_analysis.LinearDiscriminantAnalysis",
        "kernel_ridge.KernelRidge",
        "linear_model.SGDClassifier",
    ]
    for name in names:
        network = Sklearn(estimator=f"sklearn.{name}")
        model = pipeline(network, "n", standardised=True, seed=0).fit(values, labels)
        store(model, tmp_path / "x.skops")
        np.testing.assert_array_equal(load(tmp_path / "x.skops", network).predict(values), model.predict(values))
        assert values_in(model) > 10


ALPHAS = [100000, 1, 10, 1000]


def test_candidates_are_chosen_on_the_actors_who_train(data, tmp_path):
    """Against scikit-learn's own search with groups, in each fold."""
    told = []
    network = Sklearn(estimator="sklearn.linear_model.RidgeClassifier", candidates={"alpha": ALPHAS})
    predictions = fitted(data, settings_of(network), tmp_path / "model", progress=told.append)
    for fold in range(2):
        values, truth, clips = parts_of(data, fold, "train")
        search = GridSearchCV(
            make_pipeline(StandardScaler(), RidgeClassifier()), {"ridgeclassifier__alpha": ALPHAS}, cv=GroupKFold(4)
        )
        search.fit(values, truth, groups=[clip.split("-")[0] for clip in clips])
        best = search.best_params_["ridgeclassifier__alpha"]
        assert f"fold {fold}, seed 0: chosen on the actors who train: alpha {best}" in told
        tested, _, names = parts_of(data, fold, "test")
        scores = pd.DataFrame(softmax(search.decision_function(tested), axis=1), index=names)
        expected = np.log(scores.groupby(level=0).mean().sort_index())
        np.testing.assert_allclose(logits_of(predictions, fold, "test"), expected, atol=1e-5)


def test_of_equally_good_candidates_the_first_is_chosen(data, tmp_path):
    told = []
    network = Sklearn(estimator="sklearn.linear_model.RidgeClassifier", candidates={"alpha": [3, 3.0001, 2.9999]})
    fitted(data, settings_of(network), tmp_path / "model", progress=told.append)
    assert sum("alpha 3" in line and "alpha 3." not in line for line in told) == 2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"settings": {"alpha": 1}, "candidates": {"alpha": [1, 2]}}, r"speech\.network\.settings\.alpha is set too"),
        ({"candidates": {"alpha": []}}, r"speech\.network\.candidates\.alpha: name at least one value"),
        ({"candidates": {"alfa": [1, 2]}}, "alfa"),
    ],
)
def test_candidates_that_cannot_be_chosen_among_are_refused(settings, message):
    with pytest.raises(EmofusionError, match=message):
        Sklearn(estimator="sklearn.linear_model.RidgeClassifier", **settings).check_installed("speech.network")


def test_one_actor_is_too_few_to_choose(data, tmp_path):
    features, split = data
    alone = split[(split["split"] != "train") | (split["actor"].isin(["made-0", "made-1"]))]
    network = Sklearn(estimator="sklearn.linear_model.RidgeClassifier", candidates={"alpha": [1, 2]})
    with pytest.raises(EmofusionError, match=r"network\.candidates: only one actor trains"):
        fitted((features, alone), settings_of(network), tmp_path / "model")
