"""Composition: from `conf/` and overrides to typed, checked settings.

Hydra composes each combination of group choices (`speech=lstm`) once. The result is cut into sections: the root's own
values, and one for each node below it (`fusion`, `speech`, …). A plain override (`speech.training.epochs=60`) is then
applied to the sections that it concerns alone, and a section that was seen before is not looked at again. A thousand
cells that differ in their seeds therefore cost little more than one.
"""

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from emofusion.errors import EmofusionError
from emofusion.settings import registry
from emofusion.settings.experiment import Experiment, Modality, Root
from emofusion.settings.fields import check
from emofusion.settings.names import check_name, unknown
from emofusion.settings.overrides import Assignment, parse
from emofusion.settings.plugins import named_plugins, resolved
from emofusion.settings.sections import Sectioner

SECTIONS = {field.name for field in dataclasses.fields(Experiment)} - {field.name for field in dataclasses.fields(Root)}
MODALITY = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Composition:
    """What Hydra made of one combination of group choices.

    container: all settings, interpolations unresolved. groups: modality → the group that it was chosen from, such as
    `speech` or `speech@own_speech`. choices: group → the choice. interpolated: the sections with interpolations; the
    empty name stands for the root's own values.
    """

    container: dict[str, Any]
    groups: dict[str, str]
    choices: dict[str, str]
    interpolated: frozenset[str]


@dataclass(frozen=True)
class Settings:
    """One experiment's settings, typed and checked. Equal sections of different cells are one and the same object."""

    root: Root
    sections: dict[str, Any]
    modalities: dict[str, Modality]

    def __getattr__(self, name: str) -> Any:
        sections = self.__dict__.get("sections", {})
        if name in sections:
            return sections[name]
        raise AttributeError(name)


