"""Features of the frames of a camera, as they come."""

from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple, Protocol

from PIL import Image

from emofusion.features.common.arrays import Array


class Seen(NamedTuple):
    """A frame that has been looked at. time: in seconds. found: what `FrameFeatures.see` gave; None: no face."""

    time: float
    found: Any


class FrameFeatures(Protocol):
    """Features in two steps: what is seen in each frame, which takes long, and the rows of the last frames.

    key: features with the same key see the same in a frame, so that it is looked at once for all of them. needs_past:
    whether rows rest on several frames; otherwise the last one is enough. looks_for_faces: whether nothing is seen in a
    frame without a face; otherwise whole pictures are used. rate: the frames a second that frames are brought to; None:
    their number does not matter.
    """

    key: Hashable
    needs_past: bool
    looks_for_faces: bool
    rate: float | None

    def see(self, image: Image.Image) -> Any | None:
        """What is seen in a frame; None where nothing can be, as without a face. image: upright, in RGB."""

    def rows(self, seen: Sequence[Seen]) -> Array | None:
        """The features `(rows, *row_shape)`; None where there are too few frames.

        seen: frames in the order of their times, of which the last one was found.
        """
