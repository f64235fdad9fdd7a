"""The product, P_f ∝ Π_m P_m^w_m, with weights that sum to 1 (a logarithmic pool: Genest and Zidek 1986).

`log_linear` has the same rule with fitted exponents, whose sum may differ from 1.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from emofusion.settings.kinds import FusionRule, FusionTask

if TYPE_CHECKING:
    from emofusion.fusion.common.rules import Rule


@dataclass
class Product(FusionRule):
    """The weighted geometric mean of the posteriors, normalised, with the weights in `fusion.weights`."""

    kind: str = "product"

    label: ClassVar[str] = "product, set weights"
    takes_weights: ClassVar[bool] = True
    swept_pool: ClassVar[str] = "product"
    position: ClassVar[int] = 90

    def make(self, task: FusionTask) -> "Rule":
        from emofusion.fusion.common.rules import Pool

        return Pool("product", task.weights)


@dataclass
class ProductEqual(FusionRule):
    """The normalised geometric mean of the posteriors."""

    kind: str = "product_equal"

    label: ClassVar[str] = "product, equal weights"
    swept_pool: ClassVar[str] = "product"
    position: ClassVar[int] = 100

    def make(self, task: FusionTask) -> "Rule":
        from emofusion.fusion.common.rules import Pool

        return Pool("product")


@dataclass
class ProductCalibrated(FusionRule):
    """The rule `product`, whose fused posteriors are calibrated by one temperature."""

    kind: str = "product_calibrated"

    label: ClassVar[str] = "product, set weights, temperature after pooling"
    learns: ClassVar[bool] = True
    takes_weights: ClassVar[bool] = True
    swept_pool: ClassVar[str] = "product"
    position: ClassVar[int] = 110

    def make(self, task: FusionTask) -> "Rule":
        from emofusion.fusion.common.calibrated import Calibrated
        from emofusion.fusion.common.rules import Pool

        return Calibrated(Pool("product", task.weights))


@dataclass
class ProductTuned(FusionRule):
    """The weights, in multiples of 1/`fusion.steps`, that recognise the most clips in the clips it learns from."""

    kind: str = "product_tuned"

    label: ClassVar[str] = "product, tuned weights"
    learns: ClassVar[bool] = True
    swept_pool: ClassVar[str] = "product"
    position: ClassVar[int] = 120

    def make(self, task: FusionTask) -> "Rule":
        from emofusion.fusion.common.weighted import Tuned

        return Tuned("product", task.steps)


@dataclass
class ProductOracle(FusionRule):
    """The weights, in multiples of 1/`fusion.steps`, that recognise the most test clips: an upper bound for tuning."""

    kind: str = "product_oracle"

    label: ClassVar[str] = "product, best weights on test (oracle)"
    role: ClassVar[str] = "oracle"
    learns: ClassVar[bool] = True
    swept_pool: ClassVar[str] = "product"
    position: ClassVar[int] = 200

    def make(self, task: FusionTask) -> "Rule":
        from emofusion.fusion.common.weighted import Tuned

        return Tuned("product", task.steps)
