"""The kinds that there are: those of the package, of installed packages, and of plug-in files.

A family's kinds are looked for in the modules of its package, `common` left out, and in the plug-ins: see `plugins`.
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
SCHEMA = "schema"  # the group of Hydra's ConfigStore that holds every kind, as in schema/networks: cnn1d

AnyKind = TypeVar("AnyKind", bound=Kind)

_complete: set[type[Kind]] = set()
_registered: list[ModuleType] = []


def kinds(family: str) -> dict[str, type[Any]]:
    """The kinds of a family by name: the package's own, then those of installed packages, then of plug-in files.

    Raises `EmofusionError` where two kinds have one name, and where a class is not a complete kind.
    """
    found: dict[str, type[Any]] = {}
    for module in [*_own_modules(family), *installed_modules(), *loaded_plugins()]:
        for kind in _kinds_in(module, FAMILIES[family]):
            name = str(name_of(kind))
            other = found.setdefault(name, kind)
            if other is not kind:
                raise EmofusionError(
                    f"two {family} are called {name}: {other.__name__} in {_place(other)} and {kind.__name__} in "
                    f"{_place(kind)}; give one of them another kind"
                )
    return found


def kind(family: str, name: str, setting: str) -> type[Any]:
    """The kind of that name; `EmofusionError` that names the setting and the kinds there are, where there is none."""
    known = kinds(family)
    if name not in known:
        raise EmofusionError(f"{setting}={name}: no such kind; there are {', '.join(known)}")
    return known[name]


def load_plugin(path: str | Path) -> ModuleType:
    """Import a plug-in file, once, and register its kinds.

    Raises `EmofusionError` where the file is not there or cannot be imported, and where its kinds cannot be used; it is
    forgotten then.
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
    """Put every kind into Hydra's ConfigStore, as `schema/<family>: <kind>`."""
    store = ConfigStore.instance()
    for family in FAMILIES:
        for name, found in kinds(family).items():
            try:
                store.store(group=f"{SCHEMA}/{family}", name=name, node=found, provider="emofusion")
            except (OmegaConfBaseException, HydraException, ValueError, TypeError, NameError) as error:
                lines = [line.strip() for line in str(error).splitlines() if line.strip()]
                raise EmofusionError(
                    f"{found.__name__} in {_place(found)} declares settings that cannot be read: {lines[0]}; use int, "
                    "float, bool, str, lists or maps of them, and dataclasses"
                ) from error


def name_of(kind: type[Kind]) -> str | None:
    """The name of a kind; None of a class that is only a base of kinds."""
    default = kind.__dataclass_fields__["kind"].default
    return default if isinstance(default, str) and default != MISSING else None


@cache
def _own_modules(family: str) -> list[ModuleType]:
    package = import_module(PACKAGES[family])
    names = sorted(module.name for module in iter_modules(package.__path__))
    return [import_module(f"{PACKAGES[family]}.{name}") for name in names if name != "common"]


def _kinds_in(module: ModuleType, base: type[AnyKind]) -> list[type[AnyKind]]:
    """The kinds that a module defines, or imports from other files than the package's own."""
    classes = [value for value in vars(module).values() if inspect.isclass(value) and issubclass(value, base)]
    own = [value for value in classes if value.__module__ == module.__name__ or not _is_of_package(value)]
    return [value for value in own if _is_kind(value)]


def _is_of_package(cls: type) -> bool:
    return cls.__module__.partition(".")[0] == "emofusion"


def _is_kind(cls: type[Kind]) -> bool:
    """Whether a class is a kind and not a base of kinds; raises `EmofusionError` where it is not a complete one."""
    if cls in _complete:
        return True
    where = f"{cls.__name__} in {_place(cls)}"
    name, written = name_of(cls), vars(cls).get("kind")
    if isinstance(written, str) and written not in (MISSING, name):
        raise EmofusionError(f'{where}: write @dataclass above the class, and kind: str = "{written}" in it')
    if name is None:
        return False
    check_name(name, f"{where}: kind")
    if lacking := [method for method in cls.needs if getattr(cls, method) is getattr(FAMILIES[cls.family], method)]:
        raise EmofusionError(f"{where} lacks the method {', '.join(lacking)}; see emofusion.settings.kinds")
    if lacking := [fact for fact in cls.declares if not getattr(cls, fact)]:
        raise EmofusionError(f"{where} declares no {', '.join(lacking)}; see emofusion.settings.kinds")
    _complete.add(cls)
    return True


def _place(cls: type) -> str:
    """Where a class is defined: its module, or the file of a plug-in."""
    files = {module.__name__: str(module.__file__) for module in loaded_plugins()}
    return files.get(cls.__module__, cls.__module__)
