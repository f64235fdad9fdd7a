"""Convert settings objects to JSON and back, for plan files, records and models.

An object becomes a map with the further key `_type`, whose value is `module:Class`. Decoding imports the module.
"""

import dataclasses
import json
from importlib import import_module
from typing import Any

TYPE = "_type"


def encode(value: Any) -> Any:
    """Settings as values that JSON can represent. Dataclasses become maps with the names of their classes."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: encode(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {TYPE: f"{type(value).__module__}:{type(value).__qualname__}", **fields}
    if isinstance(value, dict):
        return {str(name): encode(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [encode(entry) for entry in value]
    return value


def decode(value: Any) -> Any:
    """The settings that `encode` converted.

    Raises `ImportError` or `AttributeError` where a class no longer exists, and `ValueError` where it is no dataclass.
    """
    if isinstance(value, list):
        return [decode(entry) for entry in value]
    if isinstance(value, dict):
        entries = {name: decode(entry) for name, entry in value.items() if name != TYPE}
        if TYPE not in value:
            return entries
        module, _, qualified_name = value[TYPE].partition(":")
        cls: Any = import_module(module)
        for name in qualified_name.split("."):
            cls = getattr(cls, name)
        if not (isinstance(cls, type) and dataclasses.is_dataclass(cls)):  # a file from elsewhere may name anything
            raise ValueError(f"{value[TYPE]} is no class of settings")
        return cls(**entries)
    return value


def plain(value: Any) -> Any:
    """The same as `encode`, without the names of classes: settings for display, hashing and tracking."""
    if isinstance(value, dict):
        return {name: plain(entry) for name, entry in value.items() if name != TYPE}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    return plain(encode(value)) if dataclasses.is_dataclass(value) and not isinstance(value, type) else value


def canonical(value: Any) -> str:
    """The settings as JSON text. Equal settings have the same text."""
    return json.dumps(plain(value), sort_keys=True, ensure_ascii=False)
