"""Who is who in one corpus: one spelling for each person, one gender for each person, and the content of each file."""

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from emofusion.corpora.common.reading import MEDIA, first_few
from emofusion.emotions import UNKNOWN
from emofusion.errors import EmofusionError
from emofusion.people import normal

if TYPE_CHECKING:
    import pandas as pd

_WHOLE = 2**22  # bytes; a larger file is recognised by its size and by three parts of it
_PART = 2**20


def identified(clips: "pd.DataFrame", name: str) -> "pd.DataFrame":
    """The clips of a corpus with one spelling for each person, and with what tells equal recordings.

    Args:
        clips: `tables.CLIPS` of the corpus.
        name: the name of the corpus in the experiment; actors' names begin with it.

    Returns:
        The clips with the column `content`: for each file of a clip its medium and a hash, of the samples of sound and
        otherwise of the bytes; missing where the clip has no file. Where names were spelled in several ways, `actor`
        has the shortest one, and the column `spelling` what was written.

    Raises:
        EmofusionError: a person has two genders.
    """
    return _with_content(_one_gender(_one_spelling(clips, name), name))


def _one_spelling(clips: "pd.DataFrame", name: str) -> "pd.DataFrame":
    written = sorted(clips["actor"].unique(), key=lambda actor: (len(actor), actor))
    chosen: dict[str, str] = {}
    for actor in written:
        chosen.setdefault(normal(actor.removeprefix(f"{name}-")), actor)
    if len(chosen) == len(written):
        return clips
    of_spelling = {actor: chosen[normal(actor.removeprefix(f"{name}-"))] for actor in written}
    return clips.assign(actor=clips["actor"].map(of_spelling).astype("str"), spelling=clips["actor"])


def _one_gender(clips: "pd.DataFrame", name: str) -> "pd.DataFrame":
    """The clips, in which a person has the gender that is known of one of their clips.

    Raises `EmofusionError` where a person has two genders.
    """
    clips = with_known_gender(clips)
    several = clips.groupby("actor")["gender"].nunique()
    several = several[several > 1]
    if several.empty:
        return clips
    actor = several.index[0]
    rows = clips[clips["actor"] == actor].drop_duplicates("gender")
    genders = " and ".join(f"{row.gender} in {row.clip}" for row in rows.itertuples())
    spellings = list(rows["spelling"].unique()) if "spelling" in rows else []
    spelled = f" (written {' and '.join(spellings)})" if len(spellings) > 1 else ""
    more = f", and so have {len(several) - 1} more" if len(several) > 1 else ""
    raise EmofusionError(
        f"the corpus {name}: {actor}{spelled} has two genders, {genders}{more}. Correct the gender, or give two people "
        "two names: names that differ only in case, blanks, hyphens or leading zeros are one person's."
    )


def with_known_gender(clips: "pd.DataFrame") -> "pd.DataFrame":
    """The clips, in which a person of unknown gender has the one that is known of another of their clips.

    clips: `tables.CLIPS`.
    """
    unknown = clips["gender"] == UNKNOWN
    if not unknown.any() or unknown.all():
        return clips
    known = clips[~unknown].drop_duplicates("actor").set_index("actor")["gender"]
    found = clips["actor"].map(known).fillna(UNKNOWN)
    return clips.assign(gender=clips["gender"].where(~unknown, found).astype("str"))


def _with_content(clips: "pd.DataFrame") -> "pd.DataFrame":
    import pandas as pd

    media = [medium for medium in MEDIA if medium in clips and clips[medium].notna().any()]
    hashes = {medium: _hashes(sorted(clips[medium].dropna().unique()), medium) for medium in media}
    parts = pd.DataFrame(
        {medium: clips[medium].map(hashes[medium]).radd(f"{medium}:") for medium in media}, index=clips.index
    )
    content = [" ".join(part for part in row if isinstance(part, str)) or None for row in parts.to_numpy(object)]
    return clips.assign(content=pd.Series(content, clips.index, dtype="str"))


def _hashes(paths: Sequence[str], medium: str) -> dict[str, str]:
    """Path → a hash of the file's content: the samples of sound, so that a copy in another format is one, or bytes."""
    from emofusion.recordings.sound import digest

    def content(path: str) -> str:
        return (digest(path) if medium == "audio" else None) or _hash(Path(path))

    with ThreadPoolExecutor(min(16, 4 * (os.cpu_count() or 1))) as pool:
        return dict(zip(paths, pool.map(content, paths), strict=True))


def _hash(path: Path) -> str:
    """A hash of a file's bytes; of a large file, of its size and of its beginning, middle and end."""
    size = path.stat().st_size
    digest = hashlib.blake2b(str(size).encode(), digest_size=12)
    with path.open("rb") as file:
        if size <= _WHOLE:
            digest.update(file.read())
        else:
            for start in (0, size // 2, size - _PART):
                file.seek(start)
                digest.update(file.read(_PART))
    return digest.hexdigest()


def spelling_notes(clips: "pd.DataFrame") -> list[str]:
    """A sentence for each corpus in which people's names were spelled in several ways; none without.

    clips: `tables.CLIPS`, as `identified` returns them.
    """
    if "spelling" not in clips:
        return []
    notes = []
    of_people = clips.dropna(subset="spelling").groupby(["corpus", "actor"])["spelling"].unique()
    several = of_people[of_people.map(len) > 1]
    for corpus, people in several.groupby(level="corpus"):
        shown = first_few(", ".join(sorted(spellings)) for spellings in people)
        number = f"{len(people)} people are" if len(people) > 1 else "a person is"
        notes.append(f"In {corpus}, {number} spelled in several ways and taken for one each: {shown}.")
    return notes
