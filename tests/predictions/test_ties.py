"""Equal scores: the first of the classes is predicted, however the scores were computed."""

import numpy as np
import pytest

from emofusion.evaluation.tally import tally
from emofusion.predictions.pools import pool, simplex
from emofusion.predictions.ties import predicted, untied


def test_the_first_of_equal_scores_is_predicted_and_rounding_does_not_decide():
    assert predicted(np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0], [0.1 + 0.2 - 0.3, 0.0, 1e-3]])).tolist() == [1, 0, 2]
    assert predicted(np.array([0.3, 0.1 + 0.2])) == 0  # 0.1 + 0.2 is above 0.3 in floating point
    assert predicted(np.array([0.3, 0.300001])) == 1
    assert predicted(np.array([-np.inf, -2.0])) == 1


def test_a_mean_of_untied_scores_is_untied_in_the_same_way():
    scores, weights = np.random.default_rng(0).random((3, 7, 5)), np.array([0.2, 0.5, 0.3])
    mean = np.einsum("m,mnk->nk", weights, scores)
    np.testing.assert_allclose(np.einsum("m,mnk->nk", weights, untied(scores)), untied(mean), rtol=0, atol=1e-15)


@pytest.mark.parametrize("name", ["linear", "product"])
def test_a_sweep_and_a_rule_recognise_the_same_clips_where_votes_are_equal(name):
    random = np.random.default_rng(1)
    votes = random.integers(0, 4, (2, 4000, 4)) + 0.5  # few raters: many ties, within and across modalities
    posteriors = votes / votes.sum(axis=2, keepdims=True)
    grid, truth = simplex(2, 10), random.integers(0, 4, 4000)
    counts = tally(posteriors, [name], grid, np.zeros(4000, int), truth)
    for row, weights in zip(counts.correct, grid, strict=True):
        fused = pool(name, posteriors, weights)
        assert row.sum() == (predicted(fused) == truth).sum() == (predicted(np.log(fused)) == truth).sum()
    rounding = [(predicted(fused) != fused.argmax(axis=1)).any() for fused in (pool(name, posteriors, w) for w in grid)]
    assert any(rounding)  # without the rule, rounding would decide on some clips
