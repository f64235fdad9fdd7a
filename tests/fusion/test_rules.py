"""The fusion rules and their weights."""

import numpy as np
import pytest

from emofusion.fusion.rules import linear, rule_named, weights_of
from emofusion.messages import EmofusionError


def test_linear_is_the_weighted_mean_by_hand():
    speech, face = [[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]], [[0.0, 1.0, 0.0], [0.6, 0.2, 0.2]]
    fused = linear(np.array([speech, face]), np.array([0.7, 0.3]))
    np.testing.assert_allclose(fused, [[0.35, 0.51, 0.14], [0.25, 0.13, 0.62]])


def test_linear_of_many_settings_is_each_setting_to_the_last_bit():
    random = np.random.default_rng(0)
    posteriors, weights = random.dirichlet(np.ones(8), (3, 50)), random.dirichlet(np.ones(3), 20)
    together = linear(posteriors, weights)
    assert together.shape == (20, 50, 8)
    np.testing.assert_array_equal(together, [linear(posteriors, setting) for setting in weights])
    np.testing.assert_allclose(together, np.einsum("wm,mnc->wnc", weights, posteriors))


def test_an_unknown_rule_is_named_with_those_that_exist():
    with pytest.raises(EmofusionError, match=r"fusion\.rule=liner .* linear"):
        rule_named("liner")


def test_weights_follow_the_order_of_the_modalities():
    assert weights_of({"face": 0.3, "speech": 0.7}, ["speech", "face"]).tolist() == [0.7, 0.3]
    assert weights_of({"a": 1 / 3, "b": 0.333334, "c": 0.333333}, "abc").sum() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    "weights",
    [{"speech": 0.7, "face": 0.4}, {"speech": 1.5, "face": -0.5}, {"speech": float("nan"), "face": 0.3}],
)
def test_weights_that_are_no_weights(weights):
    with pytest.raises(EmofusionError, match=r"fusion\.weights must be 0 or more and sum to 1"):
        weights_of(weights, ["speech", "face"])


@pytest.mark.parametrize("weights", [{"speech": 1.0}, {"speech": 0.5, "face": 0.3, "text": 0.2}, {}])
def test_weights_of_other_modalities(weights):
    with pytest.raises(EmofusionError, match=r"fusion\.weights names .* but the modalities are speech, face"):
        weights_of(weights, ["speech", "face"])
