"""The linear pool with weights for each clip that depend on how certain each modality is."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from emofusion.settings.kinds import FusionRule, FusionTask

if TYPE_CHECKING:
    from emofusion.fusion.common.rules import Rule


@dataclass
class LinearByConfidence(FusionRule):
    """Weights in proportion to the largest posterior of each modality."""

    kind: str = "linear_by_confidence"

    label: ClassVar[str] = "linear, weights by each clip's confidence"
    position: ClassVar[int] = 70

    def make(self, task: FusionTask) -> "Rule":
        from emofusion.fusion.common.rules import ByConfidence

        return ByConfidence()


@dataclass
class LinearByEntropy(FusionRule):
    """Weights in proportion to the difference between the largest possible entropy and the modality's entropy."""

    kind: str = "linear_by_entropy"

    label: ClassVar[str] = "linear, weights by each clip's entropy"
    position: ClassVar[int] = 80

    def make(self, task: FusionTask) -> "Rule":
        from emofusion.fusion.common.rules import ByEntropy

        return ByEntropy()
