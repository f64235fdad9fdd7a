"""Pictures, or frames of a video, as square RGB images."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from emofusion.features.common.face_settings import FeaturesOfFaces
from emofusion.settings.fields import setting

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from emofusion.features.common.frames import FrameFeatures

CROP_FACE = "face"  # value of the setting `crop`
WITHOUT_FACE = "frames of videos without a face, in whose place the nearest frame with one is taken"


@dataclass
class Pixels(FeaturesOfFaces):
    """Pictures as the paper's section 3.2 prepares them: RGB, fitted into a square. Networks scale them to 0–1.

    With `crop=face`, the picture is first cut to the face. A picture without a face, and a video without one in any of
    its frames, then lacks the modality.
    """

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
    crop: str = setting(
        "What of a picture is used: all of it (none), or a square around the face, which dlib finds (face).",
        "none",
        choices=["none", CROP_FACE],
        later=True,
    )
    margin: float = setting(
        "With crop=face: what is added to the face on each side, as a share of its side, which goes from the brows to "
        "the chin.",
        0.2,
        least=0,
        most=3,
        later=True,
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

    def of_frames(self, frame_rate: float) -> "FrameFeatures":
        """The last frame. A video's frames were averaged in the training; here, smoothing over time does it."""
        from emofusion.features.pixels.frames import PixelsOfFrames

        return PixelsOfFrames(self)

    def check_together(self, name: str) -> None:
        """Raise `EmofusionError` where settings of the crop are set and nothing is cropped."""
        if self.crop != CROP_FACE:
            self.check_only_with(f"crop={CROP_FACE}", ("margin", "face", "smallest_face"), name)

    def check_installed(self, name: str) -> None:
        """Raise `EmofusionError` where a face is to be cut out and dlib is not installed. `name`: the full name."""
        if self.crop == CROP_FACE:
            from emofusion.faces.library import DLIB, check_installed

            check_installed(f"{name}.crop={CROP_FACE}", DLIB)

    def libraries(self) -> tuple[str, ...]:
        """dlib, where it finds faces."""
        return ("dlib",) if self.crop == CROP_FACE else ()

    def always_counted(self) -> tuple[str, ...]:
        """Frames without a face, where faces are cut out."""
        return (WITHOUT_FACE,) if self.crop == CROP_FACE else ()
