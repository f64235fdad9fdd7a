"""Action units from OpenFace 2: they allow a face model without videos, from OpenFace's output."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from emofusion.settings.fields import must, setting
from emofusion.settings.kinds import Features

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


@dataclass
class ActionUnits(Features):
    """OpenFace's 35 action units, averaged over the frames of each clip."""

    media: ClassVar[tuple[str, ...]] = ("action_units",)

    kind: str = "action_units"
    table: str | None = setting(
        "CSV of means by clip, or a folder or zip archive of OpenFace's files; null: the corpus's folder.",
        None,
    )
    faces: str = setting(
        "Which face counts where OpenFace found several: most_seen (the one in most frames), single (a file with "
        "several is refused), or all (their rows are averaged, as if they were one face).",
        "most_seen",
        choices=["most_seen", "single", "all"],
    )
    confidence: float = setting(
        "Least confidence of a frame that counts; below 0.7, OpenFace's author takes a frame for a failure.",
        0.7,
        least=0,
        most=1,
    )
    statistics: list[str] = setting(
        "What is taken of each unit's mean: mean (itself), root (its square root), share (the root divided by the "
        "length of all roots, so that faces that move little count like others).",
        ["mean"],
        choices=["mean", "root", "share"],
        shortest=1,
        distinct=True,
    )

    def dtype(self) -> "np.dtype[Any]":
        """Single precision."""
        import numpy as np

        return np.dtype(np.float32)

    def row_shape(self) -> tuple[int]:
        """`(35 * statistics,)`: all columns of the first statistic, then of the next."""
        from emofusion.features.action_units.columns import COLUMNS

        return (len(self.statistics) * len(COLUMNS),)

    def prepare(self, clips: "pd.DataFrame") -> "Callable[[Any], np.ndarray[Any, Any]]":
        """The function that turns a clip into float32 `(1, 35 * statistics)`.

        Raises `EmofusionError` where there is no table, it lacks columns, or clips are missing from it.
        """
        from emofusion.features.action_units.compute import prepare

        return prepare(clips, self)

    def for_corpus(self, root: str) -> Self:
        """A copy that reads the corpus's folder where no table is set."""
        return replace(self, table=self.table or root)

    def medium_of(self, provided: Sequence[str]) -> str | None:
        """The medium `action_units`. With a table of its own, it is available for every corpus."""
        return "action_units" if self.table else super().medium_of(provided)

    def check_present(self) -> None:
        """Raise `EmofusionError` where the named table or archive does not exist.

        A folder may be downloaded later, like the corpus's own folder.
        """
        must(
            not self.table or Path(self.table).suffix.lower() not in (".csv", ".zip") or Path(self.table).is_file(),
            f"features.table={self.table}: there is no such file of action units",
        )

    def sources(self) -> list[Path]:
        """The table; or the CSV files of a folder and the zip archives in it. No file is opened."""
        from emofusion.features.action_units.files import source_files

        return source_files(Path(self.table)) if self.table else []
