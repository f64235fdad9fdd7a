"""The components of variance against textbook formulas, the grid's two-way analysis, and a simulation."""

import numpy as np
import pandas as pd
import pytest

from emofusion.evaluation.folds import fold_table, variance_table
from emofusion.evaluation.grid.crossed import crossed
from emofusion.evaluation.variance import NAMES, components
from emofusion.predictions.table import labels

ONE = np.zeros(12, dtype=int)
FOLDS = np.repeat([3, 1, 7], 4)
MALE = np.arange(12) % 2


def test_one_fold_is_the_two_way_analysis_of_the_grid():
    values = np.random.default_rng(0).normal(0.6, 0.1, (3, 12)) + np.array([[0.0], [0.02], [0.1]])
    found, known = components(values, MALE), crossed(values, MALE, 0.95)
    assert (found.seed, found.actor, found.rest) == pytest.approx((known.seed, known.actor, known.rest))
    assert np.isnan([found.fold, found.training]).all() and found.negative == known.negative


def test_folds_of_equal_size_have_the_textbook_estimates():
    """Actors nested in folds, crossed with seeds: mean squares by hand (Searle et al. 1992, section 4.3 f.)."""
    values = np.random.default_rng(1).normal(0.6, 0.1, (4, 12)) + np.repeat([0.0, 0.2, -0.3], 4)
    cube = values.reshape(4, 3, 4)  # seed, fold, actor of the fold
    mean, seed, fold = cube.mean(), cube.mean(axis=(1, 2)), cube.mean(axis=(0, 2))
    both, actor = cube.mean(axis=2), cube.mean(axis=0)
    of_seed = 12 * ((seed - mean) ** 2).sum() / 3
    of_fold = 16 * ((fold - mean) ** 2).sum() / 2
    of_training = 4 * ((both - seed[:, None] - fold + mean) ** 2).sum() / 6
    of_actor = 4 * ((actor - fold[:, None]) ** 2).sum() / 9
    of_rest = ((cube - both[:, :, None] - actor + fold[:, None]) ** 2).sum() / 27
    expected = {
        "rest": of_rest,
        "actor": (of_actor - of_rest) / 4,
        "training": (of_training - of_rest) / 4,
        "seed": (of_seed - of_training) / 12,
        "fold": (of_fold - of_actor - of_training + of_rest) / 16,
    }
    found = components(values, ONE, FOLDS)
    assert {name: getattr(found, name) for name in NAMES} == pytest.approx(
        {name: max(expected[name], 0) for name in NAMES}
    )
    assert set(found.negative) == {name for name, value in expected.items() if value < 0}


def test_one_seed_leaves_folds_and_actors():
    values = np.random.default_rng(2).normal(0.6, 0.1, (1, 12)) + np.repeat([0.0, 0.5, -0.5], 4)
    found = components(values, ONE, FOLDS)
    cube = values.reshape(3, 4)
    within = ((cube - cube.mean(axis=1, keepdims=True)) ** 2).sum() / 9
    between = 4 * ((cube.mean(axis=1) - cube.mean()) ** 2).sum() / 2
    assert (found.actor, found.fold) == pytest.approx((within, (between - within) / 4))
    assert np.isnan([found.seed, found.training, found.rest]).all()


def test_a_fold_of_one_actor_is_no_variance_of_folds():
    values = np.random.default_rng(3).normal(0.6, 0.1, (1, 12))
    found = components(values, MALE, np.arange(12))
    assert np.isnan(found.fold) and found.actor == components(values, MALE).actor
    assert found.actor == pytest.approx((6 * values[0, ::2].var() + 6 * values[0, 1::2].var()) / 10)


def test_unequal_folds_with_men_and_women_are_estimated_without_bias():
    random, deviations = np.random.default_rng(4), {"seed": 2, "fold": 6, "training": 3, "actor": 10, "rest": 5}
    male = np.array([0, 1] * 4 + [0, 0, 1, 0, 1, 1, 0, 1, 1])
    folds = np.array([0] * 3 + [1] * 5 + [2] * 4 + [3] * 3 + [4] * 2)
    sums = dict.fromkeys(NAMES, 0.0)
    raw = []
    for _ in range(1500):
        drawn = {name: random.normal(0, size, (3, 17)) for name, size in deviations.items()}
        training = random.normal(0, 3, (3, 5))[:, folds]
        values = 20 * male + drawn["seed"][:, :1] + drawn["fold"][0, :5][folds] + training
        values = values + drawn["actor"][:1] + drawn["rest"]
        raw.append(components(values, male, folds))
    for name in NAMES:
        sums[name] = float(np.mean([getattr(one, name) for one in raw]))
    # a negative estimate becomes 0, so that small components are a little too large on average
    assert sums["actor"] == pytest.approx(100, rel=0.08) and sums["rest"] == pytest.approx(25, rel=0.05)
    assert sums["fold"] == pytest.approx(36, rel=0.35) and 4 < sums["seed"] < 8 and 9 < sums["training"] < 12


def test_the_tables_are_of_the_test_clips(systems):
    tested = {name: table.assign(fold=table["actor"].str[-1].astype(int) % 2) for name, table in systems.items()}
    folds, variance = fold_table(tested), variance_table(tested).set_index("system")
    for name, rows in tested.items():
        right = pd.Series(labels(rows) == rows["emotion"].to_numpy(), rows.index)
        found = folds[folds["system"] == name].set_index("fold")
        assert found["accuracy"].to_dict() == pytest.approx(right.groupby(rows["fold"]).mean().to_dict())
        assert found["clips"].sum() == len(rows) and found["actors"].tolist() == [5, 4]
        shares = right.groupby(rows["actor"]).mean().to_numpy()
        people = rows.drop_duplicates("actor").sort_values("actor")
        strata = people["gender"].map({"female": 0, "male": 1}).to_numpy()
        expected = components(shares[None], strata, people["fold"].to_numpy())
        assert variance.loc[name, ["fold", "actor"]].tolist() == pytest.approx(
            [expected.fold**0.5, expected.actor**0.5]
        )
        assert 0 < variance.loc[name, "clips"] < 0.2 and variance.loc[name, "folds"] == 2
    crossing = {name: rows.assign(fold=np.arange(len(rows)) % 2) for name, rows in systems.items()}
    assert variance_table(crossing)["fold"].isna().all() and variance_table(crossing)["actor"].notna().all()
