"""The base class of metrics."""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Self

from emofusion.settings.kinds.base import Kind

if TYPE_CHECKING:
    import numpy as np


@dataclass
class Metric(Kind):
    """A figure that is a function of sums over clips, so that it can be resampled over actors at the cost of a product.

    `terms` says what each clip adds to the sums. They are added up once, by system, actor and true emotion; `value`
    then turns the sums of any subset of clips, or of any resample of the actors, into the figure.

    Class attributes:
        label: the figure in words.
        over_emotions: whether it is a mean over emotions, or else needs several, so that one emotion alone has none.
        least, most: inclusive bounds of the figure, against which tables are checked; None for no bound.
        is_share: whether it is a share, which is shown in percent; others are shown as plain numbers.
        is_tracked: whether MLflow gets it, to compare runs by.
        position: where the figure stands in tables; figures of the same position are in the order of their names.
    """

    family: ClassVar[str] = "metrics"
    needs: ClassVar[tuple[str, ...]] = ("terms", "value")
    declares: ClassVar[tuple[str, ...]] = ("label",)
    label: ClassVar[str] = ""
    over_emotions: ClassVar[bool] = False
    least: ClassVar[float | None] = None
    most: ClassVar[float | None] = None
    is_share: ClassVar[bool] = False
    is_tracked: ClassVar[bool] = True
    position: ClassVar[int] = 1000

    @classmethod
    def for_evaluation(cls, evaluation: Any) -> Self:
        """The metric for the node `evaluation`: each of its settings takes the value of the node's of the same name."""
        names = [field.name for field in fields(cls) if field.name != "kind" and hasattr(evaluation, field.name)]
        return cls(**{name: getattr(evaluation, name) for name in names})

    def terms(
        self, posteriors: "np.ndarray[Any, Any]", truth: "np.ndarray[Any, Any]", predicted: "np.ndarray[Any, Any]"
    ) -> "np.ndarray[Any, Any]":
        """What each clip adds to the sums: numbers or booleans, `(clips, *any)`.

        posteriors: `(clips, K)`, 0 for an emotion that the system does not know. truth, predicted: `(clips,)`,
        positions among the K emotions, which are those that occur or that a system knows.
        """
        raise NotImplementedError

    def value(self, sums: "np.ndarray[Any, Any]", clips: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
        """The figures (…) of sums `(…, *any)` over so many clips (…); NaN where there is none, as where clips are 0.

        The leading axis runs over resamples, in which a clip counts as often as its actor was drawn.
        `emofusion.evaluation.arithmetic.ratio` divides without a warning where the divisor is 0.
        """
        raise NotImplementedError
