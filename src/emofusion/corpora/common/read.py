"""Reading a corpus of any kind, with the checks that hold for all of them."""

from pathlib import Path
from typing import TYPE_CHECKING

from emofusion.settings.kinds import Corpus

if TYPE_CHECKING:
    import pandas as pd


def read_corpus(name: str, corpus: Corpus, unpacked: Path) -> "pd.DataFrame":
    """The clips of a corpus: `tables.CLIPS`, one row for each clip, sorted by `clip`.

    Args:
        name: what the experiment calls the corpus.
        corpus: the corpus and its settings.
        unpacked: folder into which archives are extracted, the needed files only.

    Raises:
        EmofusionError: the corpus is not there, or its files are not as they should be; see `Corpus.read`.
    """
    from emofusion.tables import CLIPS, check

    corpus.check_present(name)
    return check(corpus.read(name, Path(unpacked)), CLIPS, f"the corpus {name}")
