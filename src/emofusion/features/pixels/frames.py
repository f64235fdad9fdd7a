"""Pictures for a network, from the frames of a camera."""

from collections.abc import Hashable, Sequence

from PIL import Image

from emofusion.features.common.arrays import Array
from emofusion.features.common.frames import Seen
from emofusion.features.pixels import CROP_FACE, Pixels
from emofusion.features.pixels.compute import of_picture
from emofusion.recordings.pictures import shows_nothing
from emofusion.settings.encoding import canonical


class PixelsOfFrames:
    """The last frame as a row; see `FrameFeatures`.

    Where faces are cut out, a frame without one is not used. Otherwise the training saw whole pictures, so a frame is
    used unless it is black, or has one colour.
    """

    needs_past = False
    rate: float | None = None

    def __init__(self, settings: Pixels) -> None:
        """Raises `EmofusionError` where faces are to be cut out and dlib is not installed."""
        settings.check_installed("features")
        self.settings = settings
        self.looks_for_faces = settings.crop == CROP_FACE
        self.key: Hashable = canonical(settings)

    def see(self, image: Image.Image) -> Array | None:
        """uint8 `(3, size, size)`."""
        return None if shows_nothing(image) else of_picture(image, self.settings)

    def rows(self, seen: Sequence[Seen]) -> Array:
        """uint8 `(1, 3, size, size)`."""
        row: Array = seen[-1].found
        return row[None]
