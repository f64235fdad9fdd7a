"""Statistics over time of each acoustic channel of a recording: one row of fixed length for each clip."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emofusion.features.common.acoustic_settings import AcousticSettings
from emofusion.features.common.speeds import FeaturesAtSpeeds
from emofusion.settings.fields import must

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

SLOPE_FRAMES = 4  # a slope is taken over so many frames: 64 ms at the default hop

_PERCENTILES = tuple(f"percentile_{percentile}" for percentile in (1, 10, 25, 50, 75, 90, 99))
_SLOPES = ("slope_deviation", "slope_size", "slope_percentile_5", "slope_percentile_95")
STATISTICS = ("mean", "deviation", *_PERCENTILES, "quartile_range", "range", *_SLOPES)


@dataclass
class AcousticStatistics(AcousticSettings, FeaturesAtSpeeds):
    """Statistics of the acoustic features. The setting `padding` has no effect, because nothing is padded."""

    kind: str = "acoustic_statistics"

    def row_shape(self) -> tuple[int]:
        """`(statistics * channels + 1,)`: statistic by statistic, and last the length in frames."""
        return (len(STATISTICS) * len(self.channel_names()) + 1,)

    def prepare(self, clips: "pd.DataFrame") -> "Callable[[Any], np.ndarray[Any, Any]]":
        """The function that turns a clip into float32 `(1 + speeds, values)`.

        Raises `EmofusionError` for clips without sound and for settings that librosa cannot work with. The function
        raises it for a recording that is too short.
        """
        from emofusion.features.acoustic_statistics.compute import prepare

        return prepare(clips, self)

    def check_together(self, name: str) -> None:
        """Check as for the acoustic features, and raise `EmofusionError` if the duration is too short for a slope."""
        super().check_together(name)
        shortest = (SLOPE_FRAMES + 1) * self.hop
        must(
            self.duration is None or self.samples >= shortest,
            f"{name}.duration={self.duration}: at least {SLOPE_FRAMES + 1} hops of {name}.hop={self.hop}, "
            f"{shortest / self.sample_rate:g} s",
        )
