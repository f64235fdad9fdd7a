"""The kinds that there are: those of the package, of installed packages, and of plug-in files.

A family's kinds are looked for in the modules of its package, `common` left out. An installed package adds kinds by an
entry point in the group `emofusion.kinds` that names a module; an experiment adds those of a file by `plugins`.
"""

import hashlib
import inspect
import sys
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, TypeVar

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING

from emofusion.errors import EmofusionError
from emofusion.settings.kinds import Corpus, Features, FusionRule, Kind, Metric, Network, Protocol

FAMILIES: dict[str, type[Kind]] = {
    "corpora": Corpus,
    "protocols": Protocol,
    "features": Features,
    "networks": Network,
    "fusion": FusionRule,
    "metrics": Metric,
}
PACKAGES = {family: f"emofusion.{family}" for family in FAMILIES} | {"metrics": "emofusion.evaluation.metrics"}
ENTRY_POINTS = "emofusion.kinds"
PLUGIN_MODULE = "emofusion_plugin_"
SCHEMA = "schema"  # the group of Hydra's ConfigStore that holds every kind, as in schema/networks: cnn1d

AnyKind = TypeVar("AnyKind", bound=Kind)

_plugins: dict[str, ModuleType] = {}


def kinds(family: str) -> dict[str, type[Any]]:
    """The kinds of a family by name: the package's own, then those of installed packages, then of plug-in files.

    Raises `EmofusionError` where two kinds have one name.
    """
    found: dict[str, type[Any]] = {}
    for module in [*_own_modules(family), *_installed_modules(), *_plugins.values()]:
        for kind in _kinds_in(module, FAMILIES[family]):
            name = str(name_of(kind))
            other = found.setdefault(name, kind)
            if other is not kind:
                raise EmofusionError(
                    f"two {family} are called {name}, in {other.__module__} and {kind.__module__}: rename one"
                )
    return found


def kind(family: str, name: str, setting: str) -> type[Any]:
    """The kind of that name; `EmofusionError` that names the setting and the kinds there are, where there is none."""
    known = kinds(family)
    if name not in known:
        raise EmofusionError(f"{setting}={name}: no such kind; there are {', '.join(known)}")
    return known[name]


def load_plugin(path: str | Path) -> ModuleType:
    """Import a plug-in file, once, and register its kinds; files beside it can be imported by it.

    Raises `EmofusionError` where the file is not there or cannot be imported.
    """
    file = Path(path).resolve()
    if not file.is_file():
        raise EmofusionError(f"plugins: there is no file {path}")
    name = PLUGIN_MODULE + file.stem + "_" + hashlib.blake2b(str(file).encode(), digest_size=4).hexdigest()
    if name not in _plugins:
        spec = spec_from_file_location(name, file)
        if spec is None or spec.loader is None:
            raise EmofusionError(f"plugins: {path} is not a Python file")
        module = module_from_spec(spec)
        if str(file.parent) not in sys.path:
            sys.path.append(str(file.parent))
        sys.modules[name] = module  # before it runs: dataclasses look their own module up
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            del sys.modules[name]
            raise EmofusionError(f"plugins: {path} cannot be imported: {type(error).__name__}: {error}") from error
        _plugins[name] = module
        register()
    return _plugins[name]


def register() -> None:
    """Put every kind into Hydra's ConfigStore, as `schema/<family>: <kind>`."""
    store = ConfigStore.instance()
    for family in FAMILIES:
        for name, found in kinds(family).items():
            store.store(group=f"{SCHEMA}/{family}", name=name, node=found, provider="emofusion")


@cache
def _own_modules(family: str) -> list[ModuleType]:
    package = import_module(PACKAGES[family])
    names = sorted(module.name for module in iter_modules(package.__path__))
    return [import_module(f"{PACKAGES[family]}.{name}") for name in names if name != "common"]


@cache
def _installed_modules() -> list[ModuleType]:
    modules = []
    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda entry: entry.name):
        try:
            modules.append(entry.load())
        except Exception as error:
            raise EmofusionError(
                f"the installed plug-in {entry.name} ({entry.value}) cannot be imported: "
                f"{type(error).__name__}: {error}"
            ) from error
    return modules


def name_of(kind: type[Kind]) -> str | None:
    """The name of a kind; None of a class that is only a base of kinds."""
    default = kind.__dataclass_fields__["kind"].default
    return default if isinstance(default, str) and default != MISSING else None


def _kinds_in(module: ModuleType, base: type[AnyKind]) -> list[type[AnyKind]]:
    classes = [value for value in vars(module).values() if inspect.isclass(value) and issubclass(value, base)]
    return [value for value in classes if value.__module__ == module.__name__ and name_of(value)]
