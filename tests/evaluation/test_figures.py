"""Figures and tables of several systems against scikit-learn and torchmetrics."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t
from sklearn.metrics import accuracy_score, balanced_accuracy_score, confusion_matrix, f1_score, log_loss

from emofusion.corpora.ravdess.names import EMOTIONS
from emofusion.evaluation.bootstrap import Resampling
from emofusion.evaluation.counts import count
from emofusion.evaluation.figures import confusion_table, subset_table
from emofusion.evaluation.systems import side_by_side
from emofusion.predictions.table import labels, posteriors
from emofusion.tables import classes_of


@pytest.fixture(scope="module")
def inputs(systems, metrics):
    scored = side_by_side(systems)
    return scored, count(scored, metrics), Resampling.of(scored.genders, 30, 3, 0.9), metrics


def chances(table: pd.DataFrame) -> np.ndarray:
    """Posteriors of all eight emotions."""
    shares = pd.DataFrame(posteriors(table), columns=classes_of(table))
    return shares.reindex(columns=list(EMOTIONS), fill_value=0.0).to_numpy()


def plain(table: pd.DataFrame, bins: int = 15) -> dict[str, float]:
    """The figures by scikit-learn, and those that it lacks by a loop."""
    truth, predicted, shares = table["emotion"], labels(table), chances(table)
    onehot = np.array([[emotion == right for emotion in EMOTIONS] for right in truth])
    sure, right = shares.max(axis=1), predicted == truth.to_numpy()
    error = 0.0
    for low in range(bins):
        inside = (sure > low / bins) & (sure <= (low + 1) / bins)
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - sure[inside].mean())
    return {
        "accuracy": accuracy_score(truth, predicted),
        "unweighted_average_recall": balanced_accuracy_score(truth, predicted),
        "macro_f1": f1_score(truth, predicted, labels=truth.unique(), average="macro"),
        "log_loss": log_loss(truth, shares[:, np.argsort(EMOTIONS)], labels=sorted(EMOTIONS)),
        "brier": np.mean(np.sum((shares - onehot) ** 2, axis=1)),
        "calibration_error": error,
    }


@pytest.fixture
def ends_of(plain_interval):
    """A function that gives the ends of a figure's interval: `ends_of(figure, value, samples, table)`.

    Of an accuracy they need no samples, and a calibration error has none. Of another share they are those of the
    samples' deviation on the scale of logits, and of a loss on the scale of logarithms.
    """

    def ends(figure: str, value: float, samples: pd.Series, table: pd.DataFrame) -> list[float]:
        if figure == "accuracy":
            return plain_interval([(1.0, table.assign(right=labels(table) == table["emotion"]))], 0.9, len(table))
        if figure == "calibration_error":
            return [np.nan, np.nan]
        numbers = table.drop_duplicates("actor")["gender"].value_counts()
        error = samples.std(ddof=0) * np.sqrt(numbers.min() / (numbers.min() - 1))
        shown = table["actor"].value_counts()
        effective = shown.sum() ** 2 / (len(shown) * (shown**2).sum())  # Kish 1965
        critical = t.ppf(0.95, (numbers - 1).sum() * effective)
        if figure in ("log_loss", "brier"):
            return [value * np.exp(sign * critical * error / value) for sign in (-1, 1)]
        q = (value * len(table) + 0.5) / (len(table) + 1)
        reach = critical * error / (q * (1 - q))
        return [1 / (1 + np.exp(-np.log(q / (1 - q)) - sign * reach)) for sign in (-1, 1)]

    return ends


def overall(inputs) -> pd.DataFrame:
    table = subset_table(*inputs).query("gender == 'all' and emotion == 'all'").set_index("system")
    return table.rename(columns={"low": "accuracy_low", "high": "accuracy_high"})


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
def test_figures_and_their_intervals_are_those_of_plain_resamples(systems, inputs, resampled, ends_of):
    scored, _, resampling, _ = inputs
    table = overall(inputs)
    assert table.index.tolist() == list(systems)
    assert (table["clips"] == 400).all() and (table["actors"] == 9).all()
    for name, predictions in systems.items():
        for figure, value in plain(predictions).items():
            assert table.loc[name, figure] == pytest.approx(value, rel=1e-9), figure
        drawn = [pd.Series(weights, scored.actors["actor"]) for weights in resampling.weights]
        samples = pd.DataFrame([plain(resampled(predictions, weights)) for weights in drawn])
        for figure, value in plain(predictions).items():
            ends = table.loc[name, [f"{figure}_low", f"{figure}_high"]].astype(float)
            expected = ends_of(figure, value, samples[figure], predictions)
            np.testing.assert_allclose(ends, expected, rtol=1e-9, err_msg=figure)


def test_calibration_error_is_torchmetrics(systems, inputs):
    torch = pytest.importorskip("torch")
    from torchmetrics.functional.classification import multiclass_calibration_error

    table = overall(inputs)
    for name, predictions in systems.items():
        truth = torch.tensor([EMOTIONS.index(emotion) for emotion in predictions["emotion"]])
        shares = torch.tensor(chances(predictions))
        reference = multiclass_calibration_error(shares, truth, num_classes=8, n_bins=15, norm="l1")
        assert table.loc[name, "calibration_error"] == pytest.approx(float(reference), abs=1e-6)


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
def test_every_figure_of_a_subset_is_that_of_its_clips(systems, inputs, resampled, ends_of):
    scored, _, resampling, _ = inputs
    over_emotions = [metric.kind for metric in inputs[3] if metric.over_emotions]
    assert over_emotions == ["unweighted_average_recall", "macro_f1"]
    table = subset_table(*inputs).set_index(["system", "gender", "emotion"])
    for system, gender, emotion in (("face", "male", "all"), ("linear", "all", "sad"), ("speech", "female", "happy")):
        row, part = table.loc[(system, gender, emotion)], systems[system]
        part = part if gender == "all" else part[part["gender"] == gender]
        part = part if emotion == "all" else part[part["emotion"] == emotion]
        drawn = [pd.Series(weights, scored.actors["actor"]) for weights in resampling.weights]
        samples = pd.DataFrame([plain(resampled(part, weights)) for weights in drawn])
        for figure, value in plain(part).items():
            ends = row[["low", "high"] if figure == "accuracy" else [f"{figure}_low", f"{figure}_high"]].astype(float)
            if emotion != "all" and figure in over_emotions:
                assert np.isnan(row[figure]) and ends.isna().all()
                continue
            assert row[figure] == pytest.approx(value, rel=1e-9), figure
            np.testing.assert_allclose(ends, ends_of(figure, value, samples[figure], part), rtol=1e-9)


def test_subsets_against_scikit_learn(systems, inputs):
    table = subset_table(*inputs)
    # nobody is calm, and no woman is angry
    assert len(table) == 3 * (3 * 8 - 1) and table["system"].unique().tolist() == list(systems)
    assert table.loc[0, ["gender", "emotion"]].tolist() == ["all", "all"]
    for row in table.itertuples():
        part = systems[row.system]
        part = part if row.gender == "all" else part[part["gender"] == row.gender]
        part = part if row.emotion == "all" else part[part["emotion"] == row.emotion]
        assert row.accuracy == pytest.approx(accuracy_score(part["emotion"], labels(part)))
        assert row.correct == accuracy_score(part["emotion"], labels(part), normalize=False)
        assert (row.clips, row.actors) == (len(part), part["actor"].nunique())
        assert row.low <= row.accuracy <= row.high
        assert row.low < row.high
    angry = table.query("system == 'face' and emotion == 'angry'").set_index("gender")
    assert angry.index.tolist() == ["all", "male"]
    assert angry.loc["all", ["low", "high"]].tolist() == angry.loc["male", ["low", "high"]].tolist()


def test_confusion_against_scikit_learn(systems, inputs):
    table = confusion_table(*inputs[:2])
    assert len(table) == 3 * 3 * 64
    for (system, gender), part in table.groupby(["system", "gender"]):
        rows = systems[system]
        rows = rows if gender == "all" else rows[rows["gender"] == gender]
        reference = confusion_matrix(rows["emotion"], labels(rows), labels=list(EMOTIONS))
        counted = part.pivot_table(index="emotion", columns="predicted", values="clips")
        np.testing.assert_array_equal(counted.loc[list(EMOTIONS), list(EMOTIONS)], reference)
