"""The eight emotions, in the one order that every table, figure and model uses."""

from collections.abc import Iterable

EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
GENDERS = ("female", "male")


def in_order(emotions: Iterable[str]) -> list[str]:
    """The given emotions, each once, in the order of `EMOTIONS`.

    Raises `ValueError` if one is not an emotion.
    """
    emotions = set(emotions)
    unknown = emotions - set(EMOTIONS)
    if unknown:
        raise ValueError(f"not among the emotions {', '.join(EMOTIONS)}: {', '.join(sorted(map(str, unknown)))}")
    return [emotion for emotion in EMOTIONS if emotion in emotions]
