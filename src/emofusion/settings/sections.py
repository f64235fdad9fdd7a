"""One section of an experiment's settings: give its node types, apply overrides, and turn it into objects."""

import dataclasses
from collections.abc import Sequence
from copy import deepcopy
from typing import Any, get_type_hints

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from emofusion.errors import EmofusionError
from emofusion.settings import registry
from emofusion.settings.assign import assign
from emofusion.settings.experiment import Experiment, Modality, Root
from emofusion.settings.nodes import first_line, has_class, items, merged
from emofusion.settings.overrides import Assignment
from emofusion.settings.training import Training

Section = Any
_CLASSES: dict[str, Any] = {
    name: hint
    for name, hint in get_type_hints(Experiment).items()
    if dataclasses.is_dataclass(hint) and name not in {field.name for field in dataclasses.fields(Root)}
}
_MODEL = ("features", "network", "training")


class Sectioner:
    """Makes sections. Each section of what Hydra composed gets its types once, and is then remembered."""

    def __init__(self) -> None:
        # keys are ids of containers; the containers are kept, so that no other gets their ids
        self._bases: dict[tuple[int, str, bool], tuple[dict[str, Any], DictConfig]] = {}
        self._roots: dict[int, Any] = {}

    def section(self, container: dict[str, Any], name: str, overrides: Sequence[Assignment]) -> Section:
        """One section of what Hydra composed, as objects.

        A node with a `kind` becomes an instance of that kind. A map in an override replaces the configured map.

        Args:
            container: what Hydra composed.
            name: the name of the section; empty for the values at the root.
            overrides: plain overrides of this section.

        Raises:
            EmofusionError: a setting is unknown, has the wrong type, or has no value. The message names it.
        """
        if not name and overrides and (root := self._root_with(container, overrides)) is not None:
            return root
        tree = deepcopy(self._base(container, name, any("${" in override.text for override in overrides)))
        for override in overrides:
            assign(tree, override)
        if name:  # gives types to nodes that overrides have added
            tree[name] = _typed(name, tree[name], overrides)
        node = tree[name] if name else tree
        if not OmegaConf.is_config(node):
            return node
        try:
            missing = sorted(OmegaConf.missing_keys(node))
            if missing:
                full = missing[0] if missing[0].startswith(f"{name}.") or not name else f"{name}.{missing[0]}"
                raise EmofusionError(f"{full}: this setting has no value")
            return OmegaConf.to_object(node)
        except OmegaConfBaseException as error:
            raise EmofusionError(f"{error.full_key or name}: {first_line(error)}") from error

    def _root_with(self, container: dict[str, Any], overrides: Sequence[Assignment]) -> Root | None:
        """A fast way to override whole numbers at the root, such as the seed; None for all other overrides."""
        if not all(override.key in Root.__dataclass_fields__ and not override.deletes for override in overrides):
            return None
        if id(container) not in self._roots:
            tree = self._base(container, "", False)
            if OmegaConf.missing_keys(tree):
                return None
            self._roots[id(container)] = OmegaConf.to_object(tree)
        root: Root = self._roots[id(container)]
        values = {override.key: override.value for override in overrides}
        same_type = all(type(value) is type(getattr(root, key)) for key, value in values.items())
        if not same_type or not all(isinstance(value, int) for value in values.values()):
            return None
        return dataclasses.replace(root, **values)

    def _base(self, container: dict[str, Any], name: str, interpolates: bool) -> DictConfig:
        """The section before overrides. `interpolates`: whether an override refers to other settings by `${…}`."""
        key = (id(container), name, interpolates)
        if key not in self._bases:
            if name:
                everything = interpolates or "${" in repr(container.get(name))
                tree = OmegaConf.create(container if everything else {})
                tree[name] = _typed(name, container.get(name))
            else:
                names = {field.name for field in dataclasses.fields(Root)}
                tree = merged(Root, {key: value for key, value in container.items() if key in names}, "")
            self._bases[key] = (container, tree)
        return self._bases[key][1]


