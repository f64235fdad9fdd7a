"""The variance components against least squares, a worked example, and a simulation."""

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import t, ttest_ind

from emofusion.evaluation.grid.crossed import crossed

MALE = np.arange(8) % 2 == 1


def residual_squares(values, *factors):
    """The residual sum of squares of a linear model with these factors, by least squares on dummy columns."""
    design = np.concatenate([np.ones((values.size, 1)), *(np.eye(f.max() + 1)[f] for f in factors)], axis=1)
    fitted = design @ np.linalg.lstsq(design, values.ravel(), rcond=None)[0]
    return ((values.ravel() - fitted) ** 2).sum(), np.linalg.matrix_rank(design)


@pytest.mark.parametrize(
    ("seeds", "chosen"),
    [([0, -0.05, 0], "without the rest"), ([0, -0.1, -0.05], "of actors"), ([0, 0.02, 0.3], "with the rest")],
)
def test_components_and_interval_are_those_of_nested_linear_models(seeds, chosen):
    random = np.random.default_rng(0)
    values = random.normal(0.6, 0.1, (1, 8)) + random.normal(0, 0.1, (3, 8)) + np.array(seeds)[:, None]
    seed, actor = np.divmod(np.arange(24), 8)
    gender = MALE[actor].astype(int)
    by_seed_and_gender = seed * 2 + gender
    full, full_rank = residual_squares(values, actor, by_seed_and_gender)
    rest = full / (24 - full_rank)
    without_actor, rank = residual_squares(values, gender, by_seed_and_gender)
    of_actor = (without_actor - full) / (full_rank - rank)
    mean_only, _ = residual_squares(values)
    of_seed = (mean_only - residual_squares(values, seed)[0]) / 2
    found = crossed(values, MALE, 0.95)
    assert found.rest == pytest.approx(rest)
    assert found.actor == pytest.approx(max(0, (of_actor - rest) / 3))
    assert found.seed == pytest.approx(max(0, (of_seed - rest) / 8))
    both, known = of_actor + of_seed, of_actor**2 / 6 + of_seed**2 / 2
    ways = {"with the rest": (both, both**2 / known)}
    if of_seed > rest:
        ways["without the rest"] = (both - rest, (both - rest) ** 2 / (known + rest**2 / 12))
    else:
        ways["of actors"] = (of_actor, 6)
    ends = {way: t.interval(0.95, free, values.mean(), np.sqrt(square / 24)) for way, (square, free) in ways.items()}
    assert min(ends, key=lambda way: ends[way][1]) == chosen
    assert (found.low, found.mean, found.high) == pytest.approx((ends[chosen][0], values.mean(), ends[chosen][1]))
    share = found.of_share(24, 0.95)
    reach = t.ppf(0.975, ways[chosen][1]) * np.sqrt(ways[chosen][0] / 24)
    centre = (values.mean() * 72 + 0.5) / 73  # an answer of each of three seeds for each clip
    assert share[0] == pytest.approx(expit(logit(centre) - reach / centre / (1 - centre)))


def test_a_worked_example_by_hand():
    """Two seeds and four women: actors' means 1, 2, 3, 4 (MS 2 · 5/3), seeds' means 2 and 3 (MS 4 · 1/2), no rest."""
    found = crossed(np.array([[0.5, 1.5, 2.5, 3.5], [1.5, 2.5, 3.5, 4.5]]), np.zeros(4, dtype=bool), 0.9)
    assert (found.actor, found.seed) == pytest.approx((5 / 3, 0.5))
    assert found.rest == pytest.approx(0, abs=1e-12)
    total = 10 / 3 + 2
    degrees = total**2 / ((10 / 3) ** 2 / 3 + 2**2 / 1)
    assert found.high - found.mean == pytest.approx(t.ppf(0.95, degrees) * np.sqrt(total / 8))


def test_a_difference_of_men_and_women_is_no_variance_of_actors():
    values = np.where(MALE, 0.9, 0.3) + np.zeros((2, 1))
    found = crossed(values, MALE, 0.95)
    assert (found.actor, found.seed, found.rest) == pytest.approx((0, 0, 0), abs=1e-12)
    assert found.low == pytest.approx(found.high)


def test_a_negative_estimate_becomes_0_and_is_named():
    values = np.array([[0.4, 0.6, 0.4, 0.6], [0.6, 0.4, 0.6, 0.4]])  # actors and seeds have equal means
    found = crossed(values, np.array([True, True, False, False]), 0.95)
    assert found.negative == ("seed", "actor") and (found.seed, found.actor) == (0, 0) and found.rest > 0


def test_actors_with_equal_means_do_not_make_the_interval_too_short():
    """Each actor is right with one of two seeds; the seeds differ more than that by chance."""
    values = np.array([[1.0, 1, 1, 1, 1, 0, 0, 0], [0, 0, 0, 0, 0, 1, 1, 1]])
    found = crossed(values, MALE, 0.95)
    assert found.actor == 0 and found.rest > 0 and found.high - found.low > 1
    same = np.array([[1.0, 1, 0, 0], [0, 0, 1, 1]])
    assert crossed(same, np.array([False, True, False, True]), 0.95).error == 0  # so that clips count as independent


def test_one_seed_has_no_interval_over_seeds():
    found = crossed(np.full((1, 8), 0.5), MALE, 0.95)
    assert found.mean == 0.5 and np.isnan([found.low, found.high, found.seed, found.actor, found.rest]).all()


def test_the_components_are_right_on_average():
    random, found = np.random.default_rng(4), []
    for _ in range(2000):
        values = random.normal(0, 0.1, (1, 8)) + random.normal(0, 0.08, (4, 1)) + random.normal(0, 0.05, (4, 8))
        one = crossed(values, MALE, 0.95)
        if not one.negative:
            found.append((one.seed, one.actor, one.rest))
    assert len(found) > 1950
    assert np.mean(found, axis=0) == pytest.approx([0.08**2, 0.1**2, 0.05**2], rel=0.08)


def test_with_strata_of_their_own_spread_equal_seeds_have_welchs_interval_of_a_difference():
    random = np.random.default_rng(3)
    men, women = random.normal(0.7, 0.05, 7), random.normal(0.6, 0.2, 4)
    gap = men.mean() - women.mean()
    away = np.concatenate([(men - men.mean()) / 7, -(women - women.mean()) / 4])
    found = crossed(np.tile(11 * away + gap, (3, 1)), np.repeat([0, 1], [7, 4]), 0.95, unequal=True)
    ends = ttest_ind(men, women, equal_var=False).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high))


@pytest.mark.parametrize("strata", [[0] * 6, [0, 0, 0, 1, 1, 1]])
def test_where_one_answer_of_all_is_wrong_it_does_not_matter_whose(strata):
    """The mean squares of seeds and of the rest are equal then, but for rounding."""
    ends = []
    for actor in range(6):
        for seed in range(3):
            right = np.ones((3, 6))
            right[seed, actor] = 11 / 12
            ends.append(crossed(right, np.array(strata), 0.95).of_share(72, 0.95))
    np.testing.assert_allclose(ends, [ends[0]] * 18, rtol=1e-9)
