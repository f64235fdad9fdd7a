"""Landmarks that dlib finds in clips' own videos and pictures."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from emofusion.counted import count
from emofusion.errors import EmofusionError, Lacking
from emofusion.faces.landmarks import of_face
from emofusion.features.common.arrays import Array
from emofusion.features.common.landmark_settings import WITHOUT_FACE, LandmarkSettings
from emofusion.features.common.pictures import all_frames, holds_no_picture, read_image, require_pictures
from emofusion.recordings.pictures import as_rgb

_CLOSE = 1e-3  # frames by which a wanted time may miss a frame's own, and still be at this frame


def points_of_recordings(clips: pd.DataFrame, settings: LandmarkSettings) -> Callable[[Any], tuple[Array, Array]]:
    """The function from a clip to its points (frames, 68, 2) and the numbers of the frames (frames,).

    It raises `Lacking` where no face is found in a clip, and `EmofusionError` for a file that cannot be read.

    Raises:
        Lacking: clips have neither picture nor video.
        EmofusionError: dlib or its landmark model is not installed.
    """
    settings.check_installed("features")
    require_pictures(clips, "landmarks")
    return partial(_of_clip, settings=settings)


def at_rate(points: Array, numbers: Array, times: Array, rate: float) -> tuple[Array, Array]:
    """Points at equal distances in time, by linear interpolation between frames that follow each other.

    Args:
        points: (seen frames, 68, 2).
        numbers: (seen frames,), the number of each of these frames, rising.
        times: (frames,), when each frame of the video is shown, seen or not, in seconds, rising.
        rate: points that are wanted a second.

    Returns:
        Points (n, 68, 2) and their numbers (n,), counted at the rate from the video's first frame. Between frames of
        which one is not seen there are none.
    """
    wanted = times[0] + np.arange(int((times[-1] - times[0]) * rate + _CLOSE) + 1) / rate
    frame = np.interp(wanted, times, np.arange(len(times)))
    # a frame's own time may be a little off
    neighbours = np.floor(frame + _CLOSE), np.ceil(frame - _CLOSE)
    is_seen = np.isin(neighbours[0], numbers) & np.isin(neighbours[1], numbers)
    values = points.reshape(len(points), -1).T
    made = np.stack([np.interp(wanted[is_seen], times[numbers], one) for one in values], axis=1)
    return made.reshape(-1, *points.shape[1:]), np.flatnonzero(is_seen)


def _of_clip(clip: Any, settings: LandmarkSettings) -> tuple[Array, Array]:
    is_still = pd.isna(clip.video)
    path = clip.image if is_still else clip.video
    shown = [(as_rgb(read_image(path)), 0.0)] if is_still else all_frames(path)
    points, times = [], []
    for image, time in shown:
        points.append(of_face(np.asarray(image), settings.face, settings.smallest_face))
        times.append(time)
    if not points:
        raise holds_no_picture(path)
    found = {number: one for number, one in enumerate(points) if one is not None}
    if not found:
        raise Lacking(f"{path}: no face is found in any of its {len(points)} frames.", [clip.clip])
    count(WITHOUT_FACE, len(points) - len(found))
    seen, numbers = np.stack(list(found.values())), np.array(list(found))
    if settings.frame_rate is None or is_still:
        return seen, numbers
    if None in times or (np.diff(np.array(times, float)) <= 0).any():
        raise EmofusionError(
            f"{path} does not say when each of its frames is shown, so features.frame_rate={settings.frame_rate:g} "
            "cannot be kept: set it to null, write the video again, or leave the clip out."
        )
    return at_rate(seen, numbers, np.array(times, float), settings.frame_rate)