def _typed(name: str, content: Any, overrides: Sequence[Assignment] | None = None) -> Any:
    """The section's node with the types of the schema.

    Args:
        name: the name of the section.
        content: its content.
        overrides: the overrides that were applied to the content; the node must then be complete. None: overrides
            will be applied later, so that values may be missing.
    """
    if name == "corpora":
        return {corpus: _kind("corpora", node, f"corpora.{corpus}") for corpus, node in items(content, "corpora")}
    if name == "protocol":
        return _kind("protocols", content, "protocol")
    if name == "published":
        return content
    if name in _CLASSES:
        node = content if has_class(content) else merged(_CLASSES[name], dict(items(content, name)), name)
        if name == "fusion":
            node["options"] = _rule_options(node["options"])
        return node
    return _modality(name, content, overrides)


def _modality(name: str, content: Any, overrides: Sequence[Assignment] | None) -> DictConfig:
    if content is not None and not OmegaConf.is_dict(content) and not isinstance(content, dict):
        raise EmofusionError(f"{name}={content}: this must be a map of settings, or a choice of conf/{name}/")
    content = dict(items(content, name))
    model = {"features": content.pop("features", None), "network": content.pop("network", None)}
    node = merged(Modality, {"name": name} | content, name)
    model_is_unused = node["posteriors"] is not None or len(node["ensemble"])
    if model_is_unused:
        # the experiment's files may have settings of the unused model, but an override of them would have no effect
        model_nodes = tuple(f"{name}.{part}" for part in _MODEL)
        without_effect = [item.text for item in overrides or () if item.key.startswith(model_nodes)]
        if without_effect and node["posteriors"] is not None:
            raise EmofusionError(
                f"{without_effect[0]}: {name} is read from {name}.posteriors.table, so no model is trained"
            )
        if overrides is not None:
            node["training"] = None
        return node
    for part, family in (("features", "features"), ("network", "networks")):
        if model[part] is None and overrides is None:
            continue
        if model[part] is None:
            raise EmofusionError(
                f"{name}.{part}: this setting has no value; choose a model, as in {name}=…, or set {name}.posteriors"
            )
        node[part] = _kind(family, model[part], f"{name}.{part}")
    if model["network"] is not None:
        _complete_training(node)
    if node["training"] is None and overrides is not None:
        raise EmofusionError(f"{name}.training: this setting has no value")
    return node


def _complete_training(node: DictConfig) -> None:
    """Give settings of a modality's training the defaults that its network has for them, where they have no value."""
    defaults = registry.kind("networks", node["network"]["kind"], "network.kind").training_defaults
    if defaults and node["training"] is None:
        node["training"] = OmegaConf.structured(Training)
    for setting, value in defaults.items():
        if OmegaConf.is_missing(node["training"], setting):
            node["training"][setting] = value


def _kind(family: str, node: Any, name: str) -> Any:
    """A node with the types of the kind that it names."""
    if has_class(node):
        schema: Any = OmegaConf.get_type(node)
        expected = registry.name_of(schema)
        if node["kind"] != expected:
            registry.kind(family, node["kind"], f"{name}.kind")  # raises the error for an unknown kind
            raise EmofusionError(
                f"{name}.kind={node['kind']}: to change the kind, set the node: {name}={{kind: {node['kind']}}}"
            )
        return _with_nested(node, schema, name)
    content = dict(items(node, name))
    if "kind" not in content:
        known = ", ".join(registry.kinds(family))
        raise EmofusionError(f"{name}.kind: this setting has no value; there are {known}")
    cls = registry.kind(family, content["kind"], f"{name}.kind")
    return _with_nested(merged(cls, content, name), cls, name)


def _with_nested(node: DictConfig, cls: Any, name: str) -> DictConfig:
    """A node of a kind, in which maps of further kinds have the types of these."""
    for setting, family in cls.nested.items():
        for key, entry in items(node[setting], f"{name}.{setting}"):
            node[setting][key] = _kind(family, entry, f"{name}.{setting}.{key}")
    return node


def _rule_options(options: Any) -> dict[str, Any]:
    """Fusion rule → its settings, for each rule that has settings."""
    rules = {name: rule for name, rule in registry.kinds("fusion").items() if len(dataclasses.fields(rule)) > 1}
    configured = dict(items(options, "fusion.options"))
    for name in configured:
        if name not in rules:
            raise EmofusionError(
                f"fusion.options.{name}: there is no rule {name} with settings; these rules have settings: "
                f"{', '.join(rules)}"
            )
    return {
        name: configured[name]
        if has_class(configured.get(name))
        else merged(rule, dict(items(configured.get(name), f"fusion.options.{name}")), f"fusion.options.{name}")
        for name, rule in rules.items()
    }
