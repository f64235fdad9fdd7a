"""The registry: it finds all kinds of the package, of installed packages, and of plug-in files.

It searches the modules of each family's package, except `common`, and the plug-ins, see `plugins`.
"""

import inspect
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, TypeVar

from hydra.core.config_store import ConfigStore
from hydra.errors import HydraException
from omegaconf import MISSING
from omegaconf.errors import OmegaConfBaseException

from emofusion.errors import EmofusionError
from emofusion.settings.kinds import Corpus, Features, FusionRule, Kind, Metric, Network, Protocol
from emofusion.settings.names import check_name
from emofusion.settings.plugins import forget_plugin, import_plugin, installed_modules, loaded_plugins

FAMILIES: dict[str, type[Kind]] = {
    "corpora": Corpus,
    "protocols": Protocol,
    "features": Features,
    "networks": Network,
    "fusion": FusionRule,
    "metrics": Metric,
}
PACKAGES = {family: f"emofusion.{family}" for family in FAMILIES} | {"metrics": "emofusion.evaluation.metrics"}
SCHEMA = "schema"  # the group of Hydra's ConfigStore with all kinds, as in schema/networks: cnn1d

AnyKind = TypeVar("AnyKind", bound=Kind)

_complete: set[type[Kind]] = set()
_registered: list[ModuleType] = []


def kinds(family: str) -> dict[str, type[Any]]:
    """Name → kind, for all kinds of a family: first of the package, then of installed packages and of plug-in files.

    Raises `EmofusionError` where two kinds have the same name, and where a class is not a complete kind.
    """
    by_name: dict[str, type[Any]] = {}
    for module in [*_own_modules(family), *installed_modules(), *loaded_plugins()]:
        for kind in _kinds_in(module, FAMILIES[family]):
            name = str(name_of(kind))
            other = by_name.setdefault(name, kind)
            if other is not kind:
                raise EmofusionError(
                    f"two {family} are called {name}: {other.__name__} in {_origin(other)} and {kind.__name__} in "
                    f"{_origin(kind)}; give one of them another kind"
                )
    return by_name


def kind(family: str, name: str, setting: str) -> type[Any]:
    """The kind with this name.

    Args:
        family: a name in `FAMILIES`.
        name: the name of the kind.
        setting: the setting that names the kind, for the message.

    Raises:
        EmofusionError: there is no such kind. The message lists the kinds of the family.
    """
    known = kinds(family)
    if name not in known:
        raise EmofusionError(f"{setting}={name}: no such kind; there are {', '.join(known)}")
    return known[name]


def load_plugin(path: str | Path) -> ModuleType:
    """Import a plug-in file and register its kinds. A second call returns the same module.

    Raises:
        EmofusionError: the file does not exist or cannot be imported, or its kinds cannot be used. The import is then
            undone.
    """
    if (module := import_plugin(path)) not in _registered:
        try:
            register()
        except EmofusionError:
            forget_plugin(module)
            raise
        _registered.append(module)
    return module


def register() -> None:
    """Put every kind into Hydra's ConfigStore, as `schema/<family>: <kind>`.

    Raises `EmofusionError` where a class declares settings that Hydra cannot represent, or is not a complete kind.
    """
    store = ConfigStore.instance()
    for family in FAMILIES:
        for name, cls in kinds(family).items():
            try:
                store.store(group=f"{SCHEMA}/{family}", name=name, node=cls, provider="emofusion")
            except (OmegaConfBaseException, HydraException, ValueError, TypeError, NameError) as error:
                lines = [line.strip() for line in str(error).splitlines() if line.strip()]
                raise EmofusionError(
                    f"{cls.__name__} in {_origin(cls)} declares settings that cannot be read: {lines[0]}; use int, "
                    "float, bool, str, lists or maps of them, and dataclasses"
                ) from error


def name_of(kind: type[Kind]) -> str | None:
    """The name of a kind; None for a class that is only a base class of kinds."""
    default = kind.__dataclass_fields__["kind"].default
    return default if isinstance(default, str) and default != MISSING else None


@cache
def _own_modules(family: str) -> list[ModuleType]:
    package = import_module(PACKAGES[family])
    names = sorted(module.name for module in iter_modules(package.__path__))
    return [import_module(f"{PACKAGES[family]}.{name}") for name in names if name != "common"]


def _kinds_in(module: ModuleType, base: type[AnyKind]) -> list[type[AnyKind]]:
    """The kinds that a module defines, and those that it imports from outside the package."""
    classes = [value for value in vars(module).values() if inspect.isclass(value) and issubclass(value, base)]
    contributed = [cls for cls in classes if cls.__module__ == module.__name__ or not _is_of_package(cls)]
    return [cls for cls in contributed if _is_kind(cls)]


def _is_of_package(cls: type) -> bool:
    return cls.__module__.partition(".")[0] == "emofusion"


def _is_kind(cls: type[Kind]) -> bool:
    """Whether a class is a kind, and not only a base class. Raises `EmofusionError` where the kind is incomplete."""
    if cls in _complete:
        return True
    where = f"{cls.__name__} in {_origin(cls)}"
    name, written = name_of(cls), vars(cls).get("kind")
    if isinstance(written, str) and written not in (MISSING, name):
        raise EmofusionError(f'{where}: write @dataclass above the class, and kind: str = "{written}" in it')
    if name is None:
        return False
    check_name(name, f"{where}: kind")
    base = next(one for one in cls.__mro__ if "needs" in vars(one))
    if missing := [method for method in cls.needs if getattr(cls, method) is getattr(base, method)]:
        raise EmofusionError(f"{where} lacks the method {', '.join(missing)}; see emofusion.settings.kinds")
    if missing := [attribute for attribute in cls.declares if not getattr(cls, attribute)]:
        raise EmofusionError(f"{where} declares no {', '.join(missing)}; see emofusion.settings.kinds")
    _complete.add(cls)
    return True


def _origin(cls: type) -> str:
    """The module that defines a class; for a class of a plug-in, the plug-in's file."""
    files = {module.__name__: str(module.__file__) for module in loaded_plugins()}
    return files.get(cls.__module__, cls.__module__)
