"""Apply one plain override, such as `speech.training.epochs=60`, to a tree of settings."""

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
    """Apply an override to the tree. A map replaces the present map.

    Raises `EmofusionError` where the setting is unknown or the value has the wrong type. The message names it.
    """
    *parents, last = override.key.split(".")
    node: Any = tree
    for depth, part in enumerate(parents):
        child = _child(node, part, override, depth)
        if child is None:
            _set(node, part, _empty(node, part), override)
            child = node[part]
        if not OmegaConf.is_config(child):
            raise EmofusionError(
                f"{override.text}: {'.'.join(parents[: depth + 1])} is a single value and has no settings"
            )
        node = child
    if override.deletes:
        if OmegaConf.is_missing(node, last) or last not in node or has_class(node):
            raise EmofusionError(f"{override.text}: only an entry of a map can be deleted, not a setting")
        del node[last]
        return
    current = _child(node, last, override, len(parents))
    _set(node, last, _typed_value(node, last, current, override), override)


def _typed_value(node: Any, last: str, current: Any, override: Assignment) -> Any:
    """The override's value, with the types of the schema."""
    value = override.value
    if isinstance(value, dict) and has_class(current):
        cls: Any = OmegaConf.get_type(current)
        if issubclass(cls, Kind):
            wanted = value.get("kind", current["kind"])
            cls = registry.kind(cls.family, wanted, f"{override.key}.kind")
            value = {"kind": wanted, **value}
        return merged(cls, value, override.key)
    if isinstance(value, list) and has_class(node) and any(isinstance(entry, dict) for entry in value):
        schema: Any = OmegaConf.get_type(node)
        return merged(schema, {last: value}, override.key.rpartition(".")[0])[last]
    return value


def _hints(node: Any) -> dict[str, Any]:
    schema: Any = OmegaConf.get_type(node) if has_class(node) else None
    return hints(schema) if schema is not None else {}


def _empty(node: Any, part: str) -> Any:
    """An empty node for a setting that has no value yet, with the type of the schema where there is one."""
    schema = _hints(node)
    for hint in get_args(schema.get(part)):
        if dataclasses.is_dataclass(hint):
            return OmegaConf.structured(hint)
    return {}


def _child(node: Any, part: str, override: Assignment, depth: int) -> Any:
    """The value of `part` in a node; None where a map does not have it.

    Raises `EmofusionError` where the node's dataclass has no such field.
    """
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
        return None  # an interpolation that cannot be resolved; the override replaces it


def _set(node: Any, part: str, value: Any, override: Assignment) -> None:
    schema: Any = OmegaConf.get_type(node) if has_class(node) else None
    wanted = f"{override.key}={shown(override.value)}: {expected(schema, part)}"
    # without this check OmegaConf accepts the number 2 as true
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
