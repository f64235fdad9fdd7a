"""Messages for names of settings that do not exist, and the check of names that become parts of paths."""

import difflib
import re
from collections.abc import Iterable

from emofusion.errors import EmofusionError

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")


def unknown(name: str, known: Iterable[str]) -> str:
    """The message for a setting that does not exist. It suggests the most similar known name, or lists all of them."""
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
    return f"{name}: no such setting; {hint}"


def nearest(name: str, known: Iterable[str]) -> str:
    """The text `, did you mean …?` with the most similar known name; empty where no name is similar."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f", did you mean {near[0]}?" if near else ""


def check_name(name: str, setting: str) -> None:
    """Raise `EmofusionError` unless a name that becomes part of a path has only letters, digits and `_ . + -`.

    setting: the setting with this name, for the message.
    """
    if not _NAME.fullmatch(name) or len(name) > 100:
        raise EmofusionError(f"{setting}={name}: files are named after it; use letters, digits, _ and - only")
