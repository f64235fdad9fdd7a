"""Composition: turn the files of `conf/` and overrides into typed, checked settings.

Hydra composes each combination of group choices (`speech=lstm`) once. The result is divided into sections: one for the
values at the root, and one for each node (`fusion`, `speech`, …). A plain override (`speech.training.epochs=60`) is
then applied only to its own section. Sections are remembered and not composed or checked again. A thousand cells that
differ only in their seeds therefore cost little more than one cell.
"""

import dataclasses
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from emofusion.errors import EmofusionError
from emofusion.settings import registry
from emofusion.settings.composition import Composition, Compositions
from emofusion.settings.experiment import Fusion, Modality, Root
from emofusion.settings.fields import check, shown
from emofusion.settings.names import unknown
from emofusion.settings.overrides import Assignment, parse
from emofusion.settings.plugins import named_plugins, resolved
from emofusion.settings.root_names import ROOT, SECTIONS, check_modality, check_names, check_values
from emofusion.settings.sections import Sectioner
from emofusion.settings.weights import WEIGHT, completed

# What the description of a protocol speaks of: how people are divided; and, where folds name people, their corpora.
_WHO_IS_TESTED = ("kind", "folds", "group", "by", "words", "speakers")
_OF_CORPORA = ("corpora", "train", "test")


