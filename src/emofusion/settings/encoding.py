"""Settings objects as JSON and back, for plan files, records and models.

An object becomes a map with the key `_type`, `module:Class`; the module is imported to read it again.
"""

import dataclasses
import json
from importlib import import_module
from typing import Any

TYPE = "_type"


def encode(value: Any) -> Any:
    """A dataclass instance, and all within it, as what JSON can hold, with the classes' names."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: encode(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {TYPE: f"{type(value).__module__}:{type(value).__qualname__}", **fields}
    if isinstance(value, dict):
        return {str(name): encode(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [encode(part) for part in value]
    return value


def decode(value: Any) -> Any:
    """What `encode` was given. Raises `ImportError` or `AttributeError` where a class is no longer there."""
    if isinstance(value, list):
        return [decode(part) for part in value]
    if isinstance(value, dict):
        parts = {name: decode(part) for name, part in value.items() if name != TYPE}
        if TYPE not in value:
            return parts
        module, _, name = value[TYPE].partition(":")
        found: Any = import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
        return found(**parts)
    return value


def plain(value: Any) -> Any:
    """As `encode`, without the classes' names: settings to show, to hash and to track."""
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items() if name != TYPE}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return plain(encode(value)) if dataclasses.is_dataclass(value) and not isinstance(value, type) else value


def canonical(value: Any) -> str:
    """The settings as text that is the same for equal settings."""
    return json.dumps(plain(value), sort_keys=True, ensure_ascii=False)
