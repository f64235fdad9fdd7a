"""The Brier score: the mean squared distance between the posteriors and the truth."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from emofusion.settings.kinds import Metric

if TYPE_CHECKING:
    import numpy as np


@dataclass
class Brier(Metric):
    """The mean over clips of Σ_k (p_k - y_k)², from 0 to 2. This is Brier's own definition, without the factor 1/2.

    Brier 1950, doi 10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2.
    """

    kind: str = "brier"

    label: ClassVar[str] = "Brier score"
    least: ClassVar[float | None] = 0
    is_tracked: ClassVar[bool] = False
    position: ClassVar[int] = 50

    def terms(
        self, posteriors: "np.ndarray[Any, Any]", truth: "np.ndarray[Any, Any]", predicted: "np.ndarray[Any, Any]"
    ) -> "np.ndarray[Any, Any]":
        """The sum of squares of each clip, `(clips,)`."""
        from emofusion.evaluation.arithmetic import one_hot

        squares: np.ndarray[Any, Any] = ((posteriors - one_hot(truth, posteriors.shape[1])) ** 2).sum(axis=1)
        return squares

    def value(self, sums: "np.ndarray[Any, Any]", clips: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
        from emofusion.evaluation.arithmetic import ratio

        return ratio(sums, clips)
