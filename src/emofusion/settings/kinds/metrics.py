"""The base class of metrics."""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Self

from emofusion.settings.kinds.base import Kind

if TYPE_CHECKING:
    import numpy as np


@dataclass
class Metric(Kind):
    """A metric that is a function of sums over clips, so that a bootstrap over actors costs one matrix product.

    `terms` gives the numbers that each clip adds to the sums. They are added up once, by system, actor and true
    emotion. `value` then turns the sums of any subset of clips, or of any resample of the actors, into the metric.

    Class attributes:
        label: the metric in words.
        over_emotions: whether the metric needs several emotions, for example because it is a mean over emotions. It is
            then not computed for a single emotion.
        least, most: inclusive bounds of the metric, which tables are checked against; None for no bound.
        is_share: whether it is a share, which is shown in percent. Other metrics are shown as plain numbers.
        has_interval: whether an interval over actors holds the true value about as often as it should. A metric that
            chance alone makes greater has none.
        is_tracked: whether it is logged to MLflow.
        position: the metric's position in tables. Metrics of the same position are sorted by name.
    """

    family: ClassVar[str] = "metrics"
    needs: ClassVar[tuple[str, ...]] = ("terms", "value")
    declares: ClassVar[tuple[str, ...]] = ("label",)
    label: ClassVar[str] = ""
    over_emotions: ClassVar[bool] = False
    least: ClassVar[float | None] = None
    most: ClassVar[float | None] = None
    is_share: ClassVar[bool] = False
    has_interval: ClassVar[bool] = True
    is_tracked: ClassVar[bool] = True
    position: ClassVar[int] = 1000

    @classmethod
    def for_evaluation(cls, evaluation: Any) -> Self:
        """The metric with the values of the node `evaluation`: fields of the same name get the same value."""
        names = [field.name for field in fields(cls) if field.name != "kind" and hasattr(evaluation, field.name)]
        return cls(**{name: getattr(evaluation, name) for name in names})

    def terms(
        self, posteriors: "np.ndarray[Any, Any]", truth: "np.ndarray[Any, Any]", predicted: "np.ndarray[Any, Any]"
    ) -> "np.ndarray[Any, Any]":
        """The numbers or booleans that each clip adds to the sums.

        Args:
            posteriors: `(clips, K)`, for the K emotions that occur or that a system knows. An emotion that this system
                does not know has the posterior 0.
            truth: `(clips,)`, the position of the true emotion among the K emotions.
            predicted: `(clips,)`, the position of the predicted emotion.

        Returns:
            `(clips, *any)`, where the shape `any` is free.
        """
        raise NotImplementedError

    def value(self, sums: "np.ndarray[Any, Any]", clips: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
        """The metric of each set of sums.

        `emofusion.evaluation.arithmetic.ratio` divides without a warning where the divisor is 0.

        Args:
            sums: `(…, *any)`, sums of `terms`. The leading axes may run over resamples of the actors; a clip counts as
                often as its actor was drawn.
            clips: `(…)`, the number of clips in each sum.

        Returns:
            `(…)`; NaN where the metric is not defined, for example for 0 clips.
        """
        raise NotImplementedError
