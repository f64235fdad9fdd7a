"""Which class is predicted: the one with the greatest score, and among equal scores the first of the classes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

# What a class's score loses for each class before it. Posteriors, or their logarithms, that are equal on paper differ
# by far less after rounding, and by how much depends on the way that they were computed.
STEP = 1e-10


def predicted(scores: NDArray[Any]) -> NDArray[np.intp]:
    """The position of the greatest score along the last axis; among equal scores, it is the first.

    Votes of people are often equal. Rounding must not decide then, or two ways to compute the same posteriors would
    predict different classes. The classes are in the order of `emotions.classes`, so that setting decides.

    scores: posteriors or logits, (…, classes).
    """
    first: NDArray[np.intp] = untied(scores).argmax(axis=-1)
    return first


def untied(scores: NDArray[Any]) -> NDArray[Any]:
    """The scores, each class a little below the one before it, so that `argmax` takes the first of equal scores.

    What a weighted mean of several members' scores takes is the same, whether the members are untied or their mean.

    scores: posteriors or logits, (…, classes).
    """
    lowered: NDArray[Any] = scores - STEP * np.arange(scores.shape[-1])
    return lowered
