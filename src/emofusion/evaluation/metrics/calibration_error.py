"""The expected calibration error: the mean difference between confidence and accuracy."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from emofusion.settings.fields import setting
from emofusion.settings.kinds import Metric

if TYPE_CHECKING:
    import numpy as np


@dataclass
class CalibrationError(Metric):
    """Σ_bins clips/N |accuracy - confidence|, over bins of the largest posterior (Guo et al. 2017, arXiv 1706.04599).

    Bins have equal width and include their upper edge. Chance alone makes the error greater than 0, and resampling
    increases it further.
    """

    kind: str = "calibration_error"
    bins: int = setting("Number of bins of the largest posterior; they have equal width.", 15, least=1, most=1000)

    label: ClassVar[str] = "expected calibration error"
    least: ClassVar[float | None] = 0
    is_share: ClassVar[bool] = True
    position: ClassVar[int] = 60

    def terms(
        self, posteriors: "np.ndarray[Any, Any]", truth: "np.ndarray[Any, Any]", predicted: "np.ndarray[Any, Any]"
    ) -> "np.ndarray[Any, Any]":
        """For each clip and bin, `(clips, bins, 2)`: the largest posterior, and 1 if recognised; 0 in other bins."""
        import numpy as np

        from emofusion.evaluation.arithmetic import bins_of, one_hot

        confidence = posteriors.max(axis=1)
        in_bin = one_hot(bins_of(confidence, self.bins), self.bins)
        return np.stack([in_bin * confidence[:, None], in_bin & (predicted == truth)[:, None]], axis=-1)

    def value(self, sums: "np.ndarray[Any, Any]", clips: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
        import numpy as np

        from emofusion.evaluation.arithmetic import ratio

        return ratio(np.abs(sums[..., 1] - sums[..., 0]).sum(axis=-1), clips)
