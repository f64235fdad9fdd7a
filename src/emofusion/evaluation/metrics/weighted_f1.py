"""Weighted F1: the mean of F1 over emotions, where an emotion counts as often as it is shown."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from emofusion.evaluation.metrics.macro_f1 import MacroF1

if TYPE_CHECKING:
    import numpy as np


@dataclass
class WeightedF1(MacroF1):
    """The mean of F1 over clips, each of which counts with the F1 of the emotion that it shows.

    Results on MELD are stated in it. It equals scikit-learn's `f1_score(average="weighted")`.
    """

    kind: str = "weighted_f1"

    label: ClassVar[str] = "weighted F1"
    position: ClassVar[int] = 35

    def value(self, sums: "np.ndarray[Any, Any]", clips: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
        """The sum of F1 times the number of clips of each emotion, divided by the number of clips."""
        import numpy as np

        from emofusion.evaluation.arithmetic import ratio

        recognised, shown, taken = sums[..., 0], sums[..., 1], sums[..., 2]
        f1 = ratio(2 * recognised, np.maximum(shown + taken, 1))
        return ratio((f1 * shown).sum(axis=-1), shown.sum(axis=-1))
