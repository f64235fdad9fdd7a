"""Standardisation of log-posteriors, which leaves those alone that hardly vary, and limits what comes out."""

from typing import Any, Self

import numpy as np
from sklearn.preprocessing import StandardScaler

# Nats. A posterior whose logarithm varies less than this tells next to nothing about a clip.
LEAST_DEVIATION = 0.1
# Standard deviations. A member that is certain of its classes has posteriors near 0, whose logarithms know no bounds.
LIMIT = 10.0


class LogScaler(StandardScaler):  # type: ignore[misc]
    """scikit-learn's scaler, with a least deviation that it divides by, and a limit on the values that come out.

    A modality that knows nothing has nearly constant posteriors. Divided by their deviation, what is left of them,
    such as how often a class was in the training clips of a fold, would become as large as the evidence of others.
    """

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """See scikit-learn."""
        super().fit(X, y, sample_weight)
        self.scale_: Any = np.maximum(self.scale_, LEAST_DEVIATION)
        return self

    def transform(self, X: Any, copy: bool | None = None) -> Any:
        """See scikit-learn. Values beyond the limit are set to it."""
        return np.clip(super().transform(X, copy), -LIMIT, LIMIT)
