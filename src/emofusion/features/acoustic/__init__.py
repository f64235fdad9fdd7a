"""The seven acoustic features of the paper's section 3.2, as channels over frames."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emofusion.features.common.acoustic_settings import AcousticSettings

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


@dataclass
class Acoustic(AcousticSettings):
    """MFCCs, pitch, mel spectrogram, spectral centroid, flatness, zero-crossing rate and contrast of each frame."""

    kind: str = "acoustic"

    def row_shape(self) -> tuple[int, int]:
        """`(channels, frames)`."""
        return len(self.channel_names()), self.frames

    def prepare(self, clips: "pd.DataFrame") -> "Callable[[Any], np.ndarray[Any, Any]]":
        """The function that turns a clip into float32 `(1, channels, frames)`.

        Raises `EmofusionError` for clips without sound, and for settings that librosa cannot work with.
        """
        from emofusion.features.acoustic.compute import prepare

        return prepare(clips, self)
