"""Landmarks that dlib finds in clips' own videos and pictures."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from emofusion.counted import count
from emofusion.errors import Lacking
from emofusion.faces.landmarks import of_face
from emofusion.features.common.arrays import Array
from emofusion.features.common.landmark_settings import WITHOUT_FACE, LandmarkSettings
from emofusion.features.common.pictures import all_frames, holds_no_picture, read_image, require_pictures
from emofusion.recordings.pictures import as_rgb


def points_of_recordings(clips: pd.DataFrame, settings: LandmarkSettings) -> Callable[[Any], tuple[Array, Array]]:
    """The function from a clip to its points (frames, 68, 2) and the numbers of the frames (frames,).

    It raises `Lacking` where no face is found in a clip, and `EmofusionError` for a file that cannot be read.

    Raises:
        Lacking: clips have neither picture nor video.
        EmofusionError: dlib or its landmark model is not installed.
    """
    settings.check_installed("features")
    require_pictures(clips, "landmarks")
    return partial(_of_clip, face=settings.face, smallest=settings.smallest_face)


def _of_clip(clip: Any, face: str, smallest: float) -> tuple[Array, Array]:
    path = clip.image if pd.isna(clip.video) else clip.video
    images = [as_rgb(read_image(path))] if pd.isna(clip.video) else all_frames(path)
    points = [of_face(np.asarray(image), face, smallest) for image in images]
    if not points:
        raise holds_no_picture(path)
    found = {number: one for number, one in enumerate(points) if one is not None}
    if not found:
        raise Lacking(f"{path}: no face is found in any of its {len(points)} frames.", [clip.clip])
    count(WITHOUT_FACE, len(points) - len(found))
    return np.stack(list(found.values())), np.array(list(found))
