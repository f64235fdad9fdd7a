"""The weighted sums behind the rules."""

import numpy as np
import pytest
from scipy.stats import gmean

from emofusion.predictions.pools import FLOOR, log_posteriors, pool, weighted_sum


@pytest.fixture
def posteriors() -> np.ndarray:
    return np.random.default_rng(0).dirichlet(np.ones(8), (3, 50))


def test_linear_is_the_weighted_mean_by_hand():
    speech, face = [[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]], [[0.0, 1.0, 0.0], [0.6, 0.2, 0.2]]
    fused = pool("linear", np.array([speech, face]), np.array([0.7, 0.3]))
    np.testing.assert_allclose(fused, [[0.35, 0.51, 0.14], [0.25, 0.13, 0.62]])


def test_product_is_the_normalised_weighted_geometric_mean(posteriors):
    weights = np.array([0.5, 0.2, 0.3])
    expected = gmean(posteriors, axis=0, weights=weights[:, None, None])
    np.testing.assert_allclose(pool("product", posteriors, weights), expected / expected.sum(axis=1, keepdims=True))


def test_many_settings_are_each_setting_to_the_last_bit(posteriors):
    weights = np.random.default_rng(1).dirichlet(np.ones(3), 20)
    together = weighted_sum(posteriors, weights)
    assert together.shape == (20, 50, 8)
    np.testing.assert_array_equal(together, [weighted_sum(posteriors, setting) for setting in weights])
    np.testing.assert_allclose(together, np.einsum("wm,mnc->wnc", weights, posteriors))


def test_a_zero_is_floored_and_not_minus_infinity():
    np.testing.assert_allclose(log_posteriors(np.array([0.0, 1.0, 1e-30])), np.log([FLOOR, 1, FLOOR]))
    fused = pool("product", np.array([[[0.0, 1.0]], [[1.0, 0.0]]]), np.array([0.5, 0.5]))
    np.testing.assert_allclose(fused, [[0.5, 0.5]])
