"""Macro F1: the mean over emotions of F1, which is the harmonic mean of precision and recall."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from emofusion.settings.kinds import Metric

if TYPE_CHECKING:
    import numpy as np


@dataclass
class MacroF1(Metric):
    """The mean of F1 over the emotions that occur in the clips, so that systems are compared over the same emotions.

    A predicted emotion that does not occur has no F1 of its own; a clip predicted as this emotion lowers the recall of
    its true emotion. The result equals scikit-learn's `f1_score(average="macro", labels=<emotions that occur>)`.
    """

    kind: str = "macro_f1"

    label: ClassVar[str] = "macro F1"
    over_emotions: ClassVar[bool] = True
    least: ClassVar[float | None] = 0
    most: ClassVar[float | None] = 1
    is_share: ClassVar[bool] = True
    is_tracked: ClassVar[bool] = False
    position: ClassVar[int] = 30

    def terms(
        self, posteriors: "np.ndarray[Any, Any]", truth: "np.ndarray[Any, Any]", predicted: "np.ndarray[Any, Any]"
    ) -> "np.ndarray[Any, Any]":
        """For each clip and emotion, `(clips, K, 3)`: true positive, true emotion, predicted emotion (booleans)."""
        import numpy as np

        from emofusion.evaluation.arithmetic import one_hot

        shown, taken = (one_hot(positions, posteriors.shape[1]) for positions in (truth, predicted))
        return np.stack([shown & taken, shown, taken], axis=-1)

    def value(self, sums: "np.ndarray[Any, Any]", clips: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
        import numpy as np

        from emofusion.evaluation.arithmetic import ratio

        recognised, shown, taken = sums[..., 0], sums[..., 1], sums[..., 2]
        f1 = ratio(2 * recognised, np.maximum(shown + taken, 1))
        return ratio(f1.sum(axis=-1), (shown > 0).sum(axis=-1))
