"""Small operations on arrays that several metrics need."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def ratio(part: ArrayLike, whole: ArrayLike) -> NDArray[Any]:
    """part / whole, with broadcasting; NaN where `whole` is 0."""
    part, whole = np.broadcast_arrays(part, whole)
    quotients: NDArray[Any] = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole != 0)
    return quotients


def one_hot(positions: NDArray[Any], number: int) -> NDArray[np.bool_]:
    """Booleans (n, number). Row i is true only in the column `positions[i]`, and nowhere where it is -1.

    positions: (n,), from -1 to number - 1.
    """
    booleans: NDArray[np.bool_] = positions[:, None] == np.arange(number)
    return booleans
