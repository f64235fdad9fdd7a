"""All people at once: one model that learns from everybody whom an experiment's folds train, for use afterwards."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from emofusion.settings.kinds.derived import DerivedProtocol

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class Everyone(DerivedProtocol):
    """One fold, in which nobody is tested, and all train whom a fold of another protocol trains.

    A share of them validates, as in that protocol (`validation`). Nobody chooses it as a protocol: the plan makes it of
    the experiment's protocol where `registration.weights=all`, by `Everyone.of`.
    """

    tests: ClassVar[bool] = False

    kind: str = "everyone"

    def fold_in_words(self, fold: int, folds: int) -> str:
        """The only fold."""
        return "the training on everybody (registration.weights=all)"

    def tested_actors(self, clips: "pd.DataFrame", folds: "list[tuple[pd.Series, pd.Series, pd.Series]]") -> set[str]:
        """Those of the protocol: features are centred on enrolment clips as they are in the experiment."""
        tested: set[str] = self.protocol.tested_actors(clips, self.protocol.masks(clips))
        return tested

    def masks(self, clips: "pd.DataFrame") -> "list[tuple[pd.Series, pd.Series, pd.Series]]":
        """One fold. Validation actors are drawn from all. Raises `EmofusionError` where there are too few actors."""
        from emofusion.protocols.common.split import with_validation

        may_train = clips["corpus"].isna()
        for train, validation, _ in self.protocol.masks(clips):
            may_train |= train | validation
        return [with_validation(clips, may_train, may_train & False, self, fold=0)]
