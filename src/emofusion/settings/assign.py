"""Applying one plain override, such as `speech.training.epochs=60`, to a tree of settings."""

import dataclasses
from typing import Any, get_args

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from emofusion.errors import EmofusionError
from emofusion.settings import registry
from emofusion.settings.fields import shown
from emofusion.settings.kinds import Kind
from emofusion.settings.names import unknown
from emofusion.settings.nodes import first_line, has_class, merged
from emofusion.settings.overrides import Assignment
from emofusion.settings.wording import expected, hints


def assign(tree: DictConfig, override: Assignment) -> None:
    """Apply an override to the tree; a map replaces the map that is there.

    Raises `EmofusionError` that names the setting which is unknown, or of the wrong type.
    """
    *way, last = override.key.split(".")
    node: Any = tree
    for depth, part in enumerate(way):
        child = _child(node, part, override, depth)
        if child is None:
            _set(node, part, _empty(node, part), override)
            child = node[part]
        if not OmegaConf.is_config(child):
            raise EmofusionError(
                f"{override.text}: {'.'.join(way[: depth + 1])} is a single value and holds no settings"
            )
        node = child
    if override.deletes:
        if OmegaConf.is_missing(node, last) or last not in node or has_class(node):
            raise EmofusionError(f"{override.text}: only what was added to a map can be deleted")
        del node[last]
        return
    current = _child(node, last, override, len(way))
    _set(node, last, _typed_value(node, last, current, override), override)


def _typed_value(node: Any, last: str, current: Any, override: Assignment) -> Any:
    """The override's value, with the class that the schema gives it."""
    value = override.value
    if isinstance(value, dict) and has_class(current):
        cls: Any = OmegaConf.get_type(current)
        if issubclass(cls, Kind):
            wanted = value.get("kind", current["kind"])
            cls = registry.kind(cls.family, wanted, f"{override.key}.kind")
            value = {"kind": wanted, **value}
        return merged(cls, value, override.key)
    if isinstance(value, list) and has_class(node) and any(isinstance(part, dict) for part in value):
        schema: Any = OmegaConf.get_type(node)
        return merged(schema, {last: value}, override.key.rpartition(".")[0])[last]
    return value


def _hints(node: Any) -> dict[str, Any]:
    schema: Any = OmegaConf.get_type(node) if has_class(node) else None
    return hints(schema) if schema is not None else {}


def _empty(node: Any, part: str) -> Any:
    """What a node is where nothing is there yet: with its class, where the schema gives it one."""
    schema = _hints(node)
    for hint in get_args(schema.get(part)):
        if dataclasses.is_dataclass(hint):
            return OmegaConf.structured(hint)
    return {}


def _child(node: Any, part: str, override: Assignment, depth: int) -> Any:
    """The value at `part`, None where a map does not have it; refuses what a class does not have."""
    try:
        if OmegaConf.is_list(node):
            return node[int(part)]
        if OmegaConf.is_missing(node, part):
            return None
        if part not in node and not has_class(node):
            return None
        return node[part]
    except (ConfigAttributeError, ConfigKeyError, ValueError, IndexError) as error:
        prefix = "".join(f"{name}." for name in override.key.split(".")[:depth])
        known = [str(key) for key in node] if OmegaConf.is_dict(node) else [str(number) for number in range(len(node))]
        raise EmofusionError(unknown(prefix + part, [prefix + key for key in known if key != "kind"])) from error
    except OmegaConfBaseException:
        return None  # an interpolation that leads nowhere, and is replaced


def _set(node: Any, part: str, value: Any, override: Assignment) -> None:
    schema: Any = OmegaConf.get_type(node) if has_class(node) else None
    wanted = f"{override.key}={shown(override.value)}: {expected(schema, part)}"
    # OmegaConf takes 2 for true
    if (
        schema is not None
        and hints(schema).get(part) is bool
        and isinstance(value, int)
        and not isinstance(value, bool)
    ):
        raise EmofusionError(wanted)
    try:
        node[int(part) if OmegaConf.is_list(node) else part] = value
    except (OmegaConfBaseException, ValueError) as error:
        raise EmofusionError(wanted if expected(schema, part) else wanted + first_line(error)) from error
