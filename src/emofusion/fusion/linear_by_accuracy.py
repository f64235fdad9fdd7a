"""The linear pool with weights in proportion to the accuracy of each single modality."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from emofusion.settings.kinds import FusionRule, FusionTask

if TYPE_CHECKING:
    from emofusion.fusion.common.rules import Rule


@dataclass
class LinearByAccuracy(FusionRule):
    """Weights in proportion to the accuracies of the modalities. This is the paper's argument for 0.7 and 0.3."""

    kind: str = "linear_by_accuracy"

    label: ClassVar[str] = "linear, weights by unimodal accuracy"
    learns: ClassVar[bool] = True
    position: ClassVar[int] = 50

    def make(self, task: FusionTask) -> "Rule":
        from emofusion.fusion.common.weighted import ByAccuracy

        return ByAccuracy()
