"""Read a corpus of any kind, with the checks that apply to all corpora."""

from pathlib import Path
from typing import TYPE_CHECKING

from emofusion.corpora.common.identity import identified
from emofusion.emotions import UNKNOWN
from emofusion.settings.kinds import Corpus

if TYPE_CHECKING:
    import pandas as pd


def read_corpus(name: str, corpus: Corpus, unpacked: Path) -> "pd.DataFrame":
    """The clips of a corpus: `tables.CLIPS`, one row for each clip, sorted by `clip`; see `identity.identified`.

    Its emotions have the names that `Corpus.labels` gives them.

    Args:
        name: the name of the corpus in the experiment.
        corpus: the corpus and its settings.
        unpacked: a folder into which the needed files of archives are extracted.

    Raises:
        EmofusionError: the corpus does not exist, its files have faults (see `Corpus.read`), or a person has two
            genders.
    """
    from emofusion.tables import CLIPS, check

    corpus.check_present(name)
    clips = corpus.read(name, Path(unpacked))
    if corpus.labels:
        clips = clips.assign(emotion=clips["emotion"].replace(corpus.labels))
    clips = check(clips.assign(gender=clips["gender"].fillna(UNKNOWN)), CLIPS, f"the corpus {name}")
    return check(identified(clips, name), CLIPS, f"the corpus {name}")
