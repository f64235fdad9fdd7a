"""Read a corpus of any kind, with the checks that apply to all corpora."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from emofusion.close_words import unmatched
from emofusion.corpora.common.bad_clips import skipping, with_reasons
from emofusion.corpora.common.identity import identified
from emofusion.corpora.common.reading import MEDIA, PATTERN, excluded_clip
from emofusion.corpora.common.sound_of_videos import with_sound_of_videos
from emofusion.counted import Note, count, notes_of_clips
from emofusion.emotions import UNKNOWN
from emofusion.errors import EmofusionError
from emofusion.settings.kinds import Corpus

if TYPE_CHECKING:
    import pandas as pd

LABEL = "label "  # what the count of a label that no clip has begins with


def read_corpus(name: str, corpus: Corpus, unpacked: Path, medium: str = "") -> "pd.DataFrame":
    """The clips of a corpus: `tables.CLIPS`, one row for each clip, sorted by `clip`; see `identity.identified`.

    Its emotions have the names that `Corpus.labels` gives them.
    Clips that are skipped because their file is bad have a reason in the column `skipped`; see `bad_clips`.
    Clips whose names match a pattern of `exclude` are left out, whatever the corpus. What is left out is counted; see
    `notes_of_corpus`.

    Args:
        name: the name of the corpus in the experiment.
        corpus: the corpus and its settings.
        unpacked: a folder into which the needed files of archives are extracted.
        medium: what a modality reads. With `audio`, clips without a sound file get the sound of their video.

    Raises:
        EmofusionError: the corpus does not exist, its files have faults (see `Corpus.read`), no clip is left, a word
            in `Corpus.labels` is almost a label of the corpus, or a person has two genders.
    """
    from emofusion.tables import CLIPS, check

    with skipping(corpus.on_bad_clip) as reasons:
        corpus.check_present(name)
        clips = corpus.read(name, Path(unpacked))
        left = [not excluded_clip(str(clip), corpus) for clip in clips["clip"]]
        clips = clips[left].reset_index(drop=True)
        if clips.empty:
            raise EmofusionError(f"the corpus {name} has no clip left: corpora.{name}.exclude matches all of them")
        if medium == "audio":
            clips = with_sound_of_videos(name, corpus, clips)
    clips = with_reasons(clips, reasons, MEDIA, name)
    if corpus.labels:
        setting, known = f"corpora.{name}.labels", clips["emotion"].dropna().unique()
        for label in unmatched(setting, corpus.labels, known, f"label of the corpus {name}"):
            count(f"{LABEL}{label}")
        clips = clips.assign(emotion=clips["emotion"].replace(corpus.labels))
    clips = check(clips.assign(gender=clips["gender"].fillna(UNKNOWN)), CLIPS, f"the corpus {name}")
    return check(identified(clips, name), CLIPS, f"the corpus {name}")


def notes_of_corpus(name: str, corpus: Corpus, counts: Counter[str]) -> list[Note]:
    """What was left out of a corpus: for each pattern of `exclude` the number of its matches, and other counts.

    Labels that `Corpus.labels` translates and no clip has are there too.

    counts: what was counted while `read_corpus` worked.
    """
    labels = [one for one in corpus.labels if counts.pop(f"{LABEL}{one}", 0)]
    patterns = [Note(f"corpora.{name}.exclude", one, counts.pop(f"{PATTERN}{one}", 0)) for one in corpus.exclude]
    unused = [Note(f"corpora.{name}.labels", f"no clip has the label {one}", 0) for one in labels]
    return [*patterns, *unused, *(note._replace(clips=0) for note in notes_of_clips(f"corpus {name}", [counts]))]
