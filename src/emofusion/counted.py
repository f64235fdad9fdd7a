"""Count what is left out while files are read, wherever it happens, so that a report can say it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_counts: ContextVar[Counter[str] | None] = ContextVar("counts", default=None)


def count(what: str, number: int = 1) -> None:
    """Add to a count of the innermost `counting`; without one, nothing happens.

    Args:
        what: what is counted, in words, such as `frames without a face`.
        number: how many; 0 makes the count appear with what it has.
    """
    counts = _counts.get()
    if counts is not None:
        counts[what] += number


@contextmanager
def counting() -> Iterator[Counter[str]]:
    """Collect what `count` is told inside the `with` statement: what → how many."""
    counts: Counter[str] = Counter()
    token = _counts.set(counts)
    try:
        yield counts
    finally:
        _counts.reset(token)
