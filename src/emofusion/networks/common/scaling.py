"""Standardising features, with a limit on the values that come out."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import StandardScaler


class LimitedScaler(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Scales each feature to mean 0 and standard deviation 1; then values beyond the limit are set to it.

    A feature that is almost constant in the training clips can be hundreds of deviations away in another clip, and
    would then decide all distances and sums.

    Args:
        limit: in standard deviations; None: there is none.
    """

    def __init__(self, limit: float | None = None) -> None:
        self.limit = limit

    def fit(self, values: Any, labels: Any = None) -> Self:
        self.scaler_ = StandardScaler().fit(values)
        return self

    def transform(self, values: Any) -> Any:
        scaled = self.scaler_.transform(values)
        return scaled if self.limit is None else np.clip(scaled, -self.limit, self.limit)
