"""The names at the root of an experiment's settings: sections, values and modalities; and the checks of them."""

import dataclasses
import re
from typing import Any

from emofusion.errors import EmofusionError
from emofusion.settings import registry
from emofusion.settings.composition import Composition
from emofusion.settings.experiment import FITTING, Experiment, Root
from emofusion.settings.fields import check, shown
from emofusion.settings.names import check_name, unknown
from emofusion.settings.overrides import parse

ROOT = {field.name for field in dataclasses.fields(Root)}
KNOWN = {field.name for field in dataclasses.fields(Experiment)}
SECTIONS = KNOWN - ROOT
_MODALITY = re.compile(r"[a-z][a-z0-9_]*")


def check_names(root: Root, composition: Composition, groups: tuple[str, ...], plain: tuple[str, ...]) -> None:
    """Raise `EmofusionError` where a name at the root is neither a setting nor a modality."""
    chosen = {name for name in composition.groups if "/" not in name}
    chosen |= {name.partition("@")[0] for name in composition.groups.values() if "/" not in name}
    named = {*root.modalities, *root.references}
    named |= {name for key in ("modalities", "references") for name in composition.container.get(key) or []}
    for name in [*composition.container, *(parse(text).key.partition(".")[0] for text in plain)]:
        if name not in KNOWN | chosen | named:
            raise EmofusionError(unknown(name, sorted(KNOWN | chosen)))
    for override in map(parse, groups):
        package = (override.package or override.key).partition(".")[0]
        if override.package and package not in KNOWN | {*root.modalities, *root.references}:
            raise EmofusionError(
                f"{override.text}: {package} is not in modalities={shown(root.modalities)}; add it there"
            )


def check_modality(name: str, composition: Composition, plain: tuple[str, ...]) -> None:
    """Raise `EmofusionError` where a modality has a name that cannot be, or no settings.

    name: of the modality. composition: what Hydra composed. plain: overrides of single settings.
    """
    if not _MODALITY.fullmatch(name):
        raise EmofusionError(
            f"modalities: {name} is not an allowed name: use small letters, digits and _, and start with a letter"
        )
    if name in KNOWN | {"all", FITTING} | set(registry.kinds("fusion")):
        raise EmofusionError(f"modalities: the name {name} has another meaning already; use another name")
    keys = {parse(text).key.partition(".")[0] for text in plain}
    if not isinstance(composition.container.get(name), dict) and name not in keys:
        raise EmofusionError(
            f"modalities: {name} is named, but there are no settings {name}.*; choose a model, as in "
            f'override="+speech@{name}=cnn1d"'
        )


def check_values(node: Any, name: str) -> None:
    """Check the names and the typed nodes in an untyped map, such as `corpora`."""
    for key, value in (node or {}).items() if isinstance(node, dict) else []:
        if dataclasses.is_dataclass(value):
            check_name(str(key), name)
            check(value, f"{name}.{key}")
