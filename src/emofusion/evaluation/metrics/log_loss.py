"""The log loss: the mean of -ln p, where p is the posterior of the true emotion; in nats."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from emofusion.settings.kinds import Metric

if TYPE_CHECKING:
    import numpy as np


@dataclass
class LogLoss(Metric):
    """The mean of -ln p, with p clipped to [eps, 1 - eps] as in `sklearn.metrics.log_loss`."""

    kind: str = "log_loss"

    label: ClassVar[str] = "log loss"
    least: ClassVar[float | None] = 0
    position: ClassVar[int] = 40

    def terms(
        self, posteriors: "np.ndarray[Any, Any]", truth: "np.ndarray[Any, Any]", predicted: "np.ndarray[Any, Any]"
    ) -> "np.ndarray[Any, Any]":
        """The log loss of each clip, `(clips,)`."""
        import numpy as np

        eps = np.finfo(float).eps
        losses: np.ndarray[Any, Any] = -np.log(np.clip(posteriors[np.arange(len(truth)), truth], eps, 1 - eps))
        return losses

    def value(self, sums: "np.ndarray[Any, Any]", clips: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
        from emofusion.evaluation.arithmetic import ratio

        return ratio(sums, clips)
