"""Facial landmarks frame by frame, as channels over time, for networks that read sequences."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emofusion.features.common.landmark_settings import POINTS, LandmarkSettings
from emofusion.settings.fields import setting

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from emofusion.features.common.frames import FrameFeatures


@dataclass
class LandmarkSequences(LandmarkSettings):
    """68 points of a face in each frame, in units of the distance of the eyes: 136 channels over frames.

    A frame in which no face was found is interpolated between its neighbours. A clip with fewer frames than the window
    is filled up with its last frame.
    """

    kind: str = "landmark_sequences"
    frames: int = setting("Frames of a clip that are used; the rest is cut off.", 160, least=1, most=100_000)
    step: int = setting("Every how many frames one is used: 2 halves the frame rate.", 1, least=1, most=1000)
    origin: str = setting(
        "What is subtracted from each coordinate: nothing (none), or its mean over the clip's first eight frames "
        "(start): the face before it moves.",
        "none",
        choices=["none", "start"],
    )

    def row_shape(self) -> tuple[int, int]:
        """`(136, frames / step)`, rounded up: x and y of the first point, then of the next."""
        return 2 * POINTS, -(-self.frames // self.step)

    def always_counted(self) -> tuple[str, ...]:
        """Clips that are longer than the window, whose length the words name, and what else is counted of landmarks."""
        return (*super().always_counted(), self.beyond())

    def beyond(self) -> str:
        """What is counted of clips that are longer than the window."""
        return f"ends of recordings, beyond the window of {self.frames} frames"

    def prepare(self, clips: "pd.DataFrame") -> "Callable[[Any], np.ndarray[Any, Any]]":
        """The function that turns a clip into float32 `(1, 136, frames)`.

        Raises `EmofusionError` where there are no points, they have another form, or clips are missing from them.
        """
        from emofusion.features.landmark_sequences.compute import prepare

        return prepare(clips, self)

    def of_frames(self, frame_rate: float) -> "FrameFeatures":
        """The last frames, of which dlib finds the points."""
        from emofusion.features.landmark_sequences.compute import of_points
        from emofusion.features.landmarks.frames import LandmarksOfFrames

        return LandmarksOfFrames(self, frame_rate, lambda points, numbers: of_points(points, numbers, self))
