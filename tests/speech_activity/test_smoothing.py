"""The mean of posteriors over time is that of pandas."""

import numpy as np
import pandas as pd
import pytest

from emofusion.errors import EmofusionError
from emofusion.speech_activity.smoothing import Smoothing, smoothed


@pytest.mark.parametrize("seconds", [0.2, 1.0, 30.0])
def test_the_mean_over_time_is_that_of_pandas(seconds):
    random = np.random.default_rng(0)
    times = np.cumsum(random.choice([0.1, 0.5, 4.0], 50))
    posteriors = random.dirichlet(np.ones(8), 50)
    moments = pd.Timestamp("2000-01-01") + pd.to_timedelta(times, unit="s")
    half_life = pd.Timedelta(seconds=seconds * np.log(2))
    theirs = pd.DataFrame(posteriors).ewm(halflife=half_life, times=moments).mean()
    found = smoothed(times, posteriors, seconds)
    np.testing.assert_allclose(found, theirs, rtol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    np.testing.assert_array_equal(found[0], posteriors[0])


def test_without_a_time_constant_posteriors_stay_as_they_are():
    posteriors = np.random.default_rng(0).dirichlet(np.ones(3), 5)
    np.testing.assert_array_equal(smoothed(np.arange(5.0), posteriors, 0), posteriors)
    assert smoothed(np.zeros(0), np.zeros((0, 3)), 1).shape == (0, 3)


def test_what_was_long_ago_does_not_count():
    smoothing = Smoothing(1.0)
    smoothing.add(0, np.array([1.0, 0.0]))
    np.testing.assert_allclose(
        smoothing.add(1, np.array([0.0, 1.0])), [np.exp(-1) / (1 + np.exp(-1)), 1 / (1 + np.exp(-1))]
    )
    np.testing.assert_allclose(smoothing.add(1e6, np.array([0.5, 0.5])), [0.5, 0.5])


def test_posteriors_out_of_order_are_refused():
    smoothing = Smoothing(1.0)
    smoothing.add(2, np.array([1.0, 0.0]))
    with pytest.raises(EmofusionError, match=r"1\.5 s comes after one of 2 s"):
        smoothing.add(1.5, np.array([1.0, 0.0]))
