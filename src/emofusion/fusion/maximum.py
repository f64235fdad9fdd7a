"""The max rule: a class gets its largest posterior over all modalities."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from emofusion.settings.kinds import FusionRule, FusionTask

if TYPE_CHECKING:
    from emofusion.fusion.common.rules import Rule


@dataclass
class Maximum(FusionRule):
    """The largest posterior over all modalities, normalised: the max rule of Kittler et al. 1998 (doi
    10.1109/34.667881).
    """

    kind: str = "maximum"

    label: ClassVar[str] = "greatest posterior"
    role: ClassVar[str] = "baseline"
    position: ClassVar[int] = 170

    def make(self, task: FusionTask) -> "Rule":
        from emofusion.fusion.common import rules

        return rules.Maximum()
