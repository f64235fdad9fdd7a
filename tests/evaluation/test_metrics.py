"""What metrics say of themselves, what they import, and a metric that the package does not have."""

import subprocess
import sys
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score, f1_score
from threadpoolctl import threadpool_info, threadpool_limits

from emofusion.errors import EmofusionError
from emofusion.evaluation.arithmetic import one_hot, ratio
from emofusion.evaluation.bootstrap import Resampling, actor_weights
from emofusion.evaluation.counts import count
from emofusion.evaluation.evaluate import evaluate
from emofusion.evaluation.figures import beside_accuracy, subset_table
from emofusion.evaluation.metrics.calibration_error import CalibrationError
from emofusion.evaluation.schemas import evaluation_schemas
from emofusion.evaluation.systems import side_by_side
from emofusion.plan.settings import EvaluationSettings
from emofusion.predictions.table import labels
from emofusion.settings.experiment import Evaluation
from emofusion.settings.fields import check, setting
from emofusion.settings.kinds import Metric
from emofusion.settings.registry import kinds
from emofusion.tables import check as check_table

NAMES = ["accuracy", "unweighted_average_recall", "macro_f1", "weighted_f1", "log_loss", "brier", "calibration_error"]
IMPORTS = """
import sys
from emofusion.settings.registry import kinds
assert len(kinds("metrics")) >= 6 and all(metric().kind == name for name, metric in kinds("metrics").items())
print(*sorted({"numpy", "pandas", "scipy", "sklearn"} & set(sys.modules)))
"""


@dataclass
class Kappa(Metric):
    """Cohen's kappa of truth and prediction."""

    kind: str = "kappa"
    samples: int = setting("Of the same name as a setting of the evaluation.", 1)

    label: ClassVar[str] = "Cohen's kappa"
    over_emotions: ClassVar[bool] = True
    least: ClassVar[float | None] = -1
    most: ClassVar[float | None] = 1
    position: ClassVar[int] = 25

    def terms(self, posteriors, truth, predicted):
        emotions = posteriors.shape[1]
        return one_hot(truth, emotions)[:, :, None] & one_hot(predicted, emotions)[:, None, :]

    def value(self, sums, clips):
        agreement = ratio(np.trace(sums, axis1=-2, axis2=-1), clips)
        chance = ratio((sums.sum(axis=-1) * sums.sum(axis=-2)).sum(axis=-1), clips**2)
        return ratio(agreement - chance, 1 - chance)


def test_the_metrics_and_their_order():
    metrics = sorted(kinds("metrics").values(), key=lambda metric: (metric.position, metric.kind))
    assert [metric.kind for metric in metrics] == NAMES
    assert len({metric.position for metric in metrics}) == len({metric.label for metric in metrics}) == len(metrics)
    assert Evaluation().metrics == [name for name in NAMES[1:] if name != "weighted_f1"]
    assert [metric.kind for metric in beside_accuracy(reversed(metrics))] == NAMES[1:]


