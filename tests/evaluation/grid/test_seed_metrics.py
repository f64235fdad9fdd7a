"""Log loss, Brier score, calibration error and macro F1 over seeds: against scikit-learn, by hand, and a simulation."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax
from scipy.stats import t
from sklearn.metrics import f1_score, log_loss

from emofusion.evaluation.evaluate import evaluate_alone
from emofusion.evaluation.grid.crossed import crossed
from emofusion.evaluation.grid.seed_metrics import metric_rows
from emofusion.evaluation.grid.seeds import Evaluated, seed_table
from emofusion.evaluation.grid.settings import Setting
from emofusion.evaluation.schemas import evaluation_schemas
from emofusion.plan.settings import EvaluationSettings
from emofusion.predictions.table import LOGIT
from emofusion.settings.experiment import Evaluation
from emofusion.settings.kinds import Metric
from emofusion.settings.registry import kinds
from emofusion.tables import write_table

EMOTIONS = ["happy", "sad", "angry"]
METRICS = ("unweighted_average_recall", "macro_f1", "log_loss", "brier", "calibration_error")
SEEDS = 3


def posteriors(table):
    return softmax(table[[LOGIT + emotion for emotion in EMOTIONS]].to_numpy(), axis=1)


@pytest.fixture(scope="module")
def predictions():
    """Three seeds on the same clips of 5 women and 4 men, who have different numbers of clips."""
    random = np.random.default_rng(3)
    rows = [
        (f"a{actor}-{emotion}-{take}", f"a{actor}", "male" if actor % 2 else "female", emotion)
        for actor in range(9)
        for emotion in EMOTIONS
        for take in range(3 + actor)
    ]
    clips = pd.DataFrame(rows, columns=["clip", "actor", "gender", "emotion"])
    clips = clips.assign(corpus="demo", fold=0, split="test")
    shown = np.eye(3)[clips["emotion"].map(EMOTIONS.index)]
    easy = random.normal(1, 0.8, (9, 1))[clips["actor"].str[1:].astype(int)]
    tables = []
    for seed in range(SEEDS):
        logits = random.normal(0, 1, shown.shape) + shown * (easy + 0.2 * seed)
        tables.append(clips.assign(**{LOGIT + name: logits[:, n] for n, name in enumerate(EMOTIONS)}))
    return tables


@pytest.fixture(scope="module")
def table(predictions, tmp_path_factory):
    """The table over seeds, from evaluations as the workflow writes them."""
    evaluation = Evaluation(samples=20, permutations=20)
    types = tuple(kinds("metrics")[name] for name in METRICS)
    settings = EvaluationSettings(evaluation, [metric.for_evaluation(evaluation) for metric in types])
    cells = {}
    for seed, rows in enumerate(predictions):
        folder = tmp_path_factory.mktemp(f"seed{seed}")
        tables = evaluate_alone({"linear": rows}, settings)
        for name in ("actors", "subsets"):
            write_table(tables[name], folder / f"{name}.parquet", evaluation_schemas(types)[name])
        cells[f"{seed}"] = Evaluated((folder,), EMOTIONS, types)
    setting = Setting({}, {(name,): name for name in cells})
    return seed_table([setting], cells, 0.95).set_index(["gender", "emotion", "metric"])


def losses(table):
    """The log loss and the Brier score of each clip."""
    truth, found = np.eye(3)[table["emotion"].map(EMOTIONS.index)], posteriors(table)
    return {"log_loss": -np.log((found * truth).sum(axis=1)), "brier": ((found - truth) ** 2).sum(axis=1)}


def test_means_and_deviations_are_those_of_scikit_learn(table, predictions):
    truth = predictions[0]["emotion"]
    expected = {
        "log_loss": [log_loss(truth, posteriors(rows)[:, [2, 0, 1]], labels=sorted(EMOTIONS)) for rows in predictions],
        "brier": [losses(rows)["brier"].mean() for rows in predictions],
        "macro_f1": [
            f1_score(truth, np.array(EMOTIONS)[posteriors(rows).argmax(axis=1)], average="macro")
            for rows in predictions
        ],
    }
    for name, values in expected.items():
        row = table.loc[("all", "all", name)]
        assert row[["mean", "least", "most"]].tolist() == pytest.approx([np.mean(values), min(values), max(values)])
        assert row["deviation"] == pytest.approx(np.std(values, ddof=1))
        assert row[["seeds", "clips", "actors"]].tolist() == [SEEDS, len(truth), 9]
    assert ("all", "all", "calibration_error") in table.index
    assert ("all", "all", "unweighted_average_recall") not in table.index  # it has its own row, with an interval
    others = table[~table.index.get_level_values("metric").isin(["accuracy", "unweighted_average_recall"])]
    assert len(others) == 4


def test_losses_have_the_interval_of_the_linearised_mean_on_the_scale_of_logarithms(table, predictions):
    male = np.arange(9) % 2 == 1
    for name in ("log_loss", "brier"):
        sums = np.stack([pd.Series(losses(rows)[name]).groupby(rows["actor"]).sum() for rows in predictions])
        clips = predictions[0].groupby("actor").size().to_numpy()
        mean = sums.sum() / clips.sum() / SEEDS
        away = (sums - mean * clips) * 9 / clips.sum()
        found = crossed(mean + away, male, 0.95, clips=clips)
        assert found.degrees < crossed(mean + away, male, 0.95).degrees  # some have more clips than others
        reach = np.exp(t.ppf(0.975, found.degrees) * found.error / mean)
        row = table.loc[("all", "all", name)]
        assert row[["low", "high"]].tolist() == pytest.approx([mean / reach, mean * reach])
        assert row["low"] < row["mean"] < row["high"]


def test_calibration_error_and_macro_f1_have_no_interval(table):
    for name in ("calibration_error", "macro_f1"):
        assert table.loc[("all", "all", name), ["low", "high"]].isna().all()


def test_equal_seeds_and_actors_with_equally_many_clips_have_students_interval_of_logarithms():
    """Nothing but actors differs, so the standard error is the pooled one of actors among men and among women."""
    means = np.array([0.5, 0.8, 1.2, 0.7, 0.9, 1.1])
    genders = ["female"] * 3 + ["male"] * 3
    actors = pd.DataFrame({"gender": genders, "clips": 10, "log_loss": means})
    row = pd.Series({"log_loss": means.mean()})
    (found,) = metric_rows([kinds("metrics")["log_loss"]], [row] * 3, [actors] * 3, 0.95)
    squares = sum(((means[part] - means[part].mean()) ** 2).sum() for part in (slice(3), slice(3, 6)))
    reach = np.exp(t.ppf(0.975, 4) * np.sqrt(squares / 4 / 6) / means.mean())
    assert (found["low"], found["high"]) == pytest.approx((means.mean() / reach, means.mean() * reach))
    assert found["deviation"] == 0
    fewer = [actors[1:]] * 3  # two women
    row = pd.Series({"log_loss": means[1:].mean()})
    (found,) = metric_rows([kinds("metrics")["log_loss"]], [row] * 3, fewer, 0.95)
    assert np.isnan([found["low"], found["high"]]).all() and found["mean"] == pytest.approx(means[1:].mean())


@dataclass
class _Root(Metric):
    """A metric of a user that is no mean over clips: the root of the mean loss."""

    kind: str = "root"
    label: ClassVar[str] = "root of the loss"
    least: ClassVar[float | None] = 0


def test_a_metric_that_is_no_mean_over_clips_has_no_interval():
    actors = pd.DataFrame({"gender": ["female"] * 3 + ["male"] * 3, "clips": 10, "root": np.sqrt(np.arange(1, 7))})
    row = pd.Series({"root": np.sqrt(np.arange(1, 7).mean())})
    (found,) = metric_rows([_Root], [row] * 2, [actors] * 2, 0.95)
    assert np.isnan([found["low"], found["high"]]).all() and found["mean"] == row["root"]


def test_the_table_of_actors_has_the_losses_of_each_actor_and_emotion(predictions):
    evaluation = Evaluation(samples=20, permutations=20)
    metrics = [kinds("metrics")[name].for_evaluation(evaluation) for name in METRICS]
    systems = {"one": predictions[0], "two": predictions[1]}
    actors = evaluate_alone(systems, EvaluationSettings(evaluation, metrics))["actors"]
    assert not {"macro_f1", "calibration_error", "unweighted_average_recall"} & set(actors)
    actors = actors.set_index(["system", "actor", "emotion"])
    for system, rows in systems.items():
        for name, values in losses(rows).items():
            clips = rows.assign(loss=values)
            whole = clips.groupby("actor")["loss"].mean()
            assert actors.loc[system].xs("all", level="emotion")[name].to_dict() == pytest.approx(whole.to_dict())
            single = clips.groupby(["actor", "emotion"])["loss"].mean()
            assert actors.loc[system].loc[single.index, name].tolist() == pytest.approx(single.tolist())


@pytest.mark.parametrize(("men", "women"), [(12, 12), (5, 4)])
@pytest.mark.parametrize(("clips", "deviations"), [(8, (0.3, 0.1, 0.15)), (8, (0.5, 0.2, 0.3)), (32, (0.6, 0.1, 0.2))])
def test_the_interval_of_a_loss_holds_the_true_one_as_often_as_said(men, women, clips, deviations):
    """Three seeds. Actors, seeds and their pairs differ on the scale of logarithms; a clip's loss is skewed (gamma)."""
    random, number, held, studies = np.random.default_rng(men), men + women, 0, 4000
    of_actor, of_seed, of_rest = deviations
    truth = np.exp((np.square(deviations)).sum() / 2)
    for _ in range(studies):
        logs = random.normal(0, of_actor, number) + random.normal(0, of_seed, (SEEDS, 1))
        means = np.exp(logs + random.normal(0, of_rest, (SEEDS, number)))
        means = means * random.gamma(0.7 * clips, 1 / (0.7 * clips), means.shape)
        low, high = crossed(means, np.arange(number) < men, 0.95).of_positive(0.95)
        held += low <= truth <= high
    assert 0.93 < held / studies < 0.97
