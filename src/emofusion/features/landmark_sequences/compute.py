"""Facial landmarks of a clip as a sequence of fixed length."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from emofusion.counted import count
from emofusion.features.common.arrays import Array
from emofusion.features.landmark_sequences import LandmarkSequences
from emofusion.features.landmarks.compute import START, Points, points_of, seen, with_eyes


def prepare(clips: pd.DataFrame, settings: LandmarkSequences) -> Callable[[Any], Array]:
    """The function that turns a clip into float32 `(1, 136, frames)`; see `LandmarkSequences.prepare`."""
    return partial(_of_clip, points=points_of(clips, settings), settings=settings)


def of_points(points: Array, numbers: Array, settings: LandmarkSequences) -> Array | None:
    """The features `(1, 136, frames)` of points of a picture; None where no frame shows both eyes. See `with_eyes`."""
    shown = with_eyes(points, numbers, settings.level)
    return None if shown is None else _row(shown[0], shown[1], settings)


def sequence(points: Array, numbers: Array, settings: LandmarkSequences) -> Array:
    """The points of a clip at equal distances in time, `(136, frames)`.

    Args:
        points: (seen frames, 68, 2), normalised.
        numbers: (seen frames,), the number of each frame, rising. Frames between them are interpolated.
        settings: of the sequence.
    """
    values = points.reshape(len(points), -1)
    if settings.origin == "start":
        values = values - values[:START].mean(axis=0)
    wanted = numbers[0] + np.arange(0, settings.frames, settings.step)  # beyond the last frame, interp repeats it
    return np.stack([np.interp(wanted, numbers, channel) for channel in values.T])


def _of_clip(clip: Any, points: Points, settings: LandmarkSequences) -> Array:
    found, numbers, _ = seen(clip, points, settings.level)
    return _row(found, numbers, settings)


def _row(found: Array, numbers: Array, settings: LandmarkSequences) -> Array:
    count(settings.beyond(), numbers[-1] - numbers[0] >= settings.frames)
    return sequence(found, numbers, settings).astype(np.float32)[np.newaxis]
