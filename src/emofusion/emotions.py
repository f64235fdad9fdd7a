"""The eight emotions, in the order that every table, figure and model uses, and the genders."""

from collections.abc import Iterable

EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
GENDERS = ("female", "male")
# The gender of people of whom it is not known. Their clips are in all tables but those by gender.
UNKNOWN = "unknown"


def in_order(emotions: Iterable[str]) -> list[str]:
    """The emotions, each once, in the order of `EMOTIONS`.

    Raises `ValueError` if one is not an emotion.
    """
    wanted = set(emotions)
    unknown = wanted - set(EMOTIONS)
    if unknown:
        raise ValueError(f"not among the emotions {', '.join(EMOTIONS)}: {', '.join(sorted(map(str, unknown)))}")
    return [emotion for emotion in EMOTIONS if emotion in wanted]
