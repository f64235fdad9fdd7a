"""Welch's t tests of many contrasts at once: against scipy, and how often they reject what is true, by simulation."""

import numpy as np
import pytest
from scipy.stats import ttest_ind

from emofusion.evaluation.multipliers import welch_max_t


def contrasts(values: np.ndarray, first: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Differences of two groups' means (H,), and what each actor adds (H, A). values: (H, A)."""
    away = np.zeros(values.shape)
    for of, sign in ((first, 1), (~first, -1)):
        away[:, of] = sign * (values[:, of] - values[:, of].mean(axis=1, keepdims=True)) / of.sum()
    return values[:, first].mean(axis=1) - values[:, ~first].mean(axis=1), away


def both_p(values: np.ndarray, first: np.ndarray, draws: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    found, away = contrasts(values, first)
    return welch_max_t(found, away, np.ones(values.shape, dtype=bool), first.astype(np.int64), draws, 0)


@pytest.mark.parametrize("men", [4, 12])
def test_alone_p_is_scipys_and_so_is_the_adjusted_one_of_a_single_contrast(men):
    random, first = np.random.default_rng(men), np.arange(men + 5) < men
    for shift in (0.5, 1.0, 2.0):
        values = random.normal(np.where(first, shift, 0), np.where(first, 1, 2), (1, men + 5))
        p, adjusted = both_p(values, first)
        expected = ttest_ind(values[:, first], values[:, ~first], axis=1, equal_var=False).pvalue
        assert p == pytest.approx(expected) and adjusted == pytest.approx(expected, abs=0.02)


def test_contrasts_that_agree_cost_nothing_and_independent_ones_cost_as_sidak_says():
    random, first = np.random.default_rng(1), np.arange(200) < 100
    one = random.normal(np.where(first, 0.35, 0), 1, (1, 200))
    p, adjusted = both_p(np.repeat(one, 10, axis=0), first)
    assert adjusted == pytest.approx(p, abs=0.01)
    # 10 contrasts whose deviations are not correlated; the degrees of freedom are many
    values = random.normal(0, 1, (10, 200))
    for of in (first, ~first):
        part = values[:, of] - values[:, of].mean(axis=1, keepdims=True)
        values[:, of] = np.linalg.qr(part.T)[0].T * 10
    values[0, first] += 0.4
    p, adjusted = both_p(values, first)
    assert adjusted[0] == pytest.approx(1 - (1 - p[0]) ** 10, abs=0.01) and p[0] < 0.01


def test_what_cannot_be_tested_is_missing_and_is_in_no_family():
    random, first = np.random.default_rng(2), np.arange(9) < 5
    values = random.normal(0, 1, (3, 9))
    values[1] = 3.0  # nobody differs
    found, away = contrasts(values, first)
    found[2] = np.nan
    who = np.ones(values.shape, dtype=bool)
    p, adjusted = welch_max_t(found, away, who, first.astype(np.int64), 5000, 0)
    assert np.isnan(p).tolist() == np.isnan(adjusted).tolist() == [False, True, True]
    assert adjusted[0] == pytest.approx(p[0], abs=0.02)
    nothing = welch_max_t(found[1:], away[1:], who[1:], first.astype(np.int64), 100, 0)
    assert np.isnan(nothing).all()


def test_who_has_no_part_does_not_count():
    random, first = np.random.default_rng(3), np.arange(10) < 5
    values = random.normal(0, 1, (2, 8))
    few = first[[0, 1, 2, 3, 5, 6, 7, 8]]
    found, away = contrasts(values, few)
    wide, who = np.zeros((2, 10)), np.zeros((2, 10), dtype=bool)
    wide[:, [0, 1, 2, 3, 5, 6, 7, 8]], who[:, [0, 1, 2, 3, 5, 6, 7, 8]] = away, True
    p, _ = welch_max_t(found, wide, who, first.astype(np.int64), 100, 0)
    np.testing.assert_allclose(p, both_p(values, few, 100)[0])


@pytest.mark.parametrize(("men", "women"), [(12, 12), (5, 4), (20, 6)])
@pytest.mark.parametrize("deviations", [(1.0, 1.0), (0.3, 1.0)])
def test_of_many_contrasts_that_are_all_0_one_is_found_in_few_studies(men, women, deviations):
    """Fifteen rules that share half of their variance; women may spread three times as much as men.

    `test_coverage` has the test that is printed, which is stricter: permutations stand beside this one.
    """
    first, random, found, studies = np.arange(men + women) < men, np.random.default_rng(men), 0, 1500
    spread = np.where(first, *deviations)
    for _ in range(studies):
        common = random.normal(0, 1, men + women)
        values = spread * np.sqrt(0.5) * (common + random.normal(0, 1, (15, men + women)))
        found += both_p(values, first, 400)[1].min() <= 0.05
    assert found / studies <= 0.07
