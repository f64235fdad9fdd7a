"""The type of a numpy array of any shape and type of values."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
