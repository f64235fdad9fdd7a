"""Standardised log-posteriors: a modality that knows nothing stays small."""

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from emofusion.fusion.common.scaling import LEAST_DEVIATION, LogScaler


def test_columns_that_vary_are_scaled_as_by_scikit_learn():
    values = np.random.default_rng(0).normal(scale=[0.2, 1, 7], size=(50, 3)).astype(float)
    np.testing.assert_array_equal(LogScaler().fit_transform(values), StandardScaler().fit_transform(values))


@pytest.mark.parametrize("spread", [1e-9, 1e-3, 0.05])
def test_columns_that_hardly_vary_are_not_blown_up(spread):
    values = np.stack([np.tile([0, spread], 20), np.tile([0, 4], 20)], axis=1)
    scaled = LogScaler().fit(values).transform(values)
    assert scaled[:, 0].std() == pytest.approx(spread / 2 / LEAST_DEVIATION)
    assert scaled[:, 1].std() == pytest.approx(1)
