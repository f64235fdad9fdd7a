"""People of unknown gender: their clips are in every table but those by gender, which are as without them."""

import numpy as np
import pandas as pd
import pytest

from emofusion.emotions import UNKNOWN
from emofusion.evaluation.actors import Actors, strata_of
from emofusion.evaluation.bootstrap import actor_weights
from emofusion.evaluation.evaluate import evaluate
from emofusion.evaluation.grid.crossed import crossed, enough
from emofusion.evaluation.schemas import evaluation_schemas
from emofusion.evaluation.sweep import sweep_weights
from emofusion.plan.settings import EvaluationSettings
from emofusion.predictions.table import align
from emofusion.settings.experiment import Evaluation
from emofusion.tables import PREDICTIONS, SWEEPS, check

QUICK = Evaluation(samples=200, permutations=100, metrics=["unweighted_average_recall", "macro_f1"])


@pytest.fixture(scope="module")
def settings(metrics):
    return EvaluationSettings(QUICK, [m for m in metrics if m.kind in QUICK.metrics])


def with_unknown(systems, actors):
    """The systems, where these actors have no known gender."""
    return {
        name: table.assign(gender=table["gender"].where(~table["actor"].isin(actors), UNKNOWN))
        for name, table in systems.items()
    }


def without(systems, actors):
    return {name: table[~table["actor"].isin(actors)].reset_index(drop=True) for name, table in systems.items()}


@pytest.fixture(scope="module")
def tables(systems, settings):
    """The tables with two people of unknown gender, and those without these people."""
    unknown = ["demo-0", "demo-8"]
    found = evaluate(with_unknown(systems, unknown), ["speech", "face"], settings)
    return found, evaluate(without(systems, unknown), ["speech", "face"], settings)


def test_all_tables_are_as_they_should_be(tables, settings):
    for name, schema in evaluation_schemas(settings.metrics).items():
        check(tables[0][name], schema, name)


def test_predictions_may_have_people_of_unknown_gender(systems):
    for name, table in with_unknown(systems, ["demo-0"]).items():
        check(table, PREDICTIONS, name)


def test_gaps_are_those_of_the_people_whose_gender_is_known(tables):
    found, expected = tables
    exact = ["male", "female", "gap", "male_clips", "female_clips", "male_actors", "female_actors"]
    columns = ["system", "emotion", *exact, "p", "p_holm", "minimum_detectable_gap"]
    pd.testing.assert_frame_equal(found["gender"][columns], expected["gender"][columns])
    pd.testing.assert_frame_equal(found["fairness"], expected["fairness"])
    columns = ["system", "modality", "emotion", "gap_before", "gap_after", "change", "clips", "actors"]
    pd.testing.assert_frame_equal(found["narrowed"][columns], expected["narrowed"][columns])


def test_accuracies_by_gender_are_without_them_and_those_of_everyone_with_them(tables, systems):
    found, expected = (table["subsets"].set_index(["system", "gender", "emotion"]) for table in tables)
    for gender in ("female", "male"):
        of_gender = found.xs(gender, level="gender")[["correct", "clips", "actors", "accuracy", "macro_f1"]]
        pd.testing.assert_frame_equal(of_gender, expected.xs(gender, level="gender")[of_gender.columns])
    assert (found.loc[("linear", "all", "all"), ["clips", "actors"]] == [400, 9]).all()
    assert set(found.index.get_level_values("gender")) == {"all", "female", "male"}
    assert np.isfinite(found.loc[("linear", "all", "all"), ["low", "high"]].astype(float)).all()


def test_nobody_s_gender_need_be_known(systems, settings):
    everyone = sorted(systems["linear"]["actor"].unique())
    found = evaluate(with_unknown(systems, everyone), ["speech", "face"], settings)
    for name, schema in evaluation_schemas(settings.metrics).items():
        check(found[name], schema, name)
    assert found["gender"][["gap", "low", "p", "minimum_detectable_gap"]].isna().all(axis=None)
    assert not found["gender"][["male_actors", "female_clips"]].any(axis=None)
    assert set(found["subsets"]["gender"]) == {"all"} and found["subsets"]["low"].notna().all()
    assert set(found["narrowed"]["verdict"]) == {"not shown"}


def test_a_sweep_has_them_in_the_accuracy_and_not_in_the_gap(systems):
    members = {name: systems[name] for name in ("speech", "face")}
    unknown = ["demo-0", "demo-8"]
    found = sweep_weights(align(with_unknown(members, unknown)), ["linear"], 4, QUICK)
    expected = sweep_weights(align(without(members, unknown)), ["linear"], 4, QUICK)
    for name, table in found.items():
        check(table, SWEEPS[name], name)
    columns = ["weight_speech", "emotion", "gap", "male_clips", "female_clips"]
    pd.testing.assert_frame_equal(found["sweep_gaps"][columns], expected["sweep_gaps"][columns])
    everyone = found["sweep"].query("gender == 'all' and emotion == 'all'")
    assert (everyone["clips"] == 400).all() and not (found["sweep"]["gender"] == UNKNOWN).any()


@pytest.mark.parametrize(
    ("groups", "strata"),
    [
        (["male", "female", "male"], [1, 0, 1]),
        (["male", "female", "female", UNKNOWN], [1, 0, 0, 0]),  # one unknown person goes with the larger group
        (["male", "male", "female", UNKNOWN, UNKNOWN, UNKNOWN], [1, 1, 0, 2, 2, 2]),
        ([UNKNOWN, UNKNOWN], [0, 0]),
        (["b", "a", "c"], [1, 0, 2]),
    ],
)
def test_the_strata_of_actors(groups, strata):
    assert strata_of(groups).tolist() == strata


def test_weights_of_three_groups():
    groups = np.array(["a"] * 3 + ["b"] * 4 + ["c"] * 5)
    weights = actor_weights(groups, 100, 0)
    assert (weights[:, :3].sum(axis=1) == 3).all() and (weights[:, 3:7].sum(axis=1) == 4).all()
    over = Actors(groups)
    present = np.ones((3, 12), dtype=bool)
    present[1, :1] = False  # two of a are left
    present[2, :3] = False  # none of a is left
    assert over.enough(present).tolist() == [True, False, True]


def test_grids_compare_people_within_three_groups():
    """With three groups, the variance of actors has actors - 3 degrees of freedom."""
    groups = np.repeat([0, 1, 2], 4)
    values = np.random.default_rng(0).normal(size=(1, 12)) + groups
    centred = values[0] - pd.Series(values[0]).groupby(groups).transform("mean").to_numpy()
    found = crossed(np.concatenate([values, values]), groups, 0.95)
    assert found.actor == pytest.approx((centred**2).sum() / 9)
    assert enough(groups) and not enough(np.array([0, 0, 0, 1, 1]))
