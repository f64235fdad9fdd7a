"""Clips of each speaker that are set apart for enrolment: a model may use them, and nobody is tested on them."""

import hashlib

import pandas as pd

from emofusion.errors import EmofusionError
from emofusion.people import in_natural_order
from emofusion.settings.kinds.protocols import Enrolment


def drawn_clips(clips: pd.DataFrame, enrolment: Enrolment) -> dict[str, int]:
    """The enrolment clips of each speaker, with their numbers, from 1 to `enrolment.clips`.

    Clips are drawn by a hash of the seed and their names. So a further clip of a speaker changes at most one of the
    drawn ones, and the first k are the same whatever the number of clips.

    Args:
        clips: `clip`, `actor` and `emotion` as the corpus says it, before emotions are merged.
        enrolment: how many clips of which emotion; see `Enrolment`.

    Returns:
        Clip → number. A speaker with too few clips of the emotion has all of them here.
    """
    if not enrolment.clips:
        return {}
    candidates = clips[clips["emotion"] == enrolment.emotion]
    ranked = candidates.assign(rank=[_rank(clip, enrolment.seed) for clip in candidates["clip"]]).sort_values("rank")
    number = ranked.groupby("actor").cumcount() + 1
    return {clip: int(n) for clip, n in zip(ranked["clip"], number, strict=True) if n <= enrolment.clips}


def check_enough(split: pd.DataFrame, enrolment: Enrolment) -> None:
    """Raise `EmofusionError` where a speaker who is scored in some fold has too few clips for enrolment.

    split: `tables.SPLIT` with the column `enrolment`.
    """
    scored = set(split.loc[split["split"].isin(["validation", "test"]), "actor"])
    counts = split[split["enrolment"] > 0].groupby("actor")["clip"].nunique().reindex(sorted(scored), fill_value=0)
    short = counts[counts < enrolment.clips]
    if len(short):
        actor = in_natural_order(short.index)[0]
        raise EmofusionError(
            f"protocol.enrolment.clips={enrolment.clips}: {actor} has {short[actor]} "
            f"{'clip' if short[actor] == 1 else 'clips'} of the emotion {enrolment.emotion}"
            + (f", and {len(short) - 1} more speakers have too few" if len(short) > 1 else "")
            + ". Set protocol.enrolment.clips lower, or name another protocol.enrolment.emotion."
        )


def enrolment_notes(split: pd.DataFrame, enrolment: Enrolment) -> list[str]:
    """A sentence for the report about the clips that are set apart; none without any. split: `tables.SPLIT`."""
    if not enrolment.clips:
        return []
    apart = split[split["split"] == "enrolment"]
    return [
        f"Set apart for enrolment, and not scored: {apart['clip'].nunique()} clips, {enrolment.clips} of the emotion "
        f"{enrolment.emotion} of each of {apart['actor'].nunique()} speakers (protocol.enrolment)."
    ]


def _rank(clip: str, seed: int) -> str:
    return hashlib.blake2b(f"{seed} {clip}".encode(), digest_size=16).hexdigest()
