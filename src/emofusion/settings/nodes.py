"""Nodes of settings in OmegaConf, with the types of the schema and with error messages that name the setting."""

import dataclasses
from typing import Any, cast, get_args

from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from emofusion.errors import EmofusionError
from emofusion.settings.fields import shown
from emofusion.settings.names import unknown
from emofusion.settings.wording import expected, hints


def merged(schema: type, content: Any, name: str) -> DictConfig:
    """The content as a node with the types of a dataclass.

    Args:
        schema: the dataclass.
        content: a map of settings.
        name: the node's full name in the settings; empty for the root.

    Raises:
        EmofusionError: a setting is unknown or has the wrong type. The message names it.
    """
    prefix = f"{name}." if name else ""
    if isinstance(content, dict | DictConfig):
        _check_lists(schema, content, prefix)
        content = _with_words(content)
    try:
        node = OmegaConf.merge(OmegaConf.structured(schema), content)
    except (ConfigKeyError, ConfigAttributeError) as error:
        full = error.full_key or str(error.key)
        parent = error.parent_node
        beside = full.rpartition(".")[0]
        keys = list(parent) if OmegaConf.is_dict(parent) else [field.name for field in dataclasses.fields(schema)]
        known = [prefix + (f"{beside}." if beside else "") + str(key) for key in keys if key != "kind"]
        raise EmofusionError(unknown(prefix + full, known)) from error
    except OmegaConfBaseException as error:
        raise EmofusionError(wrong_type(error, prefix + str(error.full_key or ""))) from error
    assert isinstance(node, DictConfig)
    return node


def _with_words(content: Any) -> Any:
    """The content, with words as names in maps. YAML takes the names of `{0: angry, true: happy}` for other things."""
    is_map = isinstance(content, dict) or (isinstance(content, DictConfig) and OmegaConf.get_type(content) is dict)
    if not is_map or (isinstance(content, DictConfig) and content._is_interpolation()):
        return content
    entries = dict(items(content, ""))
    worded = {name if isinstance(name, str) else shown(name): _with_words(entry) for name, entry in entries.items()}
    unchanged = all(worded.get(name) is entry for name, entry in entries.items())
    return content if unchanged else worded


def _check_lists(schema: Any, content: Any, prefix: str) -> None:
    """Raise `EmofusionError` for a wrong node in a list. OmegaConf's own error would not name its position."""
    values = dict(items(content, prefix))
    for field, hint in hints(schema).items():
        value = values.get(field)
        for cls in [hint, *get_args(hint)]:
            if not dataclasses.is_dataclass(cls) or has_class(value):
                continue
            if isinstance(value, dict | DictConfig):
                _check_lists(cls, value, f"{prefix}{field}.")
            for number, entry in enumerate(value if isinstance(value, list | ListConfig) else []):
                if isinstance(entry, dict | DictConfig):
                    merged(cast(type, cls), entry, f"{prefix}{field}[{number}]")


def wrong_type(error: OmegaConfBaseException, name: str) -> str:
    """The message for a value that does not have the type of its setting.

    Args:
        error: OmegaConf's error.
        name: the full name of the setting.
    """
    schema = OmegaConf.get_type(error.parent_node) if OmegaConf.is_config(error.parent_node) else None
    value = getattr(error, "value", None)
    return f"{name}={shown(value)}: {expected(schema, str(error.key)) or first_line(error)}"


def items(node: Any, name: str) -> Any:
    """The items of a map. Interpolations are not resolved. None has no items.

    Raises `EmofusionError` where the node is no map.

    name: the full name of the node, for the message.
    """
    if node is None or (OmegaConf.is_config(node) and OmegaConf.get_type(node) is None):
        return ()
    if isinstance(node, DictConfig):
        return node.items_ex(resolve=False)
    if isinstance(node, dict):
        return node.items()
    raise EmofusionError(f"{name}={shown(node)}: this must be a map of settings, written {{name: value}}")


def has_class(node: Any) -> bool:
    """Whether a node has the type of a dataclass of the schema."""
    return isinstance(node, DictConfig) and dataclasses.is_dataclass(OmegaConf.get_type(node))


def first_line(error: Exception) -> str:
    """The first line of an error's message. OmegaConf adds further lines with details for programmers."""
    return str(error).splitlines()[0]
