"""Compose an experiment with choices of groups, such as `speech=lstm`, by Hydra. Each combination is composed once."""

import re
from contextlib import suppress
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
from emofusion.settings.fields import shown
from emofusion.settings.names import nearest
from emofusion.settings.overrides import parse

Overrides = tuple[str, ...]


@dataclass(frozen=True)
class Composition:
    """What Hydra composed from one combination of group choices.

    container: all settings; interpolations are not resolved. groups: modality → the group that it was chosen from, such
    as `speech` or `speech@own_speech`. choices: group → the choice. references: section → the sections and values at
    the root that its interpolations refer to, for each section that refers to any; None where only OmegaConf can tell.
    The empty name means the values at the root.
    """

    container: dict[str, Any]
    groups: dict[str, str]
    choices: dict[str, str]
    references: dict[str, frozenset[str] | None]


class Compositions:
    """The compositions of one experiment."""

    def __init__(self, conf: Path, experiment: str) -> None:
        """Args:
            conf: the folder of the configuration.
            experiment: the name of a file in `conf/experiment/`.

        Raises:
            EmofusionError: there is no such experiment.
        """
        self.conf, self.experiment = conf, experiment
        self._compositions: dict[Overrides, Composition] = {}
        self._is_choice: dict[tuple[str, int], bool] = {}  # override → whether it chooses from a group
        self._options: dict[str, list[str]] = {}  # group → its choices
        self.check_choice("experiment", experiment, f"experiment={experiment}")

    def of(self, groups: Overrides) -> Composition:
        """The composition of the experiment with these choices of groups.

        Raises `EmofusionError` where Hydra cannot compose them.
        """
        if groups and () not in self._compositions:
            with suppress(EmofusionError):  # an experiment may need a choice that the command line makes
                self._compositions[()] = self._compose(())
        groups = self._differing(groups)
        if groups not in self._compositions:
            self._compositions[groups] = self._compose(groups)
        return self._compositions[groups]

    def divided(self, overrides: list[str]) -> tuple[Overrides, Overrides]:
        """Choices of groups, and plain values. Raises `EmofusionError` where a group has no such choice."""
        groups: list[str] = []
        plain: list[str] = []
        for text in overrides:
            key = text, len(ConfigStore.instance().repo)  # a plug-in may bring groups
            if key not in self._is_choice:
                self._is_choice[key] = self._chooses(text)
            (groups if self._is_choice[key] else plain).append(text)
        return tuple(groups), tuple(plain)

    def check_choice(self, group: str, choice: Any, setting: str) -> None:
        """Raise `EmofusionError`, which begins with `setting`, where the group has no such choice."""
        if choice not in self._options.get(group, []):  # the first look, or a choice that a plug-in has brought
            files = {path.stem for path in (self.conf / group).glob("*.yaml")}
            self._options[group] = sorted(files | {name.removesuffix(".yaml") for name in _stored(group)})
        options = self._options[group]
        if choice not in options:
            raise EmofusionError(
                f"{setting}: conf/{group}/ has no {shown(choice)}{nearest(str(choice), options)}; there are "
                f"{', '.join(options)}"
            )

    def _chooses(self, text: str) -> bool:
        """Whether an override chooses from a group. Raises `EmofusionError` where the group has no such choice."""
        override = parse(text)
        if override.key in ("experiment", "ablation"):
            raise EmofusionError(f"override: {text}: an {override.key} is chosen by --config {text}")
        if not (override.package or (self._is_group(override.key) and not isinstance(override.value, dict))):
            return False
        choices = override.value if isinstance(override.value, list) else [override.value]
        for choice in [] if override.deletes else choices:
            self.check_choice(override.key, choice, text)
        return True

    def _is_group(self, key: str) -> bool:
        return "." not in key and ((self.conf / key).is_dir() or bool(_stored(key)))

    def _compose(self, groups: Overrides) -> Composition:
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
        chosen = {str(name): choice for name, choice in choices.items() if choice and not str(name).startswith("hydra")}
        content = {str(name): value for name, value in container.items()}
        return Composition(
            content,
            {name.rpartition("@")[2]: name for name in chosen},
            {name: str(choice) for name, choice in chosen.items()},
            _references(content),
        )

    def _differing(self, groups: Overrides) -> Overrides:
        """The choices that differ from those of the experiment, so that the same settings are not composed twice."""
        if not groups or () not in self._compositions:
            return groups
        unchanged = self._compositions[()].choices
        choices = [parse(text) for text in groups]
        same = [
            not choice.adds and not choice.deletes and not choice.package and unchanged.get(choice.key) == choice.value
            for choice in choices
        ]
        return tuple(text for text, is_same in zip(groups, same, strict=True) if not is_same)


def _references(container: dict[str, Any]) -> dict[str, frozenset[str] | None]:
    root_values = {key: value for key, value in container.items() if not isinstance(value, dict)}
    nodes = {"": root_values, **{name: node for name, node in container.items() if isinstance(node, dict)}}
    direct = {name: _referred(repr(node)) for name, node in nodes.items()}
    references = {name: _closure(name, direct, set(root_values)) for name in nodes}
    return {name: referred for name, referred in references.items() if referred is None or referred}


def _referred(text: str) -> set[str] | None:
    """The names that the interpolations in a text begin with. Those of environment variables refer to no setting."""
    names: set[str] = set()
    for begin in re.findall(r"\$\{([^{},}]*)", text):
        if begin.startswith("oc.env:"):
            continue
        name = re.match(r"([A-Za-z_]\w*)(?=[.\[]|$)", begin)
        if not name or ":" in begin:  # relative, or by a function
            return None
        names.add(name[1])
    return names


def _closure(section: str, direct: dict[str, set[str] | None], root: set[str]) -> frozenset[str] | None:
    """All that a section refers to, also through others."""
    found: set[str] = set()
    waiting, seen = [section], set()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        referred = direct.get(name, set())
        if referred is None:
            return None
        found |= referred
        waiting += {"" if part in root else part for part in referred} - seen
    return frozenset(found)


def _stored(group: str) -> list[str]:
    try:
        names: list[str] = ConfigStore.instance().list(group)
        return [name for name in names if name.endswith(".yaml")]
    except OSError:
        return []


def _message(error: Exception, overrides: Overrides) -> str:
    """Hydra's error as a message in one line, without the lines that do not help a user."""
    lines = [line.strip() for line in f"{error}\n{error.__cause__ or ''}".splitlines() if line.strip()]
    unhelpful = (
        "object_type",
        "full_key",
        "To append",
        "Set the environment",
        "See ",
        "Config search path",
        "provider=",
    )
    helpful = list(dict.fromkeys(line for line in lines if not line.startswith(unhelpful)))
    return f"configuration: {' '.join(helpful)}" + (f" (override: {' '.join(overrides)})" if overrides else "")