@dataclass(frozen=True)
class Settings:
    """The settings of one cell, typed and checked. Equal sections of different cells are the same object.

    A section can be read as an attribute, such as `settings.fusion`.

    root: the values at the root. sections: name → section. modalities: name → the settings of a modality.
    """

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
        """Args:
            conf: the folder of the configuration.
            experiment: the name of a file in `conf/experiment/`.

        Raises:
            EmofusionError: there is no such experiment, or one of its plug-ins cannot be used.
        """
        registry.register()
        self._compositions = Compositions(conf, experiment)
        self._sections: dict[tuple[Any, ...], Any] = {}
        self._sectioner = Sectioner()
        self._without: dict[tuple[str, ...], Settings] = {}  # overrides → settings, see `changes`
        for path in named_plugins(conf, experiment):
            registry.load_plugin(path)

    def settings(self, overrides: list[str]) -> Settings:
        """The settings of one cell.

        Raises `EmofusionError` where a setting is unknown or has a value that is not allowed. The message names it.
        """
        for path in plugins_in(overrides):  # first, because a plug-in may define groups that overrides choose from
            registry.load_plugin(path)
        groups, plain = self._compositions.divided(overrides)
        composition = self._compositions.of(groups)
        root = self._section(groups, "", plain)
        check_names(root, composition, groups, plain)
        for path in root.plugins:
            registry.load_plugin(path)
        for name in [*root.modalities, *root.references]:
            check_modality(name, composition, plain)
        sections = {name: self._section(groups, name, plain) for name in sorted(SECTIONS - {"fusion"})}
        sections["protocol"] = self._described(groups, sections["protocol"])
        sections["fusion"] = self._fusion(groups, plain, root.modalities)
        modalities = {name: self._section(groups, name, plain) for name in [*root.modalities, *root.references]}
        settings = Settings(root, sections, modalities)
        self._check_choices(settings, composition)
        self._check_members(settings, overrides)
        return settings

    def choices(self, overrides: list[str]) -> dict[str, str]:
        """Group → the choice that a cell makes of it, by an override or by the experiment."""
        return self._compositions.of(self._compositions.divided(overrides)[0]).choices

    def changes(self, settings: Settings, overrides: list[str], text: str) -> bool:
        """Whether a cell would have other settings without one of its overrides.

        Args:
            settings: the settings of the cell.
            overrides: all overrides of the cell.
            text: the one in question.
        """
        groups, plain = self._compositions.divided(overrides)
        others = tuple(other for other in overrides if other != text)
        section, references = parse(text).key.partition(".")[0], self._compositions.of(groups).references.values()
        try:
            if text in groups or section in ROOT or any(names is None or section in names for names in references):
                if others not in self._without:
                    self._without[others] = self.settings(list(others))
                without = self._without[others]
                return not _same(settings, without)
            kept = tuple(other for other in plain if other != text)
            if section == "fusion":
                return not _same_fusion(settings, self._fusion(groups, kept, settings.root.modalities))
            node = {**settings.sections, **settings.modalities}.get(section)
            return node is not None and bool(node != self._section(groups, section, kept))
        except EmofusionError:  # the others need it
            return True

    def alternative(self, overrides: list[str], modality: str, choice: str) -> Modality:
        """The settings of a modality with another choice of its group.

        Overrides of the modality's network and features are applied where the other choice has these settings, and left
        out where it does not.

        Args:
            overrides: the overrides of the cell.
            modality: the name of the modality.
            choice: the other choice, such as `lstm`.

        Raises:
            EmofusionError: a setting is unknown or has a value that is not allowed.
        """
        kept, _ = self._fitting(overrides, modality, choice)
        try:
            return self._modality(kept, modality)
        except EmofusionError as error:
            raise EmofusionError(f"{modality}={choice}: {error}") from error

    def _fitting(self, overrides: list[str], modality: str, choice: str) -> tuple[list[str], dict[str, EmofusionError]]:
        """The overrides that fit another choice of a modality's group, and override → error for those that do not."""
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
        relevant = [text for text in groups if not self._has_no_effect(text, modality)]
        node: Modality = self._section(tuple(relevant), modality, plain)
        return node

    def _has_no_effect(self, group: str, section: str) -> bool:
        """Whether a choice of a group does not change a section, so that the section can be composed without it."""
        without, with_choice = self._compositions.of(()), self._compositions.of((group,))
        if section in with_choice.references:
            return False
        return bool(without.container.get(section) == with_choice.container.get(section))

    def _section(self, groups: tuple[str, ...], name: str, plain: tuple[str, ...]) -> Any:
        composition = self._compositions.of(groups)
        referred = composition.references.get(name, frozenset())
        concerned = tuple(text for text in plain if _concerns(parse(text), name, referred or frozenset()))
        if referred is None or any("${" in text for text in concerned):
            concerned = plain  # an interpolation may refer to any other section
        key = (id(composition), name, concerned)
        if key not in self._sections:
            node = self._sectioner.section(composition.container, name, [parse(text) for text in concerned])
            check(node, name) if dataclasses.is_dataclass(node) else check_values(node, name)
            self._sections[key] = node
        return self._sections[key]

    def _described(self, groups: tuple[str, ...], protocol: Any) -> Any:
        """A protocol whose description says which of the settings that it describes have been changed by overrides."""
        try:
            own = self._section(groups, "protocol", ())
        except EmofusionError:  # it has no value for a setting that an override sets
            return protocol
        if not protocol.description or protocol.description != own.description:
            return protocol
        described = [*_WHO_IS_TESTED, *(_OF_CORPORA if getattr(own, "folds", None) else ())]
        changed = [name for name in described if getattr(protocol, name, None) != getattr(own, name, None)]
        if not changed:
            return protocol
        key = ("described", id(own), id(protocol))
        if key not in self._sections:
            named = ", ".join(f"protocol.{name}" for name in changed)
            self._sections[key] = replace(protocol, description=f"{protocol.description}; changed: {named}")
        return self._sections[key]

    def _fusion(self, groups: tuple[str, ...], plain: tuple[str, ...], modalities: list[str]) -> Fusion:
        """The section `fusion`; the modalities whose weights no override names share the rest."""
        named = {text: parse(text) for text in plain if text.lstrip("+").startswith(WEIGHT)}
        if not named:
            fusion: Fusion = self._section(groups, "fusion", plain)
            return fusion
        unnamed = self._section(groups, "fusion", tuple(text for text in plain if text not in named))
        if any(type(one.value) not in (int, float) for one in named.values()):
            written = self._section(groups, "fusion", plain).weights  # raises the error for a wrong type
        else:
            written = {one.key.removeprefix(WEIGHT): one.value for one in named.values()}
        check(replace(unnamed, weights=written), "fusion")
        names = [one.key.removeprefix(WEIGHT) for one in named.values()]
        weights = {name: float(written[name]) for name in names}
        key = (id(unnamed), tuple(weights.items()), tuple(modalities))
        if key not in self._sections:
            complete = completed(weights, unnamed.weights, modalities)
            self._sections[key] = replace(unnamed, weights=complete)
        fusion = self._sections[key]
        return fusion

    def _check_choices(self, settings: Settings, composition: Composition) -> None:
        """Raise `EmofusionError` where a setting names a modality, or a choice of its group, that does not exist."""
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
        """Raise `EmofusionError` for an override of an ensemble's models that fits none of them."""
        for modality, node in settings.modalities.items():
            parts = (f"{modality}.network.", f"{modality}.features.")
            if not node.ensemble or not any(text.lstrip("+").startswith(parts) for text in overrides):
                continue
            unfitting = [self._fitting(overrides, modality, choice)[1] for choice in node.ensemble]
            for text, error in unfitting[0].items():
                if all(text in left_out for left_out in unfitting):
                    raise EmofusionError(f"{error} (none of the models in {modality}.ensemble takes {text})")


def _same(first: Settings, second: Settings) -> bool:
    """Whether settings are the same. The weights null are the same as equal weights."""
    first_others, second_others = ({**one.sections, "fusion": None} for one in (first, second))
    return (
        first.root == second.root
        and first.modalities == second.modalities
        and first_others == second_others
        and _same_fusion(first, second.fusion)
    )


def _same_fusion(settings: Settings, fusion: Fusion) -> bool:
    modalities = settings.root.modalities
    equal = dict.fromkeys(modalities, 1 / len(modalities))
    first, second = (replace(one, weights=one.weights or equal) for one in (settings.fusion, fusion))
    return first == second


def plugins_in(overrides: list[str]) -> list[str]:
    """The paths of plug-in files that overrides name."""
    return [path for text in overrides if parse(text).key == "plugins" for path in resolved(parse(text).value)]


def _concerns(override: Assignment, section: str, referred: frozenset[str]) -> bool:
    first = override.key.partition(".")[0]
    return first in referred or (first == section if section else first in ROOT)
