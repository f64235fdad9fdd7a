"""Contours of the acoustic channels of a recording: their means in equal parts of it, one row for each clip."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emofusion.features.common.acoustic_settings import AcousticSettings
from emofusion.features.common.speeds import FeaturesAtSpeeds
from emofusion.settings.fields import must, setting

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


@dataclass
class AcousticContours(AcousticSettings, FeaturesAtSpeeds):
    """Means of the acoustic features in equal parts of a recording, so that its course is seen whatever its length.

    The setting `padding` has no effect, because nothing is padded.
    """

    kind: str = "acoustic_contours"
    pieces: int = setting("Number of equal parts of a recording.", 8, least=1, most=1000)

    def row_shape(self) -> tuple[int]:
        """`(pieces * channels,)`: all channels of the first part, then of the next."""
        return (self.pieces * len(self.channel_names()),)

    def prepare(self, clips: "pd.DataFrame") -> "Callable[[Any], np.ndarray[Any, Any]]":
        """The function that turns a clip into float32 `(1 + speeds, values)`.

        Raises `EmofusionError` for clips without sound and for settings that librosa cannot work with. The function
        raises it for a recording that has fewer frames than parts.
        """
        from emofusion.features.acoustic_contours.compute import prepare

        return prepare(clips, self)

    def check_together(self, name: str) -> None:
        """Check as for the acoustic features, and raise `EmofusionError` where there are fewer frames than parts."""
        super().check_together(name)
        if self.duration is not None:
            must(
                self.frames >= self.pieces,
                f"{name}.pieces={self.pieces}: at most {self.frames}, the frames of {name}.duration={self.duration}",
            )