class Composer:
    """Composes the cells of one experiment."""

    def __init__(self, conf: Path, experiment: str) -> None:
        """`conf`: the folder of the configuration; raises `EmofusionError` where it has no such experiment."""
        known = sorted(path.stem for path in (conf / "experiment").glob("*.yaml"))
        if experiment not in known:
            raise EmofusionError(f"experiment={experiment}: no such experiment; there are {', '.join(known)}")
        self.conf, self.experiment = conf, experiment
        registry.register()
        self._compositions: dict[tuple[str, ...], Composition] = {}
        self._sections: dict[tuple[Any, ...], Any] = {}
        self._sectioner = Sectioner()
        for path in named_plugins(conf, experiment):
            registry.load_plugin(path)

    def settings(self, overrides: list[str]) -> Settings:
        """The settings of one cell. Raises `EmofusionError` that names a setting which is unknown or wrong."""
        for path in plugins_in(overrides):  # before groups are told from values, as they may bring groups
            registry.load_plugin(path)
        groups, plain = self._sorted(overrides)
        composition = self._composition(groups)
        self._check_root(composition, plain)
        root = self._section(groups, "", plain)
        for path in root.plugins:
            registry.load_plugin(path)
        for name in root.modalities:
            self._check_modality(name, composition, plain)
        sections = {name: self._section(groups, name, plain) for name in sorted(SECTIONS)}
        modalities = {name: self._section(groups, name, plain) for name in root.modalities}
        return Settings(root, sections, modalities)

    def alternative(self, overrides: list[str], modality: str, choice: str) -> Modality:
        """The modality's settings under another choice of its group.

        Overrides of the chosen network hold for the other where it has such settings, and are left out where not.
        """
        group = self._composition(self._sorted(overrides)[0]).groups.get(modality, modality)
        replaced = (f"{modality}.ensemble=", f"{modality}.pool=", f"{modality}.name=")
        others = [
            text
            for text in overrides
            if not text.lstrip("+").startswith(replaced) and text.lstrip("+").split("=")[0] != group
        ]
        adds = "+" if any(text.startswith(f"+{group}=") for text in overrides) else ""
        others.append(f"{adds}{group}={choice}")
        parts = (f"{modality}.network.", f"{modality}.features.")
        kept = [text for text in others if not text.lstrip("+").startswith(parts)]
        for text in [text for text in others if text not in kept]:
            try:
                self._modality([*kept, text], modality)
            except EmofusionError:
                continue
            kept.append(text)
        return self._modality(kept, modality)

    def _modality(self, overrides: list[str], modality: str) -> Modality:
        groups, plain = self._sorted(overrides)
        own = [text for text in groups if not self._leaves_alone(text, modality)]
        node: Modality = self._section(tuple(own), modality, plain)
        return node

    def _leaves_alone(self, group: str, section: str) -> bool:
        """Whether a choice of a group has no effect on a section, so that the section is composed without it."""
        usual, other = self._composition(()), self._composition((group,))
        return section not in other.interpolated and usual.container.get(section) == other.container.get(section)

    def _sorted(self, overrides: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Choices of groups, and plain values."""
        groups, plain = [], []
        for text in overrides:
            override = parse(text)
            if override.key == "experiment":
                raise EmofusionError(f"override: {text}: an experiment is chosen by --config {text}")
            (groups if override.package or self._is_group(override.key) else plain).append(text)
        return tuple(groups), tuple(plain)

    def _is_group(self, key: str) -> bool:
        return "." not in key and ((self.conf / key).is_dir() or _stored_group(key))

    def _composition(self, groups: tuple[str, ...]) -> Composition:
        groups = self._differing(groups)
        if groups not in self._compositions:
            try:
                with initialize_config_dir(str(self.conf.resolve()), version_base="1.3"):
                    composed = hydra_compose(
                        "config", overrides=[f"experiment={self.experiment}", *groups], return_hydra_config=True
                    )
                choices = OmegaConf.to_container(composed.hydra.runtime.choices)
                container = OmegaConf.to_container(OmegaConf.masked_copy(composed, [*set(composed) - {"hydra"}]))
            except (HydraException, OmegaConfBaseException) as error:
                raise EmofusionError(_message(error, groups)) from error
            assert isinstance(choices, dict) and isinstance(container, dict)
            container["experiment"] = self.experiment
            chosen = {
                str(name): choice for name, choice in choices.items() if choice and not str(name).startswith("hydra")
            }
            content = {str(name): value for name, value in container.items()}
            self._compositions[groups] = Composition(
                content,
                {name.rpartition("@")[2]: name for name in chosen},
                {name: str(choice) for name, choice in chosen.items()},
                _interpolated(content),
            )
        return self._compositions[groups]

    def _differing(self, groups: tuple[str, ...]) -> tuple[str, ...]:
        """The choices without those that say what the experiment says anyway, so that nothing is composed twice."""
        if not groups or () not in self._compositions:
            return groups
        usual = self._compositions[()].choices
        choices = [parse(text) for text in groups]
        same = [
            not choice.adds and not choice.deletes and not choice.package and usual.get(choice.key) == choice.value
            for choice in choices
        ]
        return tuple(text for text, is_same in zip(groups, same, strict=True) if not is_same)

    def _section(self, groups: tuple[str, ...], name: str, plain: tuple[str, ...]) -> Any:
        composition = self._composition(groups)
        everything = name in composition.interpolated  # an interpolation may lead anywhere
        concerned = plain if everything else tuple(text for text in plain if _concerns(parse(text), name))
        key = (id(composition), name, concerned)
        if key not in self._sections:
            node = self._sectioner.section(composition.container, name, [parse(text) for text in concerned])
            check(node, name) if dataclasses.is_dataclass(node) else _check_values(node, name)
            self._sections[key] = node
        return self._sections[key]

    def _check_root(self, composition: Composition, plain: tuple[str, ...]) -> None:
        """Every node at the top is a setting, or a modality that is named or chosen from a group."""
        known = {field.name for field in dataclasses.fields(Experiment)}
        chosen = set(composition.groups) | {name.partition("@")[0] for name in composition.groups.values()}
        added = {parse(text).key.partition(".")[0] for text in plain if parse(text).adds}
        named = set(composition.container.get("modalities") or []) | added | _swept_modalities(plain)
        for name in [*composition.container, *(parse(text).key.partition(".")[0] for text in plain)]:
            if name not in known | chosen | named:
                raise EmofusionError(unknown(name, sorted(known | chosen)))

    def _check_modality(self, name: str, composition: Composition, plain: tuple[str, ...]) -> None:
        if not MODALITY.fullmatch(name):
            raise EmofusionError(f"modalities: {name} is not a name: use small letters, digits and _, a letter first")
        reserved = {field.name for field in dataclasses.fields(Experiment)} | {"all"} | set(registry.kinds("fusion"))
        if name in reserved:
            raise EmofusionError(f"modalities: {name} means something else here; use another name")
        keys = {parse(text).key.partition(".")[0] for text in plain}
        if not isinstance(composition.container.get(name), dict) and name not in keys:
            raise EmofusionError(
                f"modalities: {name} is named but there are no settings {name}.*; choose some, as in "
                f'override="+speech@{name}=cnn1d"'
            )


def plugins_in(overrides: list[str]) -> list[str]:
    """The plug-in files that overrides name."""
    return [path for text in overrides if parse(text).key == "plugins" for path in resolved(parse(text).value)]


def _interpolated(container: dict[str, Any]) -> frozenset[str]:
    own = {key: value for key, value in container.items() if not isinstance(value, dict)}
    names = {name for name, node in container.items() if "${" in repr(node)}
    return frozenset(names | ({""} if "${" in repr(own) else set()))


def _concerns(override: Assignment, section: str) -> bool:
    first = override.key.partition(".")[0]
    return first == section if section else first not in SECTIONS and "." not in override.key


def _swept_modalities(plain: tuple[str, ...]) -> set[str]:
    named = [parse(text).value for text in plain if parse(text).key == "modalities"]
    return {str(name) for names in named if isinstance(names, list) for name in names}


def _check_values(node: Any, name: str) -> None:
    """Check the typed nodes of an untyped map, such as `corpora`."""
    for key, value in (node or {}).items() if isinstance(node, dict) else []:
        if dataclasses.is_dataclass(value):
            check_name(str(key), name)
            check(value, f"{name}.{key}")


def _stored_group(key: str) -> bool:
    try:
        return bool(ConfigStore.instance().list(key))
    except OSError:
        return False


def _message(error: Exception, overrides: tuple[str, ...]) -> str:
    lines = [line.strip() for line in f"{error}\n{error.__cause__ or ''}".splitlines() if line.strip()]
    dull = ("object_type", "full_key", "To append", "Set the environment", "See ", "Config search path", "provider=")
    told = list(dict.fromkeys(line for line in lines if not line.startswith(dull)))
    return f"configuration: {' '.join(told)}" + (f" (override: {' '.join(overrides)})" if overrides else "")
