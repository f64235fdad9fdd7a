"""Facial landmarks of clips, normalised by the eyes, and their statistics over the frames of a clip."""

import zipfile
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from emofusion.corpora.common.archives import Entry, are_copies
from emofusion.counted import count
from emofusion.errors import EmofusionError, Lacking
from emofusion.features.action_units.files import csv_files
from emofusion.features.common.arrays import Array
from emofusion.features.common.landmark_settings import NPZ, POINTS, RECORDINGS, LandmarkSettings
from emofusion.features.common.matching import matched
from emofusion.features.common.openface import Frames, read_entry
from emofusion.features.landmarks import Landmarks
from emofusion.features.landmarks.recordings import points_of_recordings

COLUMNS = [f"{axis}_{point}" for point in range(POINTS) for axis in "xy"]
# the six points around each eye, in the order of iBUG's 300-W; the right eye is on the left of the picture
RIGHT_EYE, LEFT_EYE = slice(36, 42), slice(42, 48)
CHIN, NOSE = 8, 30
START = 8  # frames at the beginning of a clip: a quarter of a second, in which a face has hardly moved yet

Points = Callable[[Any], tuple[Array, Array]]


def prepare(clips: pd.DataFrame, settings: Landmarks) -> Callable[[Any], Array]:
    """The function that turns a clip into float32 `(1, values)`; see `Landmarks.prepare`."""
    return partial(_of_clip, points=points_of(clips, settings), settings=settings)


def of_points(points: Array, numbers: Array, settings: Landmarks) -> Array | None:
    """The features `(1, values)` of points of a picture; None where no frame shows both eyes. See `with_eyes`."""
    shown = with_eyes(points, numbers, settings.level)
    return None if shown is None else _row(*shown, settings)


def normalised(points: Array, level: bool) -> Array:
    """Points in units of the distance between the centres of the eyes, from the point midway between them.

    Args:
        points: (frames, 68, 2), in any unit of length.
        level: whether each frame is turned so that the right eye's centre is exactly left of the left eye's.

    Returns:
        float64 of the same shape. Frames whose eyes are in one place give values that are not finite.
    """
    points = np.asarray(points, float)
    right, left = points[:, RIGHT_EYE].mean(axis=1), points[:, LEFT_EYE].mean(axis=1)
    between = left - right
    distance = np.hypot(between[:, 0], between[:, 1])
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled: Array = (points - ((right + left) / 2)[:, np.newaxis]) / distance[:, np.newaxis, np.newaxis]
        if level:
            cosine, sine = (between / distance[:, np.newaxis]).T
            turns = np.stack([np.stack([cosine, -sine], axis=1), np.stack([sine, cosine], axis=1)], axis=1)
            scaled = scaled @ turns
    return scaled


def summarised(points: Array, frames: Array, statistics: Sequence[str], raw: Array | None = None) -> Array:
    """Statistics over the frames of a clip, `(values,)`, one after the other.

    Args:
        points: (frames, 68, 2), normalised.
        frames: (frames,), the number of each frame. Only frames that follow each other give a motion.
        statistics: of `Landmarks.statistics`. Without two frames that follow each other, the motion is 0.
        raw: (frames, 68, 2), the same points of the picture, for `head`; None: it is not among the statistics.
    """
    values = points.reshape(len(points), -1)
    from_start = values - values[:START].mean(axis=0)
    made: dict[str, Callable[[], Array]] = {
        "mean": lambda: values.mean(axis=0),
        "deviation": lambda: values.std(axis=0),
        "motion": lambda: _motion(values, frames),
        "displacement": lambda: from_start.mean(axis=0),
        # of a clip with fewer than four frames, some frames are in several quarters
        "quarters": lambda: np.concatenate([part.mean(axis=0) for part in _quarters(from_start)]),
        "head": lambda: _of_head(np.asarray(raw, float), frames),
    }
    return np.concatenate([made[statistic]() for statistic in statistics])


def _motion(values: Array, frames: Array) -> Array:
    """The mean size of changes between frames that follow each other; 0 without such frames. values: (frames, n)."""
    steps = np.abs(np.diff(values, axis=0))[np.diff(frames) == 1]
    mean: Array = steps.mean(axis=0) if len(steps) else np.zeros(values.shape[1])
    return mean


def _quarters(values: Array) -> list[Array]:
    edges = np.arange(5) * len(values) // 4
    return [values[start : max(stop, start + 1)] for start, stop in pairwise(edges)]


def _of_head(raw: Array, frames: Array) -> Array:
    """How the head moves, `(41,)`.

    It is seen by eight numbers: x, y of the point between the eyes, in mean distances of the eyes; the logarithm of
    this distance; the tilt of the eyes (radians); x, y of the tip of the nose and of the chin, seen with level eyes,
    which follow the head's turns. Of these: deviation, motion, and mean, least and greatest from the mean of the first
    eight frames. The mean tilt stands last.
    """
    right, left = raw[:, RIGHT_EYE].mean(axis=1), raw[:, LEFT_EYE].mean(axis=1)
    between, middle = left - right, (right + left) / 2
    distance, tilt = np.hypot(*between.T), np.arctan2(between[:, 1], between[:, 0])
    level = normalised(raw, level=True)
    parts = [middle / distance.mean(), np.log(distance)[:, None], tilt[:, None], level[:, NOSE], level[:, CHIN]]
    seen = np.concatenate(parts, axis=1)
    from_start = seen - seen[:START].mean(axis=0)
    moved = [from_start.mean(axis=0), from_start.min(axis=0), from_start.max(axis=0)]
    return np.concatenate([seen.std(axis=0), _motion(seen, frames), *moved, [tilt.mean()]])


