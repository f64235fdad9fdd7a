"""The mean of posteriors over time."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emofusion.errors import EmofusionError

Array = NDArray[np.float64]


class Smoothing:
    """The mean of the posteriors so far, in which older ones count less: with weight exp(-age / time constant).

    This is simple exponential smoothing (Brown, "Statistical forecasting for inventory control", 1959) in its form for
    times that are not evenly spaced (Wright, "Forecasting data published at irregular time intervals using an extension
    of Holt's method", Management Science 32, 1986). The first value is returned as it is.

    seconds: the time constant; with 0, the posteriors stay as they are.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._sum: Array | None = None  # of the weighted posteriors
        self._weight = 0.0
        self._time = -np.inf

    def add(self, time: float, posterior: NDArray[np.floating]) -> Array:
        """The mean `(classes,)` at a time, with the posterior `(classes,)` of that time in it.

        time: in seconds. Raises `EmofusionError` where it is before that of the last call.
        """
        if time < self._time:
            raise EmofusionError(f"a posterior of {time:g} s comes after one of {self._time:g} s: add them in order")
        new = np.asarray(posterior, np.float64)
        if self._sum is None or not self._seconds:
            self._sum, self._weight = new, 1.0
        else:
            kept = np.exp(-(time - self._time) / self._seconds)
            self._sum, self._weight = kept * self._sum + new, kept * self._weight + 1
        self._time = time
        return self._sum / self._weight


def smoothed(times: Sequence[float] | Array, posteriors: NDArray[np.floating], seconds: float) -> Array:
    """What `Smoothing` gives at each time: float64 `(times, classes)`.

    times: `(times,)`, in seconds, in order. posteriors: `(times, classes)`. seconds: the time constant.
    """
    smoothing = Smoothing(seconds)
    means = [smoothing.add(time, posterior) for time, posterior in zip(times, posteriors, strict=True)]
    return np.array(means).reshape(np.shape(posteriors))
