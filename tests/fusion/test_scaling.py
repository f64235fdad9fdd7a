"""Standardised log-posteriors: a modality that knows nothing stays small."""

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from emofusion.fusion.common.scaling import LEAST_DEVIATION, LIMIT, LogScaler


def test_columns_that_vary_are_scaled_as_by_scikit_learn():
    values = np.random.default_rng(0).normal(scale=[0.2, 1, 7], size=(50, 3)).astype(float)
    np.testing.assert_array_equal(LogScaler().fit_transform(values), StandardScaler().fit_transform(values))


@pytest.mark.parametrize("spread", [1e-9, 1e-3, 0.05])
def test_columns_that_hardly_vary_are_not_blown_up(spread):
    values = np.stack([np.tile([0, spread], 20), np.tile([0, 4], 20)], axis=1)
    scaled = LogScaler().fit(values).transform(values)
    assert scaled[:, 0].std() == pytest.approx(spread / 2 / LEAST_DEVIATION)
    assert scaled[:, 1].std() == pytest.approx(1)


def test_one_wild_clip_does_not_decide():
    values = np.random.default_rng(0).normal(scale=0.2, size=(50, 2))
    scaler = LogScaler().fit(values)
    wild = np.array([[np.log(1e-12), 0.0], [0.0, 40.0]])
    assert StandardScaler().fit(values).transform(wild).min() < -100
    scaled = scaler.transform(wild)
    assert (scaled[0, 0], scaled[1, 1]) == (-LIMIT, LIMIT)
    np.testing.assert_allclose(scaled[0, 1], (0 - values[:, 1].mean()) / values[:, 1].std())
