"""The linear pool with separate weights for each emotion."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from emofusion.settings.kinds import FusionRule, FusionTask

if TYPE_CHECKING:
    from emofusion.fusion.common.rules import Rule


@dataclass
class LinearPerEmotion(FusionRule):
    """Separate weights for each emotion. They have the lowest log loss on the clips it learns from."""

    kind: str = "linear_per_emotion"

    label: ClassVar[str] = "linear, weights for each emotion"
    learns: ClassVar[bool] = True
    position: ClassVar[int] = 60

    def make(self, task: FusionTask) -> "Rule":
        from emofusion.fusion.common.weighted import PerEmotion

        return PerEmotion(task.classes)
