"""The base class of features."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from emofusion.settings.kinds.base import Kind

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


@dataclass
class Features(Kind):
    """What a model sees of each clip.

    Class attributes:
        media: the media that they can be computed from, the preferred one first; a corpus has to provide one of them.
        standardised: whether a model standardises them by channel (pictures are scaled by their network instead).
    """

    family: ClassVar[str] = "features"
    needs: ClassVar[tuple[str, ...]] = ("dtype", "row_shape", "prepare")
    declares: ClassVar[tuple[str, ...]] = ("media",)
    media: ClassVar[tuple[str, ...]] = ()
    standardised: ClassVar[bool] = True

    def dtype(self) -> "np.dtype[Any]":
        """The type of the values."""
        raise NotImplementedError

    def row_shape(self) -> tuple[int, ...]:
        """The shape of one row."""
        raise NotImplementedError

    def rows_of(self, clip: Any) -> int:
        """How many rows a clip has; `clip` is a row of `tables.CLIPS` as a named tuple."""
        return 1

    def several_rows_are_views(self) -> bool:
        """Whether several rows of a clip are altered views of it to train on, and not frames of a film."""
        return False

    def prepare(self, clips: "pd.DataFrame") -> "Callable[[Any], np.ndarray[Any, Any]]":
        """The function that turns a clip (a row as a named tuple) into `(rows, *row_shape)`; it must be picklable.

        `clips` is `tables.CLIPS`. Raises `EmofusionError` where clips lack what is needed.
        """
        raise NotImplementedError

    def for_corpus(self, root: str) -> Self:
        """These features for one corpus, where a setting's default depends on the corpus's folder `root`."""
        return self

    def medium_of(self, provided: Sequence[str]) -> str | None:
        """The medium that they are computed from where a corpus provides these; None where it has none of `media`.

        Features that are read from a table of their own need nothing of the corpus and may name their medium anyway.
        """
        return next((medium for medium in self.media if medium in provided), None)

    def check_present(self) -> None:
        """A quick look, for planning: raise `EmofusionError` where a file that is named is not there."""

    def sources(self) -> list[Path]:
        """Files besides the clips' own recordings that decide the values, such as a table; only existing ones."""
        return []
