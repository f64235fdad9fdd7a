"""Majority voting: the class that is the most probable one for the most modalities."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from emofusion.settings.kinds import FusionRule, FusionTask

if TYPE_CHECKING:
    from emofusion.fusion.common.rules import Rule


@dataclass
class Majority(FusionRule):
    """One vote for each modality. The mean posterior decides between classes with equally many votes."""

    kind: str = "majority"

    label: ClassVar[str] = "majority of votes"
    role: ClassVar[str] = "baseline"
    position: ClassVar[int] = 180

    def make(self, task: FusionTask) -> "Rule":
        from emofusion.fusion.common import rules

        return rules.Majority()