def _of_clip(clip: Any, points: Points, settings: Landmarks) -> Array:
    return _row(*seen(clip, points, settings.level), settings)


def _row(scaled: Array, numbers: Array, found: Array, settings: Landmarks) -> Array:
    row: Array = summarised(scaled, numbers, settings.statistics, found).astype(np.float32)
    return row[np.newaxis]


def seen(clip: Any, points: Points, level: bool) -> tuple[Array, Array, Array]:
    """The frames of a clip in which a face is seen: normalised points, numbers, and points of the picture.

    The points are (frames, 68, 2) each, and the numbers (frames,).

    Args:
        clip: a row of `tables.CLIPS` as a named tuple.
        points: from `points_of`.
        level: see `normalised`.

    Raises:
        Lacking: there is a face in no frame.
    """
    shown = with_eyes(*points(clip), level)
    if shown is None:
        raise Lacking(f"the landmarks of {clip.clip} show a face in no frame.", [clip.clip])
    return shown


def with_eyes(points: Array, numbers: Array, level: bool) -> tuple[Array, Array, Array] | None:
    """The frames whose eyes are not in one place, as `seen` gives them; None where there is none. Others are counted.

    Args:
        points: (frames, 68, 2), of the picture.
        numbers: (frames,), of the frames.
        level: see `normalised`.
    """
    scaled = normalised(points, level)
    finite = np.isfinite(scaled).all(axis=(1, 2))
    count("frames in which the landmarks of both eyes are in one place", int((~finite).sum()))
    return (scaled[finite], numbers[finite], points[finite]) if finite.any() else None


def points_of(clips: pd.DataFrame, settings: LandmarkSettings) -> Points:
    """The function from a clip to its points (frames, 68, 2) and the numbers of the frames (frames,).

    Raises `EmofusionError` where there are no points, they have another form, or clips are missing from them.
    Where the points are found in recordings, see `recordings.points_of_recordings`.
    """
    if settings.source == RECORDINGS:
        return points_of_recordings(clips, settings)
    if not settings.table:
        raise EmofusionError("no landmarks are named: give their file or folder in the setting `table`.")
    table = Path(settings.table)
    table = table / NPZ if (table / NPZ).is_file() else table
    if table.suffix.lower() == ".npz":
        return _of_npz(clips, table)
    paths = {entry: str(entry.path.with_suffix("")) for entry in csv_files(table)}
    if not paths:
        raise EmofusionError(
            f"no landmarks in {table}: looked for {NPZ} and for OpenFace's files by video, such as "
            "01-01-05-02-01-02-12.csv, also in zip archives. Put one of them there, or name another file or folder in "
            "the setting `table`."
        )
    files = matched(paths, clips, table, "files of landmarks", lambda keys: are_copies(list(keys)))
    return partial(_of_file, files=files, frames=Frames(settings.faces, settings.confidence))


def _of_file(clip: Any, files: dict[str, Entry], frames: Frames) -> tuple[Array, Array]:
    table = read_entry(files[clip.clip], COLUMNS, frames)
    return table.to_numpy().reshape(len(table), POINTS, 2), table.index.to_numpy()


def _of_npz(clips: pd.DataFrame, path: Path) -> Points:
    try:
        with np.load(path, allow_pickle=False) as file:  # a pickled array could run code
            names, starts, lengths, points = (file[name] for name in ("clip", "offset", "n_frames", "xy"))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise EmofusionError(
            f"cannot read the landmarks {path}: {error}. It needs the arrays clip, offset, n_frames and xy "
            "(frames of all clips, 68, 2)"
        ) from error
    whole = names.shape == starts.shape == lengths.shape and points.shape[1:] == (POINTS, 2)
    if (
        not whole
        or len(names) == 0
        or (starts < 0).any()
        or (lengths < 1).any()
        or (starts + lengths).max() > len(points)
    ):
        raise EmofusionError(
            f"{path}: clip, offset and n_frames need a value for each clip, and the frames {POINTS} points of 2 "
            f"coordinates; their shapes are {names.shape}, {starts.shape}, {lengths.shape} and {points.shape}, and "
            f"offset + n_frames may be at most {len(points)}"
        )
    rows = matched(dict(enumerate(map(str, names))), clips, path, "landmarks")
    places = {clip: (int(starts[row]), int(lengths[row])) for clip, row in rows.items()}
    return partial(_in_array, places=places, points=points)


def _in_array(clip: Any, places: dict[str, tuple[int, int]], points: Array) -> tuple[Array, Array]:
    start, length = places[clip.clip]
    return points[start : start + length], np.arange(length)
