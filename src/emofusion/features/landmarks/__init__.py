"""Facial landmarks: where 68 points of a face are and how they move, from files, or found in recordings."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emofusion.features.common.landmark_settings import POINTS, LandmarkSettings
from emofusion.settings.fields import setting

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from emofusion.features.common.frames import FrameFeatures

# statistic → its number of values
VALUES = {
    "mean": 2 * POINTS,
    "deviation": 2 * POINTS,
    "motion": 2 * POINTS,
    "displacement": 2 * POINTS,
    "quarters": 4 * 2 * POINTS,
    "head": 41,
}
STATISTICS = ("mean", "deviation", "motion")  # the default


@dataclass
class Landmarks(LandmarkSettings):
    """Statistics over a clip of 68 points of a face, in units of the distance of the eyes.

    The points are in the order of iBUG's 300-W, which OpenFace 2 (`x_0` … `y_67`) and dlib share.
    """

    kind: str = "landmarks"
    statistics: list[str] = setting(
        "What is taken of each coordinate over the frames: mean, deviation (standard deviation), motion (mean change "
        "from one frame to the next), displacement (mean, from the mean of the first eight frames), quarters (the same "
        "for each quarter of the clip). head: how place, size and turns of the head change.",
        list(STATISTICS),
        choices=tuple(VALUES),
        shortest=1,
        distinct=True,
    )

    def row_shape(self) -> tuple[int]:
        """`(values,)`: of each statistic, x and y of the first point, then of the next."""
        return (sum(VALUES[statistic] for statistic in self.statistics),)

    def prepare(self, clips: "pd.DataFrame") -> "Callable[[Any], np.ndarray[Any, Any]]":
        """The function that turns a clip into float32 `(1, values)`.

        Raises `EmofusionError` where there are no points, they have another form, or clips are missing from them.
        """
        from emofusion.features.landmarks.compute import prepare

        return prepare(clips, self)

    def of_frames(self, frame_rate: float) -> "FrameFeatures":
        """Statistics over the last frames, of the points that dlib finds in them."""
        from emofusion.features.landmarks.compute import of_points
        from emofusion.features.landmarks.frames import LandmarksOfFrames

        return LandmarksOfFrames(self, frame_rate, lambda points, numbers: of_points(points, numbers, self))
