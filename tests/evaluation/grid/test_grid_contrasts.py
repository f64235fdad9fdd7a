"""Contrasts: Student's interval, the joint interval, and both measures."""

import numpy as np
import pytest
from scipy.stats import dunnett, t, ttest_1samp

from emofusion.evaluation.grid.contrasts import contrast_table, simultaneous
from emofusion.evaluation.grid.measures import ACCURACY, RECALL, by_actor, deviations, value
from emofusion.settings.experiment import Evaluation

EVALUATION = Evaluation(samples=4000, permutations=5000, confidence=0.9)


def test_the_interval_of_women_alone_is_students():
    random = np.random.default_rng(0)
    contrasts = random.integers(-3, 5, (2, 9, 2))
    clips = np.full((9, 2), 10)
    table = contrast_table(ACCURACY, contrasts, clips, np.full(9, "female"), EVALUATION)
    for row, contrast in zip(table.itertuples(), contrasts, strict=True):
        rates = contrast.sum(axis=1) / 20
        expected = ttest_1samp(rates, 0).confidence_interval(0.9)
        assert (row.difference, row.low, row.high) == pytest.approx((rates.mean(), *expected))
        assert row.simultaneous_low < row.low and row.high < row.simultaneous_high
        assert row.p <= row.p_max_t


def test_men_and_women_are_strata_with_a_common_variance():
    random = np.random.default_rng(1)
    contrasts, genders = random.integers(-3, 5, (1, 10, 1)), np.array(["male"] * 6 + ["female"] * 4)
    table = contrast_table(ACCURACY, contrasts, np.full((10, 1), 10), genders, EVALUATION)
    men, women = contrasts[0, :6, 0] / 10, contrasts[0, 6:, 0] / 10
    variance = (men.var() * 6 + women.var() * 4) / 8
    half = t.ppf(0.95, 8) * np.sqrt(variance / 10)
    assert table["high"][0] - table["difference"][0] == pytest.approx(half)


def test_too_few_actors_have_p_values_and_no_interval():
    table = contrast_table(
        ACCURACY, np.ones((1, 4, 1)), np.full((4, 1), 2), np.array(["male", "female"] * 2), EVALUATION
    )
    assert table["p"][0] == 1 / 8 and table[["low", "high", "simultaneous_low"]].isna().all(axis=None)


def test_measures_of_unequal_clips():
    clips = np.array([[4, 2], [2, 2], [6, 4]])
    counts = np.array([[4, 1], [1, 1], [3, 0]])
    assert value(ACCURACY, counts, clips) == pytest.approx(10 / 20)
    assert value(RECALL, counts, clips) == pytest.approx((8 / 12 + 2 / 8) / 2)
    for measure in (ACCURACY, RECALL):
        assert by_actor(measure, counts, clips).sum() == pytest.approx(value(measure, counts, clips))
        assert deviations(measure, counts, clips, counts).sum() == pytest.approx(0)
    # the linearised ratio: (recognised - rate × clips) / all clips
    expected = (np.array([5, 2, 3]) - 0.5 * np.array([6, 4, 10])) / 20
    assert deviations(ACCURACY, counts, clips, counts) == pytest.approx(expected)
    # the jackknife's idea of it: leave one actor out, in the limit of many actors of each kind
    many = [np.repeat(table, 500, axis=0) for table in (counts, clips)]
    whole = value(RECALL, *many)
    left = np.array([value(RECALL, *(np.delete(table, n * 500, axis=0) for table in many)) for n in range(3)])
    assert deviations(RECALL, *many, many[0])[::500] == pytest.approx(whole - left, rel=2e-3, abs=1e-7)


def test_the_joint_factor_is_that_of_a_single_t_for_one_contrast_or_equal_ones():
    away = np.random.default_rng(2).normal(size=(1, 8))
    single = t.ppf(0.975, 7)
    assert simultaneous(away, 7, 0.95, 100, 0) == pytest.approx(single)
    assert simultaneous(np.repeat(away, 5, axis=0), 7, 0.95, 20000, 0) == pytest.approx(single, rel=0.02)
    rounding = np.random.default_rng(3).normal(0, 1e-17, (50, 8))
    assert simultaneous(np.concatenate([away, rounding]), 7, 0.95, 100, 0) == pytest.approx(single)


def test_the_joint_factor_of_independent_contrasts_is_sidaks():
    """Of independent contrasts that have their own variances the greatest |t| has a known distribution."""
    away = np.linalg.qr(np.random.default_rng(3).normal(size=(30, 6)))[0].T
    expected = t.ppf((1 + 0.95 ** (1 / 6)) / 2, 20)
    assert simultaneous(away, 20, 0.95, 40000, 0) == pytest.approx(expected, rel=0.01)


def test_the_joint_factor_of_differences_from_a_control_is_near_dunnetts():
    """With many actors the variances are known, and Dunnett's critical value for correlations of 1/2 follows."""
    random = np.random.default_rng(4)
    groups = np.linalg.qr(random.normal(size=(400, 4)))[0]
    away = (groups[:, 1:] - groups[:, :1]).T
    factor = simultaneous(away, 399, 0.95, 40000, 0)
    samples = [random.normal(size=2000) for _ in range(4)]
    interval = dunnett(*samples[1:], control=samples[0]).confidence_interval(0.95)
    error = np.sqrt(np.mean([sample.var(ddof=1) for sample in samples]) * 2 / 2000)
    means = [sample.mean() - samples[0].mean() for sample in samples[1:]]
    assert factor == pytest.approx(((interval.high - means) / error).mean(), rel=0.02)
