"""Cut a face out of a picture."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from emofusion.counted import count
from emofusion.faces.detection import Array, chosen, detect


@dataclass(frozen=True)
class Crop:
    """How a face is cut out.

    face: which one counts, see `detection.chosen`. smallest: see `detection.detect`. margin: what is added to its box
    on each side, as a share of the box's side.
    """

    face: str
    smallest: float
    margin: float


def cropped(image: Image.Image, crop: Crop) -> Image.Image | None:
    """The square around the face that counts; None where no face is found.

    What lies outside the picture is black. Pictures with several faces are counted.

    image: upright, in RGB.
    """
    faces = detect(np.asarray(image), crop.smallest)
    count(f"pictures with several faces, of which the {crop.face} counts", len(faces.boxes) > 1)
    box = chosen(faces, crop.face, image.size)
    return None if box is None else image.crop(square_around(box, crop.margin))


def square_around(box: Array, margin: float) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the square around a box (4,), with a margin as in `Crop`, in whole pixels."""
    left, top, right, bottom = box
    side = max(right - left, bottom - top) * (1 + 2 * margin)
    corner = round((left + right - side) / 2), round((top + bottom - side) / 2)
    return (*corner, corner[0] + round(side), corner[1] + round(side))
