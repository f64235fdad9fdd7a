"""Types and allowed values of settings in words, for messages and for the reference page."""

import dataclasses
import types
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from emofusion.settings.fields import about

_WORDS = {int: "whole number", float: "number", bool: "true or false", str: "text", Any: "settings"}


def type_in_words(hint: Any) -> str:
    """A type in words, such as `list of text` or `number or null`."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return " or ".join(type_in_words(option) for option in arguments if option is not type(None)) + " or null"
    if origin is list:
        return f"list of {type_in_words(arguments[0])}"
    if origin is dict:
        return f"map of {type_in_words(arguments[1])}"
    return _WORDS.get(hint, "settings")


def expected(schema: Any, name: str) -> str:
    """The allowed values of a dataclass's field, as the end of a message; empty where there is no such field."""
    if not dataclasses.is_dataclass(schema) or name not in schema.__dataclass_fields__:
        return ""
    cls: Any = schema
    hint = hints(cls)[name]
    declared = about(schema.__dataclass_fields__[name])
    words = [f"this must be {_typed(hint)}", declared.allowed()]
    return ", ".join(word for word in words if word)


@cache
def hints(schema: Any) -> dict[str, Any]:
    """Field → type, for a dataclass."""
    return get_type_hints(schema)


def _typed(hint: Any) -> str:
    words = type_in_words(hint)
    if words.startswith("list of"):
        return f"a {words}, written [first,second]"
    if words.startswith("map of"):
        return f"a {words}, written {{name: value}}"
    return words if words.startswith(("true", "text", "settings")) else f"a {words}"
