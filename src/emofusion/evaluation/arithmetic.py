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


def bins_of(shares: NDArray[Any], bins: int) -> NDArray[np.int64]:
    """The bin of each share, from 0 to bins - 1. Bins have equal width and include their upper edge, the first also 0.

    shares: (...), from 0 to 1.
    """
    numbers: NDArray[np.int64] = np.clip(np.ceil(shares * bins).astype(np.int64) - 1, 0, bins - 1)
    return numbers
