"""The linear pool under weights for each emotion."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from emofusion.settings.kinds import FusionRule, FusionTask

if TYPE_CHECKING:
    from emofusion.fusion.common.rules import Rule


@dataclass
class LinearPerEmotion(FusionRule):
    """For each emotion the modalities have weights of their own, those of least log loss."""

    kind: str = "linear_per_emotion"

    label: ClassVar[str] = "linear, weights for each emotion"
    learns: ClassVar[bool] = True
    position: ClassVar[int] = 60

    def make(self, task: FusionTask) -> "Rule":
        from emofusion.fusion.common.weighted import PerEmotion

        return PerEmotion(task.classes)
