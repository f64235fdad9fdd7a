"""Unweighted average recall: the mean of recall over emotions, also called balanced accuracy."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from emofusion.settings.kinds import Metric

if TYPE_CHECKING:
    import numpy as np


@dataclass
class UnweightedAverageRecall(Metric):
    """The mean of recall over the emotions that occur in the clips, so that systems are compared over the same ones."""

    kind: str = "unweighted_average_recall"

    label: ClassVar[str] = "unweighted average recall"
    over_emotions: ClassVar[bool] = True
    least: ClassVar[float | None] = 0
    most: ClassVar[float | None] = 1
    is_share: ClassVar[bool] = True
    position: ClassVar[int] = 20

    def terms(
        self, posteriors: "np.ndarray[Any, Any]", truth: "np.ndarray[Any, Any]", predicted: "np.ndarray[Any, Any]"
    ) -> "np.ndarray[Any, Any]":
        """For each clip and emotion, `(clips, K, 2)`: true positive, true emotion (booleans)."""
        import numpy as np

        from emofusion.evaluation.arithmetic import one_hot

        shown = one_hot(truth, posteriors.shape[1])
        return np.stack([shown & (predicted == truth)[:, None], shown], axis=-1)

    def value(self, sums: "np.ndarray[Any, Any]", clips: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
        import numpy as np

        from emofusion.evaluation.arithmetic import ratio

        recognised, shown = sums[..., 0], sums[..., 1]
        return ratio(ratio(recognised, np.maximum(shown, 1)).sum(axis=-1), (shown > 0).sum(axis=-1))
