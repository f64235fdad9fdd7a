"""Sign-flip tests against enumeration, scipy and a direct step-down."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import permutation_test

from emofusion.evaluation.flips import sign_flips, signs
from emofusion.evaluation.permutation import sign_flip

CONTRASTS = np.random.default_rng(0).integers(-3, 6, (5, 7)).astype(float)


def test_all_ways_are_used_where_there_are_few():
    ways, exact = signs(4, 8, 0)
    assert exact and sorted(map(tuple, np.concatenate([ways, -ways]))) == sorted(product((-1, 1), repeat=4))
    ways, exact = signs(5, 15, 0)
    assert not exact and ways.shape == (15, 5) and set(np.unique(ways)) == {-1, 1}


def test_p_values_are_those_of_the_exact_test():
    p, _ = sign_flips(CONTRASTS, 1000, 0)
    assert p == pytest.approx(sign_flip(CONTRASTS))
    reference = [
        permutation_test((row,), np.sum, permutation_type="samples", n_resamples=np.inf).pvalue for row in CONTRASTS
    ]
    assert p == pytest.approx(reference)


def test_adjusted_p_values_are_those_of_the_step_down_algorithm():
    """Westfall and Young's algorithm 4.1, written out: maxima over the hypotheses that are not yet rejected."""

    def t(rows):
        return np.abs(rows.mean(axis=1)) / (rows.std(axis=1, ddof=1) / np.sqrt(rows.shape[1]))

    observed = t(CONTRASTS)
    order = observed.argsort()[::-1]
    flipped = [t(CONTRASTS * way) for way in product((-1, 1), repeat=7)]
    expected, before = np.empty(5), 0.0
    for rank, hypothesis in enumerate(order):
        greatest = np.array([one[order[rank:]].max() for one in flipped])
        before = max(before, (greatest >= observed[hypothesis] - 1e-9).mean())
        expected[hypothesis] = before
    p, adjusted = sign_flips(CONTRASTS, 1000, 0)
    assert adjusted == pytest.approx(expected) and (adjusted >= p).all()


def test_random_ways_come_near_the_exact_p_values_and_are_never_0(monkeypatch):
    exact = sign_flips(CONTRASTS, 1000, 0)
    drawn = sign_flips(CONTRASTS, 60, 0)
    assert all(np.abs(a - b).max() < 0.2 for a, b in zip(exact, drawn, strict=True))
    many = np.ones((1, 30))
    assert sign_flips(many, 99, 0)[0] == pytest.approx([0.01])
    # blocks are only for memory
    monkeypatch.setattr("emofusion.evaluation.flips.BLOCK", 20)
    assert sign_flips(CONTRASTS, 60, 0)[1] == pytest.approx(drawn[1])


def test_no_difference_has_p_1_and_costs_the_others_nothing():
    rounding = np.full((1, 7), 1e-17)  # what is left of 1/3 - 1/3
    p, adjusted = sign_flips(np.concatenate([CONTRASTS, np.zeros((1, 7)), rounding]), 1000, 0)
    assert (p[-2:] == 1).all() and (adjusted[-2:] == 1).all()
    assert adjusted[:-2] == pytest.approx(sign_flips(CONTRASTS, 1000, 0)[1])
