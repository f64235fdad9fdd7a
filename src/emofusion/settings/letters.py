"""Letters that Hydra's grammar of overrides does not have. In values they stand for themselves, as in 生气/angry."""

import re
from pathlib import Path

from emofusion.errors import EmofusionError

# The letters of the grammar, besides quotes; `~` is not among them.
_KNOWN = re.compile(r"[A-Za-z0-9_\-/+.$%*@?|\\:,=(){}\[\] \t'\"~]")
_SPELLED = re.compile(r"zQx([0-9a-f]+)xQz")
_HOME = re.compile(r"(?<![^\[{,:='\" ])~(?=[/'\"\]},]|$)")
# A name in a map that the grammar would take for a number, a truth value or nothing.
_NO_WORD = re.compile(r"([{,]\s*)([-+.\d]|(?=(?:true|false|null|nan|inf)\s*:)\w)(?=[^:,{}\[\]'\"]*:)", re.IGNORECASE)
_QUOTED_NAME = re.compile(r"([{,]\s*)(['\"])([^'\"]*)\2(\s*:)")


def spelled(value: str) -> str:
    """A value in which each letter that the grammar does not have is spelled with letters that it has.

    In quotes, all letters stand for themselves. Names in a map such as 1.0 and true are words, and so they are spelled
    too.
    """
    value = _NO_WORD.sub(lambda match: match[1] + _spelled(match[2]), value)
    letters: list[str] = []
    quote = ""
    for letter in value:
        if letter in "'\"" and quote in ("", letter):
            quote = "" if quote else letter
        letters.append(letter if quote or _KNOWN.fullmatch(letter) else _spelled(letter))
    return "".join(letters)


def _spelled(letter: str) -> str:
    return f"zQx{ord(letter):x}xQz"


def unspelled(text: str) -> str:
    """The text that `spelled` was given."""
    return _SPELLED.sub(lambda match: chr(int(match[1], 16)), text)


def check_value(override: str, key: str, value: str) -> None:
    """Refuse what the grammar cannot express, with what to type instead.

    Args:
        override: the whole override, for the message.
        key: what stands before its first `=`.
        value: what stands after it.

    Raises:
        EmofusionError: `~` stands for a home folder, or names in a map are in quotes.
    """
    if _HOME.search(value):
        raise EmofusionError(
            f"override: {override}: ~ is not replaced by your home folder here; write "
            f"{key}={_HOME.sub(str(Path.home()), value)}"
        )
    if value.startswith("{") and _QUOTED_NAME.search(value):
        bare = _QUOTED_NAME.sub(r"\1\3\4", value)
        raise EmofusionError(f"override: {override}: names in a map have no quotes; write {key}={bare}")
