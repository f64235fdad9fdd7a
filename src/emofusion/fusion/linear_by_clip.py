"""The linear pool under weights that follow how sure each modality is of each clip."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from emofusion.settings.kinds import FusionRule, FusionTask

if TYPE_CHECKING:
    from emofusion.fusion.common.rules import Rule


@dataclass
class LinearByConfidence(FusionRule):
    """Weights in proportion to each modality's greatest posterior."""

    kind: str = "linear_by_confidence"

    label: ClassVar[str] = "linear, weights by each clip's confidence"
    position: ClassVar[int] = 70

    def make(self, task: FusionTask) -> "Rule":
        from emofusion.fusion.common.rules import ByConfidence

        return ByConfidence()


@dataclass
class LinearByEntropy(FusionRule):
    """Weights in proportion to how far each modality's entropy is below the greatest possible."""

    kind: str = "linear_by_entropy"

    label: ClassVar[str] = "linear, weights by each clip's entropy"
    position: ClassVar[int] = 80

    def make(self, task: FusionTask) -> "Rule":
        from emofusion.fusion.common.rules import ByEntropy

        return ByEntropy()
