"""The base class of fusion rules, and what a rule is made for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from emofusion.settings.kinds.base import Kind

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class FusionTask:
    """What a fusion rule is made for: `weights` and `steps` as in `fusion`, the modalities and the classes in order."""

    modalities: Sequence[str]
    classes: Sequence[str]
    weights: "np.ndarray[Any, Any]"
    steps: int


@dataclass
class FusionRule(Kind):
    """A rule that fuses the posteriors of several modalities.

    Class attributes:
        label: the rule in words, for tables.
        role: rule, baseline, or oracle (its parameters are learnt from the very clips that it is tested on).
        learns: whether it has parameters to fit.
        transductive: whether it uses all unlabelled clips of a test speaker.
        takes_weights: whether it uses the weights that are set (`fusion.weights`).
        swept_pool: the pool (linear or product) whose sweep of weights stands beside the rule in figures.
        position: where the rule stands in tables; rules of the same position are in the order of their names.
    """

    family: ClassVar[str] = "fusion"
    needs: ClassVar[tuple[str, ...]] = ("make",)
    declares: ClassVar[tuple[str, ...]] = ("label",)
    label: ClassVar[str] = ""
    role: ClassVar[str] = "rule"
    learns: ClassVar[bool] = False
    transductive: ClassVar[bool] = False
    takes_weights: ClassVar[bool] = False
    swept_pool: ClassVar[str] = "linear"
    position: ClassVar[int] = 1000

    def make(self, task: FusionTask) -> Any:
        """An unfitted rule with `fit(members, truth)`, `fuse(members)` and `parameters`: see `fusion.common.rules`."""
        raise NotImplementedError
