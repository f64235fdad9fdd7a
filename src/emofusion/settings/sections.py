"""One section of an experiment's settings: its node typed, overrides applied, and turned into objects."""

import dataclasses
from collections.abc import Sequence
from copy import deepcopy
from typing import Any, get_args, get_type_hints

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from emofusion.errors import EmofusionError
from emofusion.settings import registry
from emofusion.settings.experiment import Experiment, Modality, Root
from emofusion.settings.kinds import Kind
from emofusion.settings.names import unknown
from emofusion.settings.overrides import Assignment

Section = Any
_CLASSES = {
    name: hint
    for name, hint in get_type_hints(Experiment).items()
    if dataclasses.is_dataclass(hint) and name not in {field.name for field in dataclasses.fields(Root)}
}
_MODEL = ("features", "network", "training")


class Sectioner:
    """Makes sections; what Hydra composed is given its types once for each section."""

    def __init__(self) -> None:
        # the containers are kept, so that no other one gets their id
        self._bases: dict[tuple[int, str], tuple[dict[str, Any], DictConfig]] = {}

    def section(self, container: dict[str, Any], name: str, overrides: Sequence[Assignment]) -> Section:
        """The section `name` of what Hydra composed (the root's own values where it is empty), as objects.

        A node with a `kind` becomes an instance of that kind, at whatever depth the schema has kinds. Maps that an
        override gives replace the map that is there. Raises `EmofusionError` that names the setting which is unknown,
        of the wrong type, or without a value.
        """
        tree = deepcopy(self._base(container, name))
        for override in overrides:
            _assign(tree, override)
        if name:  # nodes that overrides have added are typed only now
            tree[name] = _typed(name, tree[name], overrides)
        node = tree[name] if name else tree
        if not OmegaConf.is_config(node):
            return node
        missing = sorted(OmegaConf.missing_keys(node))
        if missing:
            full = missing[0] if missing[0].startswith(f"{name}.") or not name else f"{name}.{missing[0]}"
            raise EmofusionError(f"{full}: this setting has no value")
        try:
            return OmegaConf.to_object(node)
        except OmegaConfBaseException as error:
            raise EmofusionError(f"{name}: {_first_line(error)}") from error

    def _base(self, container: dict[str, Any], name: str) -> DictConfig:
        key = (id(container), name)
        if key not in self._bases:
            if name:
                tree = OmegaConf.create(container if "${" in repr(container.get(name)) else {})
                tree[name] = _typed(name, container.get(name))
            else:
                own = {field.name for field in dataclasses.fields(Root)}
                tree = _merged(Root, {key: value for key, value in container.items() if key in own}, "")
            self._bases[key] = (container, tree)
        return self._bases[key][1]


def _typed(name: str, content: Any, overrides: Sequence[Assignment] | None = None) -> Any:
    """The section's node with the classes of the schema; complete, where `overrides` have been applied to it."""
    if name == "corpora":
        return {corpus: _kind("corpora", node, f"corpora.{corpus}") for corpus, node in _items(content)}
    if name == "protocol":
        return _kind("protocols", content, "protocol")
    if name == "published":
        return content
    if name in _CLASSES:
        node = content if _has_class(content) else _merged(_CLASSES[name], content or {}, name)
        if name == "fusion":
            node["options"] = _rule_options(node["options"])
        return node
    return _modality(name, content, overrides)


def _modality(name: str, content: Any, overrides: Sequence[Assignment] | None) -> DictConfig:
    if content is not None and not OmegaConf.is_dict(content) and not isinstance(content, dict):
        raise EmofusionError(f"{name}={content}: this is a group of settings, or a choice of conf/{name}/")
    content = dict(_items(content))
    parts = {"features": content.pop("features", None), "network": content.pop("network", None)}
    node = _merged(Modality, {"name": name} | content, name)
    stands_back = node["posteriors"] is not None or len(node["ensemble"])
    if stands_back:
        # an experiment may say how the model is trained whose place is taken; a command line may not
        parts_of_model = tuple(f"{name}.{part}" for part in _MODEL)
        told = [item.text for item in overrides or () if item.key.startswith(parts_of_model)]
        if told and node["posteriors"] is not None:
            raise EmofusionError(f"{told[0]}: {name} is read from {name}.posteriors.table, so no model is trained")
        if overrides is not None:
            node["training"] = None
        return node
    for part, family in (("features", "features"), ("network", "networks")):
        if parts[part] is None and overrides is None:
            continue
        if parts[part] is None:
            raise EmofusionError(f"{name}.{part}: this setting has no value; choose a model, as in {name}=…")
        node[part] = _kind(family, parts[part], f"{name}.{part}")
    if node["training"] is None and overrides is not None:
        raise EmofusionError(f"{name}.training: this setting has no value")
    return node


