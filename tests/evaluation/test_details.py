"""Actors, classes and reliability against scikit-learn, pandas and plain resamples."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import precision_recall_fscore_support

from emofusion.evaluation.bootstrap import Resampling
from emofusion.evaluation.by_actor import actor_table
from emofusion.evaluation.classes import class_table
from emofusion.evaluation.counts import count
from emofusion.evaluation.reliability import reliability_table
from emofusion.evaluation.systems import side_by_side
from emofusion.predictions.table import labels, posteriors
from emofusion.settings.registry import kinds


@pytest.fixture(scope="module")
def scored(systems):
    return side_by_side(systems)


@pytest.fixture(scope="module")
def resampling(scored) -> Resampling:
    return Resampling.of(scored.genders, 80, 4, 0.9)


def test_the_accuracy_of_each_actor_and_emotion_is_that_of_the_clips(systems, scored):
    found = actor_table(scored, count(scored)).set_index(["system", "actor", "emotion"])
    assert len(found) == len(found.index.unique())
    for name, table in systems.items():
        right = pd.Series(labels(table) == table["emotion"].to_numpy(), table.index)
        plain = right.groupby([table["actor"], table["emotion"]]).agg(["sum", "count", "mean"])
        whole = right.groupby(table["actor"]).agg(["sum", "count", "mean"])
        plain = pd.concat([plain, whole.set_index(pd.MultiIndex.from_product([whole.index, ["all"]]))])
        rows = found.loc[name].loc[plain.index]
        assert len(found.loc[name]) == len(plain)  # no row for an emotion that an actor does not show
        np.testing.assert_allclose(rows[["correct", "clips", "accuracy"]].astype(float), plain.astype(float))
        genders = table.drop_duplicates("actor").set_index("actor")["gender"]
        assert (rows["gender"] == genders.loc[rows.index.get_level_values("actor")].to_numpy()).all()


def test_a_clip_that_a_system_lacks_is_not_recognised(lacking):
    scored = side_by_side(lacking, are_checked=True)
    found = actor_table(scored, count(scored)).query("emotion == 'all'").set_index(["system", "actor"])
    for name, table in lacking.items():
        right = pd.Series(labels(table) == table["emotion"].to_numpy(), table.index).groupby(table["actor"]).mean()
        pd.testing.assert_series_equal(found.loc[name, "accuracy"], right, check_names=False, check_index_type=False)


def test_figures_of_classes_are_scikit_learns(systems, scored, resampling):
    found = class_table(scored, count(scored), resampling)
    for name, table in systems.items():
        rows = found[found["system"] == name].set_index("emotion")
        guessed = labels(table)
        order = sorted({*table["emotion"], *guessed})
        assert sorted(rows.index) == order
        expected = precision_recall_fscore_support(table["emotion"], guessed, labels=order, zero_division=np.nan)
        for figure, values in zip(("precision", "recall", "f1", "clips"), expected, strict=True):
            np.testing.assert_allclose(rows.loc[order, figure].astype(float), values)
        assert (
            rows["predicted"].to_dict() == pd.Series(guessed).value_counts().reindex(rows.index, fill_value=0).to_dict()
        )
    never = found[(found["system"] == "face") & (found["emotion"] == "disgust")].iloc[0]  # face does not know it
    assert never["predicted"] == 0 and np.isnan(never["precision"]) and never["recall"] == never["f1"] == 0


def test_intervals_of_classes_are_those_of_an_accuracy_over_actors(systems, scored, resampling):
    found = class_table(scored, count(scored), resampling).set_index(["system", "emotion"])
    for name, table in systems.items():
        happy, taken = table["emotion"] == "happy", labels(table) == "happy"
        by_actor = {
            key: mask.groupby(table["actor"]).sum().reindex(scored.actors["actor"]).to_numpy()
            for key, mask in (("both", happy & taken), ("shown", happy), ("taken", pd.Series(taken, table.index)))
        }
        whole = by_actor["shown"] + by_actor["taken"]
        for figure, part, of in (
            ("precision", by_actor["both"], by_actor["taken"]),
            ("recall", by_actor["both"], by_actor["shown"]),
            ("f1", 2 * by_actor["both"], whole),
        ):
            row, (low, high) = found.loc[(name, "happy")], resampling.accuracy(part[None], of)
            assert (row[f"{figure}_low"], row[f"{figure}_high"]) == (low[0], high[0])
            assert low[0] < row[figure] < high[0]


def test_bins_of_reliability_add_up_to_the_calibration_error(systems, scored, resampling):
    metric = kinds("metrics")["calibration_error"](bins=7)
    found = reliability_table(scored, resampling, 7)
    for name, table in systems.items():
        rows = found[found["system"] == name]
        shares, right = posteriors(table).max(axis=1), labels(table) == table["emotion"].to_numpy()
        cut = pd.cut(shares, np.linspace(0, 1, 8), labels=False)  # (a, b]
        plain = pd.DataFrame({"share": shares, "right": right}).groupby(cut).agg(["sum", "mean", "count"])
        assert rows["bin"].tolist() == plain.index.tolist()
        np.testing.assert_allclose(rows["confidence"], plain["share", "mean"])
        np.testing.assert_allclose(rows["accuracy"], plain["right", "mean"])
        assert rows["clips"].tolist() == plain["right", "count"].tolist() and rows["clips"].sum() == len(table)
        assert np.allclose(rows["above"], rows["bin"] / 7) and np.allclose(rows["to"], (rows["bin"] + 1) / 7)
        truth = pd.Index(scored.emotions).get_indexer(table["emotion"])
        guessed = pd.Index(scored.emotions).get_indexer(labels(table))
        terms = metric.terms(posteriors(table), truth, guessed)
        error = (rows["clips"] * (rows["accuracy"] - rows["confidence"]).abs()).sum() / rows["clips"].sum()
        assert error == pytest.approx(metric.value(terms.sum(axis=0), np.array(len(table))))


def test_clips_that_a_system_lacks_are_in_no_bin(lacking):
    scored = side_by_side(lacking, are_checked=True)
    found = reliability_table(scored, Resampling.of(scored.genders, 20, 0, 0.95), 15).groupby("system")["clips"].sum()
    for name, table in lacking.items():
        assert found[name] == table.filter(like="logit_").notna().any(axis=1).sum() <= len(table)
