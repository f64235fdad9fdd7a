"""Clips whose file is bad, where the setting `on_bad_clip` of their corpus says to skip them.

They stay in the clip table, without files, and its column `skipped` says why. So folds are drawn as if they were there,
and then they are taken out, in all modalities: a bad file never moves another clip to another fold. The same holds for
clips whose files are good and whose features fail; feature sets list them, see `features.common.skipped`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from emofusion.errors import EmofusionError
from emofusion.settings.kinds.corpora import SKIP

if TYPE_CHECKING:
    import pandas as pd

SKIPPED = "skipped"
_SHOWN = 100  # clips that a note lists

_reasons: ContextVar[dict[str, str] | None] = ContextVar("reasons", default=None)


@contextmanager
def skipping(on_bad_clip: str) -> Iterator[dict[str, str]]:
    """Let `skip` work inside the `with` statement, if the setting says so: clip → what is wrong with its file."""
    reasons: dict[str, str] = {}
    token = _reasons.set(reasons if on_bad_clip == SKIP else None)
    try:
        yield reasons
    finally:
        _reasons.reset(token)


def skips() -> bool:
    """Whether bad clips are skipped here."""
    return _reasons.get() is not None


def skip(clip: str, reason: str) -> bool:
    """Skip a clip if the setting allows it; whether it does. reason: names the file and what is wrong with it."""
    reasons = _reasons.get()
    if reasons is None:
        return False
    reasons.setdefault(clip, reason)
    return True


def with_reasons(
    clips: "pd.DataFrame", reasons: Mapping[str, str], media: Collection[str], name: str
) -> "pd.DataFrame":
    """The clips, where those that are skipped have no files, and a reason in the column `skipped`.

    Args:
        clips: the clip table of a corpus.
        reasons: clip → what is wrong with its file. If it is empty, the table stays as it is.
        media: the columns with files.
        name: the name of the corpus, for messages.

    Raises:
        EmofusionError: no clip is left.
    """
    import pandas as pd

    if not reasons:
        return clips
    skipped = pd.Series([reasons.get(clip) for clip in clips["clip"]], clips.index, dtype="str")
    if skipped.notna().all():
        raise EmofusionError(
            f"the corpus {name} has no clip left: corpora.{name}.on_bad_clip={SKIP} skips all of them, as "
            f"{next(iter(reasons.values()))}"
        )
    return clips.assign(**{medium: clips[medium].where(skipped.isna()) for medium in media}, **{SKIPPED: skipped})


def whole(clips: "pd.DataFrame") -> "pd.DataFrame":
    """The clips of a clip table that are not skipped."""
    if SKIPPED not in clips:
        return clips
    return clips[clips[SKIPPED].isna()].drop(columns=SKIPPED).reset_index(drop=True)


def reasons_of(tables: Iterable["pd.DataFrame"]) -> dict[str, str]:
    """Clip → why it is skipped in one or several clip tables."""
    skipped = [table[table[SKIPPED].notna()] for table in tables if SKIPPED in table]
    return joined(dict(zip(clips["clip"], clips[SKIPPED], strict=True)) for clips in skipped)


def joined(several: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Clip → all reasons why it is skipped, from several maps."""
    found: dict[str, set[str]] = {}
    for reasons in several:
        for clip, reason in reasons.items():
            found.setdefault(clip, set()).add(reason)
    return {clip: "; ".join(sorted(reasons)) for clip, reasons in sorted(found.items())}


def skip_notes(clips: "pd.DataFrame", reasons: Mapping[str, str]) -> list[str]:
    """A sentence for each corpus with skipped clips, which lists them.

    clips: `tables.CLIPS` of all corpora of a protocol. reasons: from `reasons_of`.
    """
    notes = []
    for corpus, rows in clips[clips["clip"].isin(reasons)].groupby("corpus"):
        shown = "; ".join(f"{clip} ({reasons[clip]})" for clip in rows["clip"].head(_SHOWN))
        more = f"; and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
        number = f"{len(rows)} {'clip' if len(rows) == 1 else 'clips'}"
        notes.append(
            f"Skipped in all modalities because a file is bad or its features fail (corpora.{corpus}.on_bad_clip="
            f"{SKIP}), while all other clips keep their folds: {number}: {shown}{more}."
        )
    return notes
