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

from emofusion.errors import EmofusionError
from emofusion.settings import registry
from emofusion.settings.composition import Composition, Compositions
from emofusion.settings.experiment import Experiment, Modality, Root
from emofusion.settings.fields import check, shown
from emofusion.settings.names import check_name, unknown
from emofusion.settings.overrides import Assignment, parse
from emofusion.settings.sections import Sectioner

ROOT = {field.name for field in dataclasses.fields(Root)}
KNOWN = {field.name for field in dataclasses.fields(Experiment)}
SECTIONS = KNOWN - ROOT
MODALITY = re.compile(r"[a-z][a-z0-9_]*")


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
        registry.register()
        self._compositions = Compositions(conf, experiment)
        self._sections: dict[tuple[Any, ...], Any] = {}
        self._sectioner = Sectioner()
        self._load_plugins(self._compositions.of(()).container.get("plugins"))

    def settings(self, overrides: list[str]) -> Settings:
        """The settings of one cell. Raises `EmofusionError` that names a setting which is unknown or wrong."""
        for override in map(parse, overrides):
            if override.key == "plugins":
                self._load_plugins(override.value)
        groups, plain = self._compositions.divided(overrides)
        composition = self._compositions.of(groups)
        root = self._section(groups, "", plain)
        _check_names(root, composition, groups, plain)
        for name in root.modalities:
            _check_modality(name, composition, plain)
        sections = {name: self._section(groups, name, plain) for name in sorted(SECTIONS)}
        modalities = {name: self._section(groups, name, plain) for name in root.modalities}
        settings = Settings(root, sections, modalities)
        self._check_choices(settings, composition)
        self._check_members(settings, overrides)
        return settings

    def alternative(self, overrides: list[str], modality: str, choice: str) -> Modality:
        """The modality's settings under another choice of its group.

        Overrides of the chosen network hold for the other where it has such settings, and are left out where not.
        """
        kept, _ = self._fitting(overrides, modality, choice)
        try:
            return self._modality(kept, modality)
        except EmofusionError as error:
            raise EmofusionError(f"{modality}={choice}: {error}") from error

    def _fitting(self, overrides: list[str], modality: str, choice: str) -> tuple[list[str], dict[str, EmofusionError]]:
        """The overrides for another choice of a modality's group, and why others of them do not fit it."""
        group = self._compositions.of(self._compositions.divided(overrides)[0]).groups.get(modality, modality)
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
        left_out = {}
        for text in [text for text in others if text not in kept]:
            try:
                self._modality([*kept, text], modality)
            except EmofusionError as error:
                left_out[text] = error
                continue
            kept.append(text)
        return kept, left_out

    def _modality(self, overrides: list[str], modality: str) -> Modality:
        groups, plain = self._compositions.divided(overrides)
        own = [text for text in groups if not self._leaves_alone(text, modality)]
        node: Modality = self._section(tuple(own), modality, plain)
        return node

    def _leaves_alone(self, group: str, section: str) -> bool:
        """Whether a choice of a group has no effect on a section, so that the section is composed without it."""
        usual, other = self._compositions.of(()), self._compositions.of((group,))
        return section not in other.interpolated and usual.container.get(section) == other.container.get(section)

    def _section(self, groups: tuple[str, ...], name: str, plain: tuple[str, ...]) -> Any:
        composition = self._compositions.of(groups)
        concerned = tuple(text for text in plain if _concerns(parse(text), name))
        if name in composition.interpolated or any("${" in text for text in concerned):
            concerned = plain  # an interpolation may lead anywhere
        key = (id(composition), name, concerned)
        if key not in self._sections:
            node = self._sectioner.section(composition.container, name, [parse(text) for text in concerned])
            check(node, name) if dataclasses.is_dataclass(node) else _check_values(node, name)
            self._sections[key] = node
        return self._sections[key]

    def _check_choices(self, settings: Settings, composition: Composition) -> None:
        """Raise `EmofusionError` where a map names no modality, or a list names no choice of a modality's group."""
        known = [*settings.modalities, *(name for name in composition.groups if name not in SECTIONS)]
        compared = settings.report.compare
        for setting, named in (("fusion.weights", settings.fusion.weights or {}), ("report.compare", compared)):
            for modality in named:
                if modality not in known and not isinstance(composition.container.get(modality), dict):
                    raise EmofusionError(unknown(f"{setting}.{modality}", [f"{setting}.{name}" for name in known]))
        for modality, node in settings.modalities.items():
            group = composition.groups.get(modality, modality).partition("@")[0]
            ensemble, beside = node.ensemble, compared.get(modality, [])
            for setting, choices in ((f"{modality}.ensemble", ensemble), (f"report.compare.{modality}", beside)):
                for choice in choices:
                    self._compositions.check_choice(group, choice, f"{setting}={shown(choices)}")

    def _check_members(self, settings: Settings, overrides: list[str]) -> None:
        """Raise `EmofusionError` for a setting of an ensemble's models that none of them has."""
        for modality, node in settings.modalities.items():
            parts = (f"{modality}.network.", f"{modality}.features.")
            if not node.ensemble or not any(text.lstrip("+").startswith(parts) for text in overrides):
                continue
            unfitting = [self._fitting(overrides, modality, choice)[1] for choice in node.ensemble]
            for text, error in unfitting[0].items():
                if all(text in left_out for left_out in unfitting):
                    raise EmofusionError(f"{error} (none of the models in {modality}.ensemble takes {text})")

    def _load_plugins(self, paths: Any) -> None:
        for path in paths if isinstance(paths, list) else []:
            registry.load_plugin(str(path))


def _concerns(override: Assignment, section: str) -> bool:
    first = override.key.partition(".")[0]
    return first == section if section else first in ROOT


def _check_names(root: Root, composition: Composition, groups: tuple[str, ...], plain: tuple[str, ...]) -> None:
    """Every node at the top is a setting, or a modality that is named or chosen from a group."""
    chosen = {name for name in composition.groups if "/" not in name}
    chosen |= {name.partition("@")[0] for name in composition.groups.values() if "/" not in name}
    named = set(root.modalities) | set(composition.container.get("modalities") or [])
    for name in [*composition.container, *(parse(text).key.partition(".")[0] for text in plain)]:
        if name not in KNOWN | chosen | named:
            raise EmofusionError(unknown(name, sorted(KNOWN | chosen)))
    for override in map(parse, groups):
        package = (override.package or override.key).partition(".")[0]
        if override.package and package not in KNOWN | set(root.modalities):
            raise EmofusionError(
                f"{override.text}: {package} is not a modality here; name it in modalities={shown(root.modalities)}"
            )


def _check_modality(name: str, composition: Composition, plain: tuple[str, ...]) -> None:
    if not MODALITY.fullmatch(name):
        raise EmofusionError(f"modalities: {name} is not a name: use small letters, digits and _, a letter first")
    if name in KNOWN | {"all"} | set(registry.kinds("fusion")):
        raise EmofusionError(f"modalities: {name} means something else here; use another name")
    keys = {parse(text).key.partition(".")[0] for text in plain}
    if not isinstance(composition.container.get(name), dict) and name not in keys:
        raise EmofusionError(
            f"modalities: {name} is named but there are no settings {name}.*; choose some, as in "
            f'override="+speech@{name}=cnn1d"'
        )


def _check_values(node: Any, name: str) -> None:
    """Check the typed nodes of an untyped map, such as `corpora`."""
    for key, value in (node or {}).items() if isinstance(node, dict) else []:
        if dataclasses.is_dataclass(value):
            check_name(str(key), name)
            check(value, f"{name}.{key}")
