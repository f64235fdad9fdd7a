"""The one kind of error whose text is meant for the person who runs the workflow, and how a script shows it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


class EmofusionError(Exception):
    """What is wrong and what to do about it, in one message that names the file or the setting."""


@contextmanager
def clear_errors() -> Iterator[None]:
    """Show an `EmofusionError` as its message alone and leave with status 1; a bug keeps its traceback."""
    try:
        yield
    except EmofusionError as error:
        print(f"\nerror: {error}\n", file=sys.stderr, flush=True)
        sys.exit(1)
