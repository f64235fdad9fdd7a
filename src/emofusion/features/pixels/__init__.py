"""Pictures, or frames of a video, as square RGB images."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from emofusion.settings.fields import setting
from emofusion.settings.kinds import Features

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


@dataclass
class Pixels(Features):
    """Pictures as the paper's section 3.2 prepares them: RGB, fitted into a square. Networks scale them to 0–1."""

    media: ClassVar[tuple[str, ...]] = ("image", "video")
    standardised: ClassVar[bool] = False

    kind: str = "pixels"
    size: int = setting("Height and width of a picture in pixels; a backbone needs 32.", 224, least=8, most=2048)
    frames: int = setting(
        "How many frames of a video are taken, evenly through the clip; their posteriors are averaged.",
        5,
        least=1,
        most=1000,
    )

    def dtype(self) -> "np.dtype[Any]":
        """Whole numbers from 0 to 255."""
        import numpy as np

        return np.dtype(np.uint8)

    def row_shape(self) -> tuple[int, int, int]:
        """`(3, size, size)`: red, green and blue."""
        return 3, self.size, self.size

    def rows_of(self, clip: Any) -> int:
        """One row for a still picture, `frames` rows for a video."""
        import pandas as pd

        return self.frames if pd.isna(clip.image) else 1

    def prepare(self, clips: "pd.DataFrame") -> "Callable[[Any], np.ndarray[Any, Any]]":
        """The function that turns a clip into uint8 `(rows, 3, size, size)`.

        Raises `EmofusionError` for clips with neither picture nor video.
        """
        from emofusion.features.pixels.compute import prepare

        return prepare(clips, self)
