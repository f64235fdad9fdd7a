"""The setting `speeds`: features of a recording, and of copies of it that are played at other speeds."""

from dataclasses import dataclass, replace
from typing import Any, Self

from emofusion.settings.fields import setting
from emofusion.settings.kinds import Features


@dataclass
class FeaturesAtSpeeds(Features):
    """Features with one row for a clip as it was recorded, and one for each of the `speeds`."""

    speeds: list[float] = setting(
        "Models also train on each recording as if it were played at these speeds: each epoch takes one version of a "
        "clip at random. Tests use the recording alone.",
        [],
        least=0.5,
        most=2,
        distinct=True,
    )

    def rows_of(self, clip: Any) -> int:
        """One row for the recording, and one for each speed."""
        return 1 + len(self.speeds)

    def several_rows_are_views(self) -> bool:
        """True: rows at other speeds are altered copies for training."""
        return bool(self.speeds)

    def for_scoring(self) -> Self:
        """The same features of the recording alone: the altered copies are for training."""
        return replace(self, speeds=[])
