"""Features that were made elsewhere: numbers for each clip in a CSV, Parquet or npz file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from omegaconf import MISSING

from emofusion.settings.fields import must, setting
from emofusion.settings.kinds import Features

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

SUFFIXES = (".csv", ".parquet", ".npz")


@dataclass
class Table(Features):
    """Numbers for each clip that were made elsewhere: embeddings, physiology, features of another program.

    A CSV or Parquet file has a row for each clip. A cell of a Parquet file may be a list of numbers. An npz file has an
    array with the names of the clips, and arrays whose first axis runs over the same clips.
    """

    media: ClassVar[tuple[str, ...]] = ("table",)

    kind: str = "table"
    table: str = setting("CSV, Parquet or npz file with numbers for each clip.", MISSING, filled=True)
    clip: str = setting("The column, or the array, with the names of the clips.", "clip", filled=True)
    columns: list[str] = setting(
        "Columns, or arrays, that are the features; names may have wildcards, as in [f_*]. []: all but the names of "
        "the clips.",
        [],
        distinct=True,
        filled=True,
    )
    without: list[str] = setting(
        "Columns, or arrays, that are no features, as in [age, label*].", [], distinct=True, filled=True
    )

    def check_together(self, name: str) -> None:
        """Raise `EmofusionError` unless the file's name has a known suffix."""
        must(
            Path(self.table).suffix.lower() in SUFFIXES,
            f"{name}.table={self.table}: the name must end in {', '.join(SUFFIXES)}",
        )

    def dtype(self) -> "np.dtype[Any]":
        """Single precision."""
        import numpy as np

        return np.dtype(np.float32)

    def row_shape(self) -> tuple[int, ...]:
        """The shape of a clip's numbers; `(columns,)` for a CSV file. The file is read.

        Raises `EmofusionError` where the file is no such table.
        """
        from emofusion.features.table.compute import shape_of

        return shape_of(self)

    def planned_shape(self) -> None:
        """Not known while planning: the file decides it."""

    def prepare(self, clips: "pd.DataFrame") -> "Callable[[Any], np.ndarray[Any, Any]]":
        """The function that looks up a clip's numbers, float32 `(1, *row_shape)`.

        Raises `EmofusionError` where the file is no such table, a value is no finite number, clips are missing from it
        or twice in it, or a column that is not named in `columns` holds the labels.
        """
        from emofusion.features.table.compute import prepare

        return prepare(clips, self)

    def medium_of(self, provided: Sequence[str]) -> str:
        """The medium `table`: every corpus can have it, because the file does not belong to the corpus."""
        return "table"

    def clips_named_in(self) -> str:
        """The file."""
        return self.table

    def check_present(self) -> None:
        """Raise `EmofusionError` where the file does not exist, or is no table of numbers."""
        must(
            Path(self.table).is_file(),
            f"features.table={self.table}: there is no such file; it has a row for each clip, with its name in the "
            f"column {self.clip} and numbers in the others",
        )
        self.row_shape()

    def sources(self) -> list[Path]:
        """The file."""
        return [path for path in [Path(self.table)] if path.is_file()]
