"""All clips are tested by models that others trained elsewhere. Nothing is trained, and there are no folds."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self

from emofusion.protocols.common.within import OfCorpora

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class OnlyTest(OfCorpora):
    """Every clip is a test clip. The posteriors of each modality come from elsewhere."""

    trains: ClassVar[bool] = False

    kind: str = "test_only"

    def for_modality(self, modality: str) -> Self:
        """The protocol without the settings that do not change the split."""
        return replace(self, description="", seed=0, validation=0.0)

    def masks(self, clips: "pd.DataFrame") -> "list[tuple[pd.Series, pd.Series, pd.Series]]":
        """One fold in which every clip is a test clip."""
        import pandas as pd

        everyone = pd.Series(True, clips.index)
        return [(~everyone, ~everyone, everyone)]
