"""Compare the scale that is declared for a table of posteriors with its numbers, and turn them into logits."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emofusion.predictions.columns import Source

# The largest difference between 1 and the sum of a row's probabilities. With eight classes and probabilities of two
# digits, the sum differs by a hundredth or two.
TOLERANCE = 0.03
WHOLE = {"probabilities": 1, "percent": 100}

Values = NDArray[np.float64]


def logits_of(values: Values, scale: str, clips: NDArray[Any], source: Source, partial: bool = False) -> Values:
    """The logits of a table's values, (rows, classes). For probabilities, they are natural logarithms.

    Args:
        values: (rows, classes), as they are in the table.
        scale: `logits`, `probabilities` or `percent`.
        clips: (rows,), the clip of each row, for messages.
        source: the table, for messages.
        partial: whether further classes are left out, so that a row's probabilities may have a sum below 1.

    Raises:
        EmofusionError: values are not finite, or not what the scale says.
    """

    def none(bad: Any, message: str, ending: str = "") -> None:
        if bad.any():
            source.must(False, f"{bad.sum()} rows {message}, as that of {clips[bad][0]}{ending}")

    none(~np.isfinite(values).all(axis=1), "have a value that is no number")
    if scale == "logits":
        source.must(not _are_shares(values), f"the values are not logits: {_what_instead(values, source.name)}")
        return values
    sums = values.sum(axis=1) / WHOLE[scale]
    bad = (values < 0).any(axis=1) | (sums > 1 + TOLERANCE) | ((sums < 1 - TOLERANCE) & (not partial))
    none(bad, f"are not 0 or more with sum {WHOLE[scale]}", _hint(values, scale, source.name))
    none(sums <= 0, "have nothing but 0 in the columns of the classes", "; leave these clips out")
    logarithms: Values = np.log(np.maximum(values / WHOLE[scale], np.finfo(float).tiny))
    return logarithms


def sums_to_whole(values: Values, scale: str) -> bool:
    """Whether the values are probabilities, or percent, that leave nothing to further classes. False for logits."""
    if scale not in WHOLE:
        return False
    return bool((values >= 0).all() and (abs(values.sum(axis=1) / WHOLE[scale] - 1) <= TOLERANCE).all())


def _are_shares(values: Values) -> bool:
    """Whether all values are from 0 to 1, as probabilities are, or are percentages."""
    if not len(values) or (values < 0).any() or not values.any():
        return False
    return bool((values <= 1).all()) or sums_to_whole(values, "percent")


def _what_instead(values: Values, name: str) -> str:
    """What values that are no logits are, and what to set."""
    for scale, whole in WHOLE.items():
        if sums_to_whole(values, scale):
            return f"each row has the sum {whole}; set {name}.scale={scale}"
    return (
        f"all are from 0 to 1. Set {name}.scale=probabilities if the classes exclude each other. Turn scores of single "
        "classes (sigmoid) into logits first: ln(p / (1 - p))"
    )


def _hint(values: Values, scale: str, name: str) -> str:
    """The scale that the values seem to have, as the end of a message; empty where it is unclear."""
    for other, whole in WHOLE.items():
        if other != scale and sums_to_whole(values, other):
            return f"; the sum of each row is {whole}, so set {name}.scale={other}"
    if (values < 0).any():
        return f"; values below 0 are logits: set {name}.scale=logits"
    if (values.sum(axis=1) <= WHOLE[scale] * (1 + TOLERANCE)).all():
        return f"; if the table lacks further classes, {name}.other_columns=drop scales the others to the sum"
    return ""
