"""Standardisation of log-posteriors, which leaves those alone that hardly vary."""

from typing import Any, Self

import numpy as np
from sklearn.preprocessing import StandardScaler

# Nats. A posterior whose logarithm varies less than this tells next to nothing about a clip.
LEAST_DEVIATION = 0.1


class LogScaler(StandardScaler):  # type: ignore[misc]
    """scikit-learn's scaler, with a least deviation that it divides by.

    A modality that knows nothing has nearly constant posteriors. Divided by their deviation, what is left of them,
    such as how often a class was in the training clips of a fold, would become as large as the evidence of others.
    """

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """See scikit-learn."""
        super().fit(X, y, sample_weight)
        self.scale_: Any = np.maximum(self.scale_, LEAST_DEVIATION)
        return self
