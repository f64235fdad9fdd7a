"""Resampled actors against plain resamples of clips."""

import numpy as np
import pytest
from scipy.stats import t

from emofusion.evaluation.actors import Actors
from emofusion.evaluation.arithmetic import ratio
from emofusion.evaluation.bootstrap import Resampling, actor_weights, percentiles

GENDERS = ["female"] * 5 + ["male"] * 3


def test_men_and_women_are_drawn_apart():
    weights = actor_weights(GENDERS, 4000, seed=1)
    assert weights.shape == (4000, 8) and weights.dtype == np.int64 and weights.min() == 0
    assert (weights[:, :5].sum(axis=1) == 5).all() and (weights[:, 5:].sum(axis=1) == 3).all()
    # of n draws with repositionment: mean 1, variance 1 - 1/n; 5 standard errors
    np.testing.assert_allclose(weights.mean(axis=0), 1, atol=0.08)
    np.testing.assert_allclose(weights.var(axis=0), [0.8] * 5 + [2 / 3] * 3, atol=0.12)


def test_the_seed_decides():
    np.testing.assert_array_equal(actor_weights(GENDERS, 50, seed=1), actor_weights(GENDERS, 50, seed=1))
    assert (actor_weights(GENDERS, 50, seed=1) != actor_weights(GENDERS, 50, seed=2)).any()


@pytest.mark.parametrize("confidence", [0.95, 0.5])
def test_percentiles_are_numpys(confidence):
    draws = np.random.default_rng(0).normal(size=(4, 3, 203))
    tail = (1 - confidence) / 2
    np.testing.assert_allclose(percentiles(draws, tail), np.quantile(draws, [tail, 1 - tail], axis=-1))
    draws[0, 0, :50] = draws[1, 2, 7] = draws[3, 1, 1:] = np.nan
    np.testing.assert_allclose(percentiles(draws, tail), np.nanquantile(draws, [tail, 1 - tail], axis=-1))
    assert np.isnan(percentiles(np.full((2, 9), np.nan), tail)).all()


def test_each_row_has_percentiles_of_its_own():
    draws, tail = np.random.default_rng(0).normal(size=(3, 203)), np.array([0.1, 0.02, 0.3])
    expected = [np.quantile(row, [share, 1 - share]) for row, share in zip(draws, tail, strict=True)]
    np.testing.assert_allclose(np.transpose(percentiles(draws, tail)), expected)


def test_percentiles_are_taken_farther_out_for_few_actors(tails):
    resampling = Resampling.of(GENDERS, 10, 0, 0.95)
    everyone, women = np.ones(8, dtype=bool), np.arange(8) < 5
    tail = resampling.tail(np.stack([everyone, women, ~women]))
    expected = [tails(0.95, 3, 5)[0], tails(0.95, 0, 5)[0], tails(0.95, 3, 0)[0]]
    np.testing.assert_allclose(tail, expected)
    assert (tail < 0.025).all()
    many = Resampling.of(["female", "male"] * 5000, 1, 0, 0.95)
    assert many.tail(np.ones(10_000, dtype=bool)) == pytest.approx(0.025, rel=3e-3)


def test_fewer_than_three_actors_of_a_gender_bear_no_interval():
    over = Actors(np.array(GENDERS))
    everyone = np.ones(8, dtype=bool)
    women = np.arange(8) < 5
    lone_man = women | (np.arange(8) == 6)
    lone_woman = np.arange(8) == 2
    two_men = women | (np.arange(8) > 5)
    enough = over.enough(np.stack([everyone, women, ~women, lone_man, two_men, lone_woman, ~everyone]))
    assert enough.tolist() == [True, True, True, False, False, False, False]
    low, high = over.accuracy(np.array([[0, 0, 1, 0, 0, 0, 0, 0]]), lone_woman * 4)
    assert np.isnan(low).all() and np.isnan(high).all()


def test_a_share_has_its_interval_on_the_scale_of_logits():
    """A value of 0.97 with resamples of deviation s: Student's t with 6 degrees of freedom, for 5 women and 3 men."""
    resampling, clips = Resampling.of(GENDERS, 500, 0, 0.9), np.full(8, 25)
    draws = np.random.default_rng(0).normal(0.97, 0.01, (2, 500))
    draws[1, :20] = np.nan
    low, high = resampling.interval_of_share(np.array([0.97, 0.97]), draws, clips)
    q = (0.97 * 200 + 0.5) / 201
    for row in range(2):
        reach = t.ppf(0.95, 6) * np.nanstd(draws[row]) * np.sqrt(3 / 2) / (q * (1 - q))
        ends = [1 / (1 + np.exp(-np.log(q / (1 - q)) - sign * reach)) for sign in (-1, 1)]
        assert [low[row], high[row]] == pytest.approx(ends) and high[row] < 1
    all_right = resampling.interval_of_share(np.array(1.0), np.ones(500), clips)
    assert all_right[1] == 1 and 0.9 < all_right[0] < 1


def test_a_loss_has_its_interval_on_the_scale_of_logarithms():
    resampling, present = Resampling.of(GENDERS, 500, 0, 0.9), np.ones(8, dtype=bool)
    draws = np.random.default_rng(0).normal(0.6, 0.1, (1, 500))
    low, high = resampling.interval_of_positive(np.array([0.6]), draws, present)
    reach = np.exp(t.ppf(0.95, 6) * draws.std() * np.sqrt(3 / 2) / 0.6)
    assert [low[0], high[0]] == pytest.approx([0.6 / reach, 0.6 * reach])
    nothing = resampling.interval_of_positive(np.zeros(1), np.zeros((1, 500)), present)
    assert np.ravel(nothing).tolist() == [0, 0]


def test_resamples_without_a_clip_are_left_out(tails):
    """Three of five women show the emotion; a resample of the others alone says nothing of it."""
    resampling = Resampling.of(GENDERS, 500, 0, 0.95)
    clips, correct = np.array([4, 4, 4, 0, 0, 0, 0, 0]), np.array([1, 3, 2, 0, 0, 0, 0, 0])
    whole = resampling.weights @ clips
    assert (whole == 0).any()
    draws = ratio(resampling.weights @ correct, whole)
    shares = draws[whole > 0]
    np.testing.assert_allclose(resampling.interval(draws, clips > 0), np.quantile(shares, tails(0.95, 0, 3)))
