"""The order of emotions, which are the words that a setting lists, and the genders."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

GENDERS = ("female", "male")
# The gender of people of whom it is not known. Their clips are in all tables but those by gender.
UNKNOWN = "unknown"
# What stands for all emotions in the tables' column of emotions, so that no class can have this name.
RESERVED = ("all", "unweighted average recall")
_FILE = "classes.json"


def in_order(emotions: Iterable[str], order: Sequence[str]) -> list[str]:
    """The emotions, each once, in a given order. Those that it lacks come last, sorted by name.

    order: such as the classes of an experiment.
    """
    wanted = set(emotions)
    known = [emotion for emotion in dict.fromkeys(order) if emotion in wanted]
    return [*known, *sorted(wanted - set(known))]


def joined(orders: Iterable[Iterable[str]]) -> list[str]:
    """One order of all emotions in several lists. It agrees with each list where the lists agree with each other.

    An emotion that the lists before do not have comes directly after its predecessor.
    """
    both: list[str] = []
    for order in orders:
        place = 0
        for emotion in order:
            if emotion not in both:
                both.insert(place, emotion)
            place = both.index(emotion) + 1
    return both


def write_classes(classes: Sequence[str], folder: Path) -> None:
    """Write the classes of an experiment, in their order, into the folder of a split."""
    (folder / _FILE).write_text(json.dumps(list(classes), ensure_ascii=False), encoding="utf-8")


def read_classes(folder: Path) -> list[str]:
    """The classes that `write_classes` has written."""
    classes: list[str] = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    return classes
