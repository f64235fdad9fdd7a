"""The loss that is minimised when rules are fitted."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emofusion.predictions.pools import log_posteriors


def log_loss(posteriors: NDArray[Any], truth: NDArray[Any]) -> float:
    """The mean over clips of -ln p, where p is the posterior of the true class, but at least 1e-12.

    posteriors: (clips, classes). truth: (clips,), positions among the classes.
    """
    return float(-log_posteriors(posteriors[np.arange(len(truth)), truth]).mean())
