"""Intervals and tests of the gaps, against published and against scipy's values."""

import pytest
from scipy.stats import binomtest, fisher_exact

from emofusion.audit.gaps import fisher, newcombe, wilson


def test_newcombes_interval_is_that_of_his_own_example():
    # Newcombe 1998, Statistics in Medicine 17, 873-890, table II, (a), method 10
    assert newcombe(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert newcombe(48, 80, 56, 70) == pytest.approx((-0.3339, -0.0524), abs=5e-5)


@pytest.mark.parametrize(("correct", "clips"), [(0, 20), (11, 40), (32, 32)])
def test_wilsons_interval_is_scipys(correct, clips):
    known = binomtest(correct, clips).proportion_ci(0.95, "wilson")
    assert wilson(correct, clips) == pytest.approx((known.low, known.high), abs=1e-6)


@pytest.mark.parametrize("counts", [(11, 40, 24, 32), (13, 20, 9, 16), (40, 40, 32, 32), (0, 5, 4, 4)])
def test_fishers_p_is_scipys(counts):
    one, of_one, two, of_two = counts
    assert fisher(*counts) == pytest.approx(fisher_exact([[one, of_one - one], [two, of_two - two]]).pvalue)
