"""What is said, as counts of words and of short pieces of words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from emofusion.settings.fields import must, setting
from emofusion.settings.kinds import Features

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from scipy.sparse import csr_array

SUFFIXES = (".csv", ".parquet")


@dataclass
class Text(Features):
    """Counts of words and of characters in a clip's transcript, hashed into a fixed number of columns.

    Hashing (Weinberger et al. 2009, "Feature hashing for large scale multitask learning") learns nothing from the
    clips. What is learnt of them, such as how rare a word is, belongs into the network's transformers, which see only
    training clips.
    """

    media: ClassVar[tuple[str, ...]] = ("text",)
    standardised: ClassVar[bool] = False
    sparse: ClassVar[bool] = True

    kind: str = "text"
    table: str | None = setting(
        "CSV or Parquet file with the columns clip and, see `column`, of transcripts; null: the corpus's clip table.",
        None,
    )
    column: str = setting("The column with the transcripts, in `table` or in the clip table.", "statement", filled=True)
    words: list[int] = setting(
        "Shortest and longest sequence of words that is counted, as in [1,2]; []: none.", [1, 2], least=1, most=10
    )
    characters: list[int] = setting(
        "Shortest and longest sequence of characters within a word that is counted, as in [2,4]; []: none.",
        [2, 4],
        least=1,
        most=10,
    )
    bits: int = setting(
        "Words, and characters, have 2 to the power of this number of columns each.", 18, least=4, most=24
    )

    def check_together(self, name: str) -> None:
        """Raise `EmofusionError` unless something is counted, and ranges and the table's suffix are right."""
        for setting_name in ("words", "characters"):
            lengths = getattr(self, setting_name)
            must(
                not lengths or (len(lengths) == 2 and lengths[0] <= lengths[1]),
                f"{name}.{setting_name}=[{','.join(map(str, lengths))}]: shortest and longest length, as in [1,2]",
            )
        must(
            bool(self.words or self.characters), f"{name}.words=[]: count words or characters, as in {name}.words=[1,2]"
        )
        must(
            not self.table or Path(self.table).suffix.lower() in SUFFIXES,
            f"{name}.table={self.table}: the name must end in {' or '.join(SUFFIXES)}",
        )

    def dtype(self) -> "np.dtype[Any]":
        """Single precision."""
        import numpy as np

        return np.dtype(np.float32)

    def row_shape(self) -> tuple[int]:
        """The number of columns, those of words first."""
        return (2**self.bits * (bool(self.words) + bool(self.characters)),)

    def prepare(self, clips: "pd.DataFrame") -> "Callable[[Any], csr_array]":
        """The function that turns a clip into float32 counts `(1, columns)`, sparse.

        Raises `EmofusionError` where there is no such table or column, or a clip has no transcript.
        """
        from emofusion.features.text.compute import prepare

        return prepare(clips, self)

    def medium_of(self, provided: Sequence[str]) -> str:
        """The medium `text`: every corpus may have transcripts, in its clip table or in a table of their own."""
        return "text"

    def clips_named_in(self) -> str | None:
        """The table of transcripts, where it is one of its own."""
        return self.table

    def check_present(self) -> None:
        """Raise `EmofusionError` where the named table does not exist, or lacks a column."""
        must(
            not self.table or Path(self.table).is_file(),
            f"features.table={self.table}: there is no such file; it has the columns clip and {self.column}",
        )
        if self.table:
            from emofusion.features.text.compute import read_texts

            read_texts(self)

    def sources(self) -> list[Path]:
        """The table of transcripts, where it is one of its own."""
        return [path for path in [Path(self.table)] if path.is_file()] if self.table else []
