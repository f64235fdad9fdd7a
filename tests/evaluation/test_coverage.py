"""How often the intervals hold the truth: what is said of them in `evaluation.bootstrap`, by simulation."""

import numpy as np
import pytest

from emofusion.evaluation.bootstrap import Resampling

STUDIES = 2000


@pytest.mark.parametrize(
    ("men", "women", "least", "most"), [(12, 12, 0.93, 0.965), (5, 4, 0.92, 0.96), (3, 3, 0.87, 0.93)]
)
def test_an_interval_of_a_gap_holds_the_true_one_as_often_as_said(men, women, least, most):
    """Actors' accuracies are normal around 60 % with a deviation of 10 points, of 1,000 clips each, and no true gap."""
    random = np.random.default_rng(1)
    correct = np.clip(random.normal(600, 100, (STUDIES, men + women)), 0, 1000).round().astype(int)
    clips = np.full(men + women, 1000)
    resampling = Resampling.of(["male"] * men + ["female"] * women, 1500, 0, 0.95)
    low, high = resampling.interval(resampling.gaps(correct, clips), np.broadcast_to(clips > 0, correct.shape))
    held = ((low <= 0) & (high >= 0)).mean()
    assert least < held < most
