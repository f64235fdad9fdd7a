"""The base class of fusion rules, and the task that a rule is made for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from emofusion.settings.kinds.base import Kind

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class FusionTask:
    """The task that a fusion rule is made for.

    modalities: in the order of the columns (M of them). classes: the emotions in order (K of them). weights: `(M,)`,
    sum 1. steps: rules search weights on a grid of multiples of 1/steps. candidates: the rules that a rule which
    `chooses` can choose from.
    """

    modalities: Sequence[str]
    classes: Sequence[str]
    weights: "np.ndarray[Any, Any]"
    steps: int
    candidates: "Sequence[FusionRule]" = ()


@dataclass
class FusionRule(Kind):
    """A rule that fuses the posteriors of several modalities.

    Class attributes:
        label: the rule in words, for tables.
        role: rule, baseline, or oracle. An oracle learns its parameters from the clips that it is tested on.
        learns: whether it has parameters to fit.
        transductive: whether it uses all unlabelled clips of a test speaker.
        takes_weights: whether it uses the configured weights (`fusion.weights`).
        chooses: whether it chooses one of the other rules that are compared, see `is_candidate`.
        swept_pool: the pool (linear or product) whose sweep of weights is shown beside the rule in figures.
        position: the rule's position in tables. Rules of the same position are sorted by name.
    """

    family: ClassVar[str] = "fusion"
    needs: ClassVar[tuple[str, ...]] = ("make",)
    declares: ClassVar[tuple[str, ...]] = ("label",)
    label: ClassVar[str] = ""
    role: ClassVar[str] = "rule"
    learns: ClassVar[bool] = False
    transductive: ClassVar[bool] = False
    takes_weights: ClassVar[bool] = False
    chooses: ClassVar[bool] = False
    swept_pool: ClassVar[str] = "linear"
    position: ClassVar[int] = 1000

    def make(self, task: FusionTask) -> Any:
        """An unfitted rule with `fit(members, truth)`, `fuse(members)` and `parameters`, see `fusion.common.rules`."""
        raise NotImplementedError

    @property
    def is_candidate(self) -> bool:
        """Whether a rule that `chooses` can choose it.

        Baselines and oracles are none. A transductive rule needs more than the clip, and a rule with configured weights
        would make the choice, which cells with other weights share, depend on them.
        """
        return self.role == "rule" and not (self.chooses or self.transductive or self.takes_weights)
