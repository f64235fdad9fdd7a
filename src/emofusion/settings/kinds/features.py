"""The base class of features."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from emofusion.settings.kinds.base import Kind

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from emofusion.features.common.frames import FrameFeatures


@dataclass
class Features(Kind):
    """The features of a clip: the input of a model.

    Class attributes:
        media: the media that the features can be computed from, the preferred one first. A corpus must provide one.
        standardised: whether a model standardises each channel. For pictures it is False: their network scales them.
        sparse: whether most values of a row are 0, so that only the others are stored. `prepare` then gives a function
            to sparse rows.
    """

    family: ClassVar[str] = "features"
    needs: ClassVar[tuple[str, ...]] = ("dtype", "row_shape", "prepare")
    declares: ClassVar[tuple[str, ...]] = ("media",)
    media: ClassVar[tuple[str, ...]] = ()
    standardised: ClassVar[bool] = True
    sparse: ClassVar[bool] = False

    def dtype(self) -> "np.dtype[Any]":
        """The numpy type of the values."""
        raise NotImplementedError

    def row_shape(self) -> tuple[int, ...]:
        """The shape of one row, such as (channels, frames)."""
        raise NotImplementedError

    def planned_shape(self) -> tuple[int, ...] | None:
        """The shape of one row as far as it is known while planning; None where a file decides it."""
        return self.row_shape()

    def rows_of(self, clip: Any) -> int:
        """How many rows a clip has; `clip` is a row of `tables.CLIPS` as a named tuple."""
        return 1

    def leaves(self) -> "dict[str, Features]":
        """The features that are computed instead of these and joined in a row, by name; empty without them."""
        return {}

    def several_rows_are_views(self) -> bool:
        """Whether the rows of one clip are altered copies for training, and not frames of a video."""
        return False

    def prepare(self, clips: "pd.DataFrame") -> "Callable[[Any], np.ndarray[Any, Any]]":
        """The function that computes the features of one clip.

        It is sent to other processes, so it must be picklable.

        Args:
            clips: `tables.CLIPS`, all clips that features are computed for.

        Returns:
            A function from a clip, a row of `clips` as a named tuple, to an array `(rows, *row_shape)`. Where the
            features are sparse, it gives a `scipy.sparse.csr_array` of this shape.

        Raises:
            EmofusionError: clips lack a file or a column that the features need.
        """
        raise NotImplementedError

    def for_corpus(self, root: str) -> Self:
        """A copy for one corpus, where the default of a setting depends on the corpus's folder `root`."""
        return self

    def follows_recordings(self) -> bool:
        """Whether a setting is left to the recordings, such as the length of a window; see `for_recordings`."""
        return False

    def for_recordings(self, clips: "pd.DataFrame") -> Self:
        """A copy in which the settings that were left to the recordings have values.

        clips: `tables.CLIPS` of all corpora that the modality reads, so that their rows get the same shape.
        """
        return self

    def for_scoring(self) -> "Features | None":
        """The features that are computed of a recording outside any corpus, which has only sound, a picture or a video.

        They have the same rows as these. None: nothing can be computed from such a recording, as where the values are
        read from a table.
        """
        return self if {"audio", "image", "video"} & set(self.computed_from()) else None

    def of_frames(self, frame_rate: float) -> "FrameFeatures | None":
        """How the features are computed from the frames of a camera, as they come; None: they cannot be.

        frame_rate: of the videos that the model learnt from, in frames a second, for features that depend on it.
        """
        return None

    def most_seconds(self) -> float | None:
        """How much of a recording's sound is used at most, from its beginning, in seconds; None: all of it."""
        return None

    def always_counted(self) -> tuple[str, ...]:
        """What is counted (`emofusion.counted`) while features are computed, and told by reports also where it is 0."""
        return ()

    def computed_from(self) -> tuple[str, ...]:
        """The media that the features can be computed from with these settings; by default `media`."""
        return self.media

    def medium_of(self, provided: Sequence[str]) -> str | None:
        """The medium that the features are computed from; None where a corpus provides none of `media`.

        Features that are read from a table of their own do not need the corpus, and may always return a medium.

        provided: the media that the corpus provides.
        """
        return next((medium for medium in self.computed_from() if medium in provided), None)

    def clips_named_in(self) -> str | None:
        """The path of the table that the features are read from, where no recording of the clips is needed."""
        return None

    def check_present(self) -> None:
        """Check quickly, while planning, that named files exist; raise `EmofusionError` where one does not."""

    def sources(self) -> list[Path]:
        """The existing files, besides the clips' recordings, that decide the values, such as a table."""
        return []
