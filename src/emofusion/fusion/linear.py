"""The linear pool, P_f = Σ_m w_m P_m (Jiang and Sato-Shimokawara, section 4.3), with weights from several methods."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from emofusion.settings.kinds import FusionRule, FusionTask

if TYPE_CHECKING:
    from emofusion.fusion.common.rules import Rule


@dataclass
class Linear(FusionRule):
    """The paper's rule: the weighted mean of the posteriors, with the weights in `fusion.weights`."""

    kind: str = "linear"

    label: ClassVar[str] = "linear, set weights"
    takes_weights: ClassVar[bool] = True
    position: ClassVar[int] = 10

    def make(self, task: FusionTask) -> "Rule":
        from emofusion.fusion.common.rules import Pool

        return Pool("linear", task.weights)


@dataclass
class LinearEqual(FusionRule):
    """The mean of the posteriors."""

    kind: str = "linear_equal"

    label: ClassVar[str] = "linear, equal weights"
    position: ClassVar[int] = 20

    def make(self, task: FusionTask) -> "Rule":
        from emofusion.fusion.common.rules import Pool

        return Pool("linear")


@dataclass
class LinearCalibrated(FusionRule):
    """The rule `linear`, whose fused posteriors are calibrated by one temperature."""

    kind: str = "linear_calibrated"

    label: ClassVar[str] = "linear, set weights, temperature after pooling"
    learns: ClassVar[bool] = True
    takes_weights: ClassVar[bool] = True
    position: ClassVar[int] = 30

    def make(self, task: FusionTask) -> "Rule":
        from emofusion.fusion.common.calibrated import Calibrated
        from emofusion.fusion.common.rules import Pool

        return Calibrated(Pool("linear", task.weights))


@dataclass
class LinearTuned(FusionRule):
    """The weights, in multiples of 1/`fusion.steps`, that recognise the most clips in the clips it learns from."""

    kind: str = "linear_tuned"

    label: ClassVar[str] = "linear, tuned weights"
    learns: ClassVar[bool] = True
    position: ClassVar[int] = 40

    def make(self, task: FusionTask) -> "Rule":
        from emofusion.fusion.common.weighted import Tuned

        return Tuned("linear", task.steps)


@dataclass
class LinearOracle(FusionRule):
    """The weights, in multiples of 1/`fusion.steps`, that recognise the most test clips: an upper bound for tuning."""

    kind: str = "linear_oracle"

    label: ClassVar[str] = "linear, best weights on test (oracle)"
    role: ClassVar[str] = "oracle"
    learns: ClassVar[bool] = True
    position: ClassVar[int] = 190

    def make(self, task: FusionTask) -> "Rule":
        from emofusion.fusion.common.weighted import Tuned

        return Tuned("linear", task.steps)
