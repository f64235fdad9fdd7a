"""The error with a message for the user, and the functions that show it."""

import os
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

_terminal: TextIO | None = None  # where `tell` writes while the standard streams go into a log file


class EmofusionError(Exception):
    """An error that the user can correct. The message names the file or setting, and says what to do."""


class Lacking(EmofusionError):
    """Clips have nothing that features could be computed from: no sound, no face, no words.

    clips: the names of the clips; none where the raising function knows only a file.
    """

    def __init__(self, message: str, clips: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.clips = list(clips)

    def __reduce__(self) -> tuple[type["Lacking"], tuple[str, list[str]]]:
        return Lacking, (str(self), self.clips)


class BadClips(EmofusionError):
    """Clips whose values cannot be used, which a corpus may skip (its setting `on_bad_clip`).

    reasons: name of each clip → what is wrong with it.
    """

    def __init__(self, message: str, reasons: Mapping[str, str]) -> None:
        super().__init__(message)
        self.reasons = dict(reasons)

    def __reduce__(self) -> tuple[type["BadClips"], tuple[str, dict[str, str]]]:
        return BadClips, (str(self), self.reasons)


@contextmanager
def clear_errors(log: str | Path | None = None) -> Iterator[None]:
    """End the process with status 1 when the body raises an error, and show the error.

    For an `EmofusionError` the message is shown, for a full disk or a file that is too large one with the path, for any
    other error the traceback.

    log: a file for all that is written to the standard streams, by libraries and worker processes too. The error is
    then written to the file and to the terminal.
    """
    global _terminal
    terminal = sys.stderr
    if log:
        Path(log).parent.mkdir(parents=True, exist_ok=True)
        terminal = _terminal = os.fdopen(os.dup(2), "w")
        with Path(log).open("w") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
    try:
        yield
    except EmofusionError as error:
        message = f"\nerror: {error}\n\n"
    except Exception as error:
        from emofusion import disk  # imported here, because it imports this module

        told = disk.unwritable(error, disk.path_of(error) or Path())
        message = f"\nerror: {told}\n\n" if told else _traceback()
    else:
        return
    _write(message, terminal)
    sys.exit(1)


def tell(line: str) -> None:
    """Write a line to the terminal, and to the log file if there is one."""
    _write(f"{line}\n", _terminal or sys.stderr)


def _traceback() -> str:
    return f"\n{traceback.format_exc()}\n"


def _write(text: str, terminal: TextIO) -> None:
    """Write to the terminal, and to the log file if there is one. A log on a full disk stops nothing."""
    for stream in dict.fromkeys((terminal, sys.stderr)):
        with suppress(OSError):
            stream.write(text)
            stream.flush()
