"""Facial landmarks: where 68 points of a face are and how they move, from OpenFace 2 or dlib."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from emofusion.settings.fields import must, setting
from emofusion.settings.kinds import Features

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

POINTS = 68
NPZ = "landmarks68.npz"  # a file with the points of all clips, in a corpus's folder
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
class Landmarks(Features):
    """Statistics over a clip of 68 points of a face, in units of the distance of the eyes.

    The points are in the order of iBUG's 300-W, which OpenFace 2 (`x_0` … `y_67`) and dlib share.
    """

    media: ClassVar[tuple[str, ...]] = ("landmarks",)

    kind: str = "landmarks"
    table: str | None = setting(
        "npz file of points, or a folder or zip archive of OpenFace's files; null: the corpus's folder.", None
    )
    statistics: list[str] = setting(
        "What is taken of each coordinate over the frames: mean, deviation (standard deviation), motion (mean change "
        "from one frame to the next), displacement (mean, from the mean of the first eight frames), quarters (the same "
        "for each quarter of the clip). head: how place, size and turns of the head change.",
        list(STATISTICS),
        choices=tuple(VALUES),
        shortest=1,
        distinct=True,
    )
    level: bool = setting("Turn each frame so that the eyes are level. The tilt of the head is then lost.", False)
    faces: str = setting(
        "Which face counts where OpenFace found several: most_seen (the one in most frames), or single (a file with "
        "several is refused).",
        "most_seen",
        choices=["most_seen", "single"],
    )
    confidence: float = setting(
        "Least confidence of a frame of OpenFace that counts; below 0.7, its author takes a frame for a failure.",
        0.7,
        least=0,
        most=1,
    )

    def dtype(self) -> "np.dtype[Any]":
        """Single precision."""
        import numpy as np

        return np.dtype(np.float32)

    def row_shape(self) -> tuple[int]:
        """`(values,)`: of each statistic, x and y of the first point, then of the next."""
        return (sum(VALUES[statistic] for statistic in self.statistics),)

    def prepare(self, clips: "pd.DataFrame") -> "Callable[[Any], np.ndarray[Any, Any]]":
        """The function that turns a clip into float32 `(1, values)`.

        Raises `EmofusionError` where there are no points, they have another form, or clips are missing from them.
        """
        from emofusion.features.landmarks.compute import prepare

        return prepare(clips, self)

    def for_corpus(self, root: str) -> Self:
        """A copy that reads the corpus's folder where no table is set."""
        return replace(self, table=self.table or root)

    def medium_of(self, provided: Sequence[str]) -> str | None:
        """The medium `landmarks`. With a table of its own, it is available for every corpus."""
        return "landmarks" if self.table else super().medium_of(provided)

    def check_present(self) -> None:
        """Raise `EmofusionError` where the named file does not exist. A folder may be downloaded later."""
        must(
            not self.table or Path(self.table).suffix.lower() not in (".npz", ".zip") or Path(self.table).is_file(),
            f"features.table={self.table}: there is no such file of landmarks",
        )

    def sources(self) -> list[Path]:
        """The npz file; or the CSV files of a folder and the zip archives in it. No file is opened."""
        from emofusion.features.action_units.files import source_files

        if not self.table:
            return []
        points = Path(self.table) / NPZ
        return [points] if points.is_file() else source_files(Path(self.table))
