"""Letters that Hydra's grammar of overrides does not have. In values they stand for themselves, as in 生气/angry."""

import re
from pathlib import Path

from emofusion.errors import EmofusionError

# The letters of the grammar, besides quotes; `~` is not among them.
_UNKNOWN = re.compile(r"[^A-Za-z0-9_\-/+.$%*@?|\\:,=(){}\[\] \t'\"~]")
_SPELLED = re.compile(r"zQx([0-9a-f]+)xQz")
_LIKE_SPELLED = re.compile(r"z(?=Qx)")  # is spelled too, so that nothing else looks spelled
_HOME = re.compile(r"(?<![^\[{,:='\" ])~(?=[/'\"\]},]|$)")
# A name in a map that the grammar would take for a number, a truth value or nothing.
_NO_WORD = re.compile(r"([{,]\s*)([-+.\d]|(?=(?:true|false|null|nan|inf)\s*:)\w)(?=[^:,{}\[\]'\"]*:)", re.IGNORECASE)
# A part of a value in quotes: a backslash before a quote makes it a letter.
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)


def spelled(value: str) -> str:
    """A value in which each letter that the grammar does not have is spelled with letters that it has.

    In quotes, all letters stand for themselves. Names in a map such as 1.0 and true are words, and so they are spelled
    too.
    """

    parts, end = [], 0
    value = _LIKE_SPELLED.sub(_spelled("z"), value)
    for quoted in _QUOTED.finditer(value):
        parts += [_spelled_words(value[end : quoted.start()]), quoted[0]]
        end = quoted.end()
    return "".join([*parts, _spelled_words(value[end:])])


def _spelled_words(text: str) -> str:
    """A part of a value that is not in quotes, spelled."""
    text = _NO_WORD.sub(lambda match: match[1] + _spelled(match[2]), text)
    return _UNKNOWN.sub(lambda match: _spelled(match[0]), text)


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
    bare = _QUOTED.sub(lambda quoted: quoted[0][1:-1] if _is_name(value, quoted) else quoted[0], value)
    if value.startswith("{") and bare != value:
        raise EmofusionError(f"override: {override}: names in a map have no quotes; write {key}={bare}")


def _is_name(value: str, quoted: re.Match[str]) -> bool:
    """Whether a part in quotes is a name in a map: it begins an entry, and a colon follows."""
    return value[: quoted.start()].rstrip().endswith(("{", ",")) and value[quoted.end() :].lstrip().startswith(":")
