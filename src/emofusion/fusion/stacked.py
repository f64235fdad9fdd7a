"""Logistic regression on the log-posteriors of all modalities."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from emofusion.settings.fields import setting
from emofusion.settings.kinds import FusionRule, FusionTask

if TYPE_CHECKING:
    from emofusion.fusion.common.rules import Rule


@dataclass
class Stacked(FusionRule):
    """Multinomial logistic regression on all log-posteriors: stacked generalisation (Wolpert 1992, doi
    10.1016/S0893-6080(05)80023-1).
    """

    kind: str = "stacked"
    strengths: list[float] = setting(
        "Candidates for scikit-learn's C, the inverse of the penalty. Cross-validation over actors chooses the one "
        "with the lowest log loss. With too few actors, the first is used.",
        [0.1, 0.01, 1.0],
        above=0,
        most=1_000_000,
        shortest=1,
        distinct=True,
    )

    label: ClassVar[str] = "stacked logistic regression"
    learns: ClassVar[bool] = True
    position: ClassVar[int] = 160

    def make(self, task: FusionTask) -> "Rule":
        from emofusion.fusion.common.stacking import Stacking

        return Stacking(self.strengths)