def _kind(family: str, node: Any, name: str) -> DictConfig:
    """A node typed by the kind that it names."""
    if _has_class(node):
        expected = registry.name_of(OmegaConf.get_type(node))
        if node["kind"] != expected:
            raise EmofusionError(
                f"{name}.kind={node['kind']}: to change the kind, set the node: {name}={{kind: {node['kind']}}}"
            )
        return node
    content = dict(_items(node))
    if "kind" not in content:
        known = ", ".join(registry.kinds(family))
        raise EmofusionError(f"{name}.kind: this setting has no value; there are {known}")
    return _merged(registry.kind(family, content["kind"], f"{name}.kind"), content, name)


def _rule_options(options: Any) -> dict[str, Any]:
    """The settings of each fusion rule that has some."""
    rules = {name: rule for name, rule in registry.kinds("fusion").items() if len(dataclasses.fields(rule)) > 1}
    given = dict(_items(options))
    for name in given:
        if name not in rules:
            raise EmofusionError(f"fusion.options.{name}: this rule has no settings; {', '.join(rules)} have some")
    return {
        name: given[name]
        if _has_class(given.get(name))
        else _merged(rule, dict(_items(given.get(name))), f"fusion.options.{name}")
        for name, rule in rules.items()
    }


def _assign(tree: DictConfig, override: Assignment) -> None:
    """Apply a plain override to the tree."""
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
        if OmegaConf.is_missing(node, last) or last not in node or _has_class(node):
            raise EmofusionError(f"{override.text}: only what was added to a map can be deleted")
        del node[last]
        return
    current = _child(node, last, override, len(way))
    value = override.value
    if isinstance(value, dict) and _has_class(current):
        cls = OmegaConf.get_type(current)
        if issubclass(cls, Kind):
            wanted = value.get("kind", current["kind"])
            cls = registry.kind(cls.family, wanted, f"{override.key}.kind")
            value = {"kind": wanted, **value}
        value = _merged(cls, value, override.key)
    _set(node, last, value, override)


def _empty(node: Any, part: str) -> Any:
    """What a node is where nothing is there yet: with its class, where the schema gives it one."""
    hints = get_type_hints(OmegaConf.get_type(node)) if _has_class(node) else {}
    for hint in get_args(hints.get(part)):
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
        if part not in node and not _has_class(node):
            return None
        return node[part]
    except (ConfigAttributeError, ConfigKeyError, ValueError, IndexError) as error:
        prefix = "".join(f"{name}." for name in override.key.split(".")[:depth])
        known = (
            [f"{prefix}{key}" for key in node]
            if OmegaConf.is_dict(node)
            else [f"{prefix}{n}" for n in range(len(node))]
        )
        raise EmofusionError(unknown(prefix + part, known)) from error
    except OmegaConfBaseException:
        return None  # an interpolation that leads nowhere, and is replaced


def _set(node: Any, part: str, value: Any, override: Assignment) -> None:
    try:
        node[int(part) if OmegaConf.is_list(node) else part] = value
    except (OmegaConfBaseException, ValueError) as error:
        raise EmofusionError(f"{override.text}: {_first_line(error)}") from error


def _merged(schema: type, content: Any, name: str) -> DictConfig:
    prefix = f"{name}." if name else ""
    try:
        merged = OmegaConf.merge(OmegaConf.structured(schema), content)
    except (ConfigKeyError, ConfigAttributeError) as error:
        full = error.full_key or str(error.key)
        parent = error.parent_node
        beside = full.rpartition(".")[0]
        keys = list(parent) if OmegaConf.is_dict(parent) else [field.name for field in dataclasses.fields(schema)]
        known = [prefix + (f"{beside}." if beside else "") + str(key) for key in keys]
        raise EmofusionError(unknown(prefix + full, known)) from error
    except OmegaConfBaseException as error:
        raise EmofusionError(f"{prefix}{error.full_key or ''}: {_first_line(error)}") from error
    assert isinstance(merged, DictConfig)
    return merged


def _items(node: Any) -> Any:
    """A map's items, with nodes as they are and interpolations unresolved; none of None."""
    if node is None:
        return ()
    if isinstance(node, DictConfig):
        return node.items_ex(resolve=False)
    if isinstance(node, dict):
        return node.items()
    raise EmofusionError(f"{node}: this must be a map of settings")


def _has_class(node: Any) -> bool:
    return isinstance(node, DictConfig) and dataclasses.is_dataclass(OmegaConf.get_type(node))


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
