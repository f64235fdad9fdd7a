"""The class that most modalities find most probable."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from emofusion.settings.kinds import FusionRule, FusionTask

if TYPE_CHECKING:
    from emofusion.fusion.common.rules import Rule


@dataclass
class Majority(FusionRule):
    """One vote for each modality; the mean posterior decides between classes with as many votes."""

    kind: str = "majority"

    label: ClassVar[str] = "majority of votes"
    role: ClassVar[str] = "baseline"
    position: ClassVar[int] = 180

    def make(self, task: FusionTask) -> "Rule":
        from emofusion.fusion.common import rules

        return rules.Majority()
