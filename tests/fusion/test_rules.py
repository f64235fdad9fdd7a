"""Rules that learn nothing, against hand computations."""

import numpy as np
import pytest
from scipy.stats import entropy

from emofusion.errors import EmofusionError
from emofusion.fusion.common.rules import ByConfidence, ByEntropy, Majority, Maximum, Members, Pool, weights_of

SPEECH = [[0.5, 0.3, 0.2], [0.1, 0.1, 0.8], [0.4, 0.35, 0.25]]
FACE = [[0.1, 0.8, 0.1], [0.6, 0.2, 0.2], [0.3, 0.4, 0.3]]
TEXT = [[0.5, 0.4, 0.1], [0.3, 0.3, 0.4], [0.2, 0.5, 0.3]]


def members(*tables) -> Members:
    return Members(np.array(tables), np.array(["a", "b", "b"]), [f"m{number}" for number in range(len(tables))])


def test_equal_weights_are_the_mean():
    np.testing.assert_allclose(Pool("linear").fuse(members(SPEECH, FACE, TEXT)), np.mean([SPEECH, FACE, TEXT], axis=0))


def test_maximum_takes_the_greatest_posterior_of_each_class():
    fused = Maximum().fuse(members(SPEECH, FACE))
    np.testing.assert_allclose(fused[0], np.array([0.5, 0.8, 0.2]) / 1.5)
    np.testing.assert_allclose(fused.sum(axis=1), 1)


def test_a_majority_outvotes_a_confident_member_and_the_mean_breaks_ties():
    votes = members(SPEECH, FACE, TEXT)
    assert Majority().fuse(votes).argmax(axis=1).tolist() == [0, 2, 1]  # mean posteriors: 1, 2, 1
    assert np.mean([SPEECH, FACE, TEXT], axis=0).argmax(axis=1).tolist() == [1, 2, 1]
    tied = members(SPEECH, FACE)
    assert Majority().fuse(tied).argmax(axis=1).tolist() == [1, 2, 1]  # 0.55 to 0.30; 0.50 to 0.35; 0.375 to 0.35


def test_weights_by_clip_follow_confidence_and_entropy():
    fused = ByConfidence().fuse(members(SPEECH, FACE))
    np.testing.assert_allclose(fused[0], (0.5 * np.array(SPEECH[0]) + 0.8 * np.array(FACE[0])) / 1.3)
    by_entropy = [1 - entropy(row) / np.log(3) for row in (SPEECH[0], FACE[0])]
    expected = np.average([SPEECH[0], FACE[0]], axis=0, weights=by_entropy)
    np.testing.assert_allclose(ByEntropy().fuse(members(SPEECH, FACE))[0], expected)
    unsure = members([[1 / 3] * 3] * 3, FACE)
    np.testing.assert_allclose(ByEntropy().fuse(unsure), FACE, atol=1e-6)
    np.testing.assert_allclose(ByEntropy().fuse(members([[1 / 3] * 3] * 3)), 1 / 3)  # no one is sure


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
