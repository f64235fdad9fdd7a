"""The log-linear pool: the product of the posteriors, each to the power of a fitted exponent."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from emofusion.settings.kinds import FusionRule, FusionTask

if TYPE_CHECKING:
    from emofusion.fusion.common.rules import Rule


@dataclass
class LogLinear(FusionRule):
    """One exponent for each modality. The exponents have the lowest log loss on the clips it learns from."""

    kind: str = "log_linear"

    label: ClassVar[str] = "log-linear pool, a fitted exponent for each modality"
    learns: ClassVar[bool] = True
    swept_pool: ClassVar[str] = "product"
    position: ClassVar[int] = 130

    def make(self, task: FusionTask) -> "Rule":
        from emofusion.fusion.common.exponents import Exponents

        return Exponents()


@dataclass
class ProductGated(FusionRule):
    """Fitted exponents that depend on the entropy of the modality's posteriors of each clip."""

    kind: str = "product_gated"

    label: ClassVar[str] = "log-linear pool, fitted exponents that follow each clip's entropy"
    learns: ClassVar[bool] = True
    swept_pool: ClassVar[str] = "product"
    position: ClassVar[int] = 140

    def make(self, task: FusionTask) -> "Rule":
        from emofusion.fusion.common.exponents import Exponents

        return Exponents(gated=True)


@dataclass
class ProductBySpeaker(FusionRule):
    """Fitted exponents on log-posteriors that are centred on each speaker's own clips."""

    kind: str = "product_by_speaker"

    label: ClassVar[str] = "log-linear pool, fitted exponents, centred by speaker (transductive)"
    learns: ClassVar[bool] = True
    transductive: ClassVar[bool] = True
    swept_pool: ClassVar[str] = "product"
    position: ClassVar[int] = 150

    def make(self, task: FusionTask) -> "Rule":
        from emofusion.fusion.common.exponents import BySpeaker, Exponents

        return BySpeaker(Exponents())
