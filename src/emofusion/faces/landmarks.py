"""The 68 landmarks of a face, in the order of iBUG's 300-W."""

from importlib import import_module

import numpy as np
from PIL import Image

from emofusion.faces.crop import square_around
from emofusion.faces.detection import Array, chosen, detect
from emofusion.faces.library import DLIB, predictor

_SIDE = 320  # pixels that a face has at least when its landmarks are sought: dlib gives them in whole pixels
_MARGIN = 0.5  # of the part that is enlarged; landmarks lie within it


def landmarks(picture: Array, box: Array) -> Array:
    """The landmarks of a face, float64 (68, 2): x and y in pixels of the picture.

    The method is dlib's ensemble of regression trees (Kazemi and Sullivan, "One millisecond face alignment with an
    ensemble of regression trees", CVPR 2014), trained on iBUG's 300-W (Sagonas et al. 2016) with boxes of its detector.
    Small faces are enlarged first, so that whole pixels are fine enough for them, too.

    Args:
        picture: uint8 (height, width, 3), RGB, upright.
        box: of a face (4,), from `detection.detect`.
    """
    side = max(box[2] - box[0], box[3] - box[1])
    if side >= _SIDE:
        return _predicted(picture, box)
    left, top, right, bottom = square_around(box, _MARGIN)
    scale = _SIDE / side
    part = Image.fromarray(picture).crop((left, top, right, bottom))
    size = round((right - left) * scale), round((bottom - top) * scale)
    corner = np.array([left, top])
    stretched = np.array(size) / [right - left, bottom - top]
    inside = (box.reshape(2, 2) - corner) * stretched
    enlarged = np.asarray(part.resize(size, Image.Resampling.BILINEAR))
    # a point in whole pixels stands in the middle of its pixel, and corners of boxes between pixels
    points: Array = (_predicted(enlarged, inside.ravel()) + 0.5) / stretched + corner - 0.5
    return points


def of_face(picture: Array, face: str, smallest: float) -> Array | None:
    """The landmarks (68, 2) of the face that counts; None where no face is found.

    Args:
        picture: uint8 (height, width, 3), RGB, upright.
        face: which one counts, see `detection.chosen`.
        smallest: see `detection.detect`.
    """
    box = chosen(detect(picture, smallest), face, (picture.shape[1], picture.shape[0]))
    return None if box is None else landmarks(picture, box)


def _predicted(picture: Array, box: Array) -> Array:
    left, top, right, bottom = np.round(box).astype(int).tolist()
    # dlib counts the last pixel of a box as its inside
    area = import_module(DLIB).rectangle(left, top, right - 1, bottom - 1)
    return np.array([(point.x, point.y) for point in predictor()(picture, area).parts()], float)
