"""Find the faces in a picture, and choose the one that counts."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from emofusion.faces.library import LOCK, detector

_WINDOW = 80  # pixels: the side of the smallest face that dlib's detector finds

Array = NDArray[Any]


class Faces(NamedTuple):
    """The faces in a picture, the surest first.

    boxes: float64 (n, 4): left, top, right and bottom in pixels. A box goes from the brows to the chin, and may reach
    beyond the picture. scores: float64 (n,), above 0; a clear face from the front has 1 to 3.
    """

    boxes: Array
    scores: Array


def detect(picture: Array, smallest: float) -> Faces:
    """The faces in a picture that look about into the camera.

    The method is dlib's: a linear classifier of histograms of oriented gradients, which slides over an image pyramid
    (Dalal and Triggs, "Histograms of oriented gradients for human detection", CVPR 2005; King, "Max-margin object
    detection", arXiv 1502.00046, 2015). Its window has 80 pixels, so the picture is first scaled so that the smallest
    face has them. The cost grows with the square of `1 / smallest`.

    Args:
        picture: uint8 (height, width, 3), RGB, upright.
        smallest: the side of the smallest face that must be found, as a share of the picture's longer side.
    """
    height, width = picture.shape[:2]
    scale = _WINDOW / (smallest * max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    scaled = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR))
    with LOCK:
        found, scores, _ = detector().run(scaled, 0, 0.0)
    # dlib counts the last pixel of a box as its inside
    boxes = [(box.left(), box.top(), box.right() + 1, box.bottom() + 1) for box in found]
    stretched = np.array([width / size[0], height / size[1]] * 2)
    return Faces(np.array(boxes, float).reshape(-1, 4) * stretched, np.array(scores, float))


def chosen(faces: Faces, which: str, size: tuple[int, int]) -> Array | None:
    """The box (4,) of the face that counts; None without a face. Of equal faces, the surest counts.

    Args:
        faces: in a picture.
        which: `largest`, or `central`: the one whose middle is nearest to that of the picture.
        size: width and height of the picture.
    """
    if not len(faces.boxes):
        return None
    left, top, right, bottom = faces.boxes.T
    if which == "largest":
        rank = -(right - left) * (bottom - top)
    else:
        rank = np.hypot((left + right - size[0]) / 2, (top + bottom - size[1]) / 2)
    box: Array = faces.boxes[int(np.argmin(rank))]
    return box
