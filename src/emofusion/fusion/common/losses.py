"""The loss that rules with parameters are fitted by."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emofusion.predictions.pools import log_posteriors


def log_loss(posteriors: NDArray[Any], truth: NDArray[Any]) -> float:
    """The mean over clips of minus the natural logarithm of the true class's posterior, of 1e-12 where it is less.

    posteriors: (clips, classes). truth: (clips,), positions among the classes.
    """
    return float(-log_posteriors(posteriors[np.arange(len(truth)), truth]).mean())