def test_importing_every_metric_imports_nothing_heavy():
    done = subprocess.run([sys.executable, "-c", IMPORTS], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []


def test_settings_come_from_the_settings_of_the_evaluation_that_have_their_names():
    assert CalibrationError.for_evaluation(Evaluation(bins=7)) == CalibrationError(bins=7)
    assert Kappa.for_evaluation(Evaluation(samples=9)) == Kappa(samples=9)
    assert kinds("metrics")["brier"].for_evaluation(Evaluation()) == kinds("metrics")["brier"]()


@pytest.mark.parametrize("bins", [0, -1, 1001])
def test_bins_that_are_none(bins):
    with pytest.raises(EmofusionError, match=rf"evaluation\.metrics\.bins={bins}: from 1 to 1000"):
        check(CalibrationError(bins=bins), "evaluation.metrics")


@pytest.fixture(scope="module")
def settings(metrics) -> EvaluationSettings:
    return EvaluationSettings(Evaluation(samples=40, seed=3, confidence=0.9), [*metrics, Kappa()])


def test_accuracy_as_a_metric_is_the_accuracy_of_the_tables(systems):
    scored = side_by_side(systems)
    metric = kinds("metrics")["accuracy"]()
    sums, counts = count(scored, [metric]).sums["accuracy"].sum(axis=(1, 2)), count(scored)
    np.testing.assert_array_equal(metric.value(sums, np.full(3, 400)), counts.correct.sum(axis=(1, 2)) / 400)


def test_weighted_f1_is_that_of_scikit_learn(systems):
    metric = kinds("metrics")["weighted_f1"]()
    table = subset_table(*_inputs(systems, metric)).set_index(["system", "gender", "emotion"])["weighted_f1"]
    for name, clips in systems.items():
        for gender in ("all", "male", "female"):
            part = clips if gender == "all" else clips[clips["gender"] == gender]
            expected = f1_score(part["emotion"], labels(part), average="weighted")
            assert table[name, gender, "all"] == pytest.approx(expected, rel=1e-12)


def _inputs(systems, metric):
    scored = side_by_side(systems)
    return scored, count(scored, [metric]), Resampling.of(scored.genders, 5, 3, 0.9), [metric]


def test_a_new_metric_is_in_the_table_of_subsets_with_its_interval(systems, settings, resampled, tails):
    """No file of the package knows it; scikit-learn's kappa of plain resamples is the reference."""
    tables = evaluate(systems, ["speech", "face"], settings)
    subsets = check_table(tables["subsets"], evaluation_schemas(settings.metrics)["subsets"], "subsets")
    first = subsets.columns.get_loc("unweighted_average_recall_high") + 1
    assert subsets.columns[first : first + 3].tolist() == ["kappa", "kappa_low", "kappa_high"]
    actors = systems["linear"][["actor", "gender"]].drop_duplicates().sort_values("actor")
    resamples = [pd.Series(row, actors["actor"]) for row in actor_weights(actors["gender"].tolist(), 40, 3)]
    for row in subsets[(subsets["emotion"] == "all")].itertuples():
        clips = systems[row.system]
        clips = clips if row.gender == "all" else clips[clips["gender"] == row.gender]
        assert row.kappa == pytest.approx(cohen_kappa_score(clips["emotion"], labels(clips)), rel=1e-12)
        drawn = [resampled(clips, times) for times in resamples]
        plain = [cohen_kappa_score(part["emotion"], labels(part)) for part in drawn]
        np.testing.assert_allclose([row.kappa_low, row.kappa_high], np.quantile(plain, tails(0.9, clips)), rtol=1e-12)
    alone = subsets[subsets["emotion"] != "all"]
    assert alone[["kappa", "kappa_low", "kappa_high"]].isna().all(axis=None)


def test_a_new_metric_changes_no_other_figure(systems, settings, metrics):
    fewer = EvaluationSettings(settings.evaluation, metrics)
    with_kappa, without = (evaluate(systems, [], chosen)["subsets"] for chosen in (settings, fewer))
    pd.testing.assert_frame_equal(with_kappa.drop(columns=["kappa", "kappa_low", "kappa_high"]), without)


@dataclass
class CountingThreads(Kappa):
    """Remembers how many threads libraries may use."""

    seen: ClassVar[set[int]] = set()

    def value(self, sums, clips):
        self.seen.update(library["num_threads"] for library in threadpool_info())
        return super().value(sums, clips)


def test_figures_are_computed_on_one_thread(systems, settings):
    CountingThreads.seen.clear()
    with threadpool_limits(2):
        evaluate(systems, [], EvaluationSettings(settings.evaluation, [CountingThreads()]))
        assert {library["num_threads"] for library in threadpool_info()} == {2}
    assert CountingThreads.seen == {1}


def test_a_schema_holds_figures_to_the_bounds_of_their_metric(systems, settings):
    subsets = evaluate(systems, [], settings)["subsets"]
    for metrics in (settings.metrics, [type(metric) for metric in settings.metrics]):
        schema = evaluation_schemas(metrics)["subsets"]
        check_table(subsets.assign(log_loss=70.0), schema, "subsets")
        for figure, value in (("kappa", -1.1), ("kappa_high", 1.1), ("brier_low", -0.1)):
            with pytest.raises(EmofusionError, match=f"subsets is not the table it should be: {figure}: "):
                check_table(subsets.assign(**{figure: value}), schema, "subsets")


def test_a_metric_cannot_have_the_name_of_another_column():
    with pytest.raises(EmofusionError, match="a metric cannot be called clips"):
        beside_accuracy([Kappa(kind="clips")])


def test_a_metric_whose_value_has_another_shape_is_refused(systems, settings):
    class Wrong(Kappa):
        def value(self, sums, clips):
            return sums

    scored = side_by_side(systems)
    counts, resampling = count(scored, [Wrong()]), Resampling.of(scored.genders, 40, 3, 0.9)
    with pytest.raises(EmofusionError, match=r"the metric kappa has a value of shape \(41, 8, 8\).*must be \(41,\)"):
        subset_table(scored, counts, resampling, [Wrong()])
