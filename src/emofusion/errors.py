"""The one kind of error whose text is meant for the person who runs the workflow, and how a script shows it."""

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class EmofusionError(Exception):
    """What is wrong and what to do about it, in one message that names the file or the setting."""


@contextmanager
def clear_errors(log: str | Path | None = None) -> Iterator[None]:
    """Show an `EmofusionError` as its message alone and leave with status 1; a bug keeps its traceback.

    With `log`, everything else that is written to the standard streams, by libraries and worker processes too, goes
    into that file, and so does the error.
    """
    terminal = sys.stderr
    if log:
        Path(log).parent.mkdir(parents=True, exist_ok=True)
        terminal = os.fdopen(os.dup(2), "w")
        with Path(log).open("w") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
    try:
        yield
    except EmofusionError as error:
        message = f"\nerror: {error}\n\n"
    except Exception:
        message = f"\n{traceback.format_exc()}\n"
    else:
        return
    for stream in dict.fromkeys((terminal, sys.stderr)):
        stream.write(message)
        stream.flush()
    sys.exit(1)
