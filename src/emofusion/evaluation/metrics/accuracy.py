"""Accuracy: the share of clips whose emotion is recognised."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from emofusion.settings.kinds import Metric

if TYPE_CHECKING:
    import numpy as np


@dataclass
class Accuracy(Metric):
    """The share of clips whose emotion is recognised. It is in every table, whether it is configured or not."""

    kind: str = "accuracy"

    label: ClassVar[str] = "accuracy"
    least: ClassVar[float | None] = 0
    most: ClassVar[float | None] = 1
    is_share: ClassVar[bool] = True
    position: ClassVar[int] = 10

    def terms(
        self, posteriors: "np.ndarray[Any, Any]", truth: "np.ndarray[Any, Any]", predicted: "np.ndarray[Any, Any]"
    ) -> "np.ndarray[Any, Any]":
        """Whether each clip is recognised, `(clips,)`."""
        recognised: np.ndarray[Any, Any] = predicted == truth
        return recognised

    def value(self, sums: "np.ndarray[Any, Any]", clips: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
        from emofusion.evaluation.arithmetic import ratio

        return ratio(sums, clips)
