"""Landmarks in the last frames of a camera."""

from collections.abc import Callable, Hashable, Sequence

import numpy as np
from PIL import Image

from emofusion.faces.landmarks import of_face
from emofusion.faces.library import predictor
from emofusion.features.common.arrays import Array
from emofusion.features.common.frames import Seen
from emofusion.features.common.landmark_settings import LandmarkSettings
from emofusion.features.landmarks.recordings import at_rate

_SHORTEST = 0.3  # seconds in which a face is seen before it is scored: of less, there is no movement


class LandmarksOfFrames:
    """Features of the points in the last frames; see `FrameFeatures`.

    A camera shows other numbers of frames a second than the videos of the training, and at uneven times. So points are
    brought to the training's rate, as `at_rate` does: how much they move from frame to frame depends on it.

    Args:
        settings: of the landmarks.
        frame_rate: of the videos of the training; `settings.frame_rate` counts where it is set.
        of_points: from points (frames, 68, 2) and the numbers of their frames (frames,) to rows, or None.

    Raises:
        EmofusionError: dlib or its landmark model is not installed.
    """

    needs_past = True
    looks_for_faces = True

    def __init__(
        self, settings: LandmarkSettings, frame_rate: float, of_points: Callable[[Array, Array], Array | None]
    ) -> None:
        self.settings, self.of_points = settings, of_points
        self.rate: float | None = settings.frame_rate or frame_rate
        settings.check_installed("features")
        predictor()  # takes half a second, which the first face should not wait for
        self.key: Hashable = ("landmarks", settings.face, settings.smallest_face)

    def see(self, image: Image.Image) -> Array | None:
        """The points (68, 2) of the face that counts."""
        return of_face(np.asarray(image), self.settings.face, self.settings.smallest_face)

    def rows(self, seen: Sequence[Seen]) -> Array | None:
        """Features of the frames in which a face was found; None where it has not been seen for long enough."""
        assert self.rate is not None
        numbers = np.array([number for number, one in enumerate(seen) if one.found is not None])
        points = np.stack([seen[number].found for number in numbers])
        times = np.array([one.time for one in seen])
        if times[-1] - times[numbers[0]] < _SHORTEST:
            return None
        points, numbers = at_rate(points, numbers, times, self.rate)
        return self.of_points(points, numbers) if len(points) else None
