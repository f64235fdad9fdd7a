"""The rule that other people's clips would have chosen among all rules of the table."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from emofusion.settings.kinds import FusionRule, FusionTask

if TYPE_CHECKING:
    from emofusion.fusion.common.rules import Rule


@dataclass
class Chosen(FusionRule):
    """The rule of `fusion.compare` with the lowest log loss in a cross-validation over the actors it learns from.

    Each group of test clips has a choice of its own, in which none of its actors had a part. Candidates are the rules
    that use no configured weights and see one clip at a time; baselines and oracles are none.
    """

    kind: str = "chosen"

    label: ClassVar[str] = "chosen on other folds"
    learns: ClassVar[bool] = True
    chooses: ClassVar[bool] = True
    swept_pool: ClassVar[str] = "product"
    position: ClassVar[int] = 165

    def make(self, task: FusionTask) -> "Rule":
        from emofusion.fusion.common.choice import Candidate, Choice

        return Choice([Candidate(rule.kind, rule.learns, partial(rule.make, task)) for rule in task.candidates])
