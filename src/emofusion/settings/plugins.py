"""Kinds of other people: Python files that an experiment names, and installed packages.

A plug-in file is imported under the name `emofusion_plugin_<its stem>`, wherever it lies, so that results do not depend
on its folder. Files beside it can be imported by it. An installed package adds kinds by an entry point in the group
`emofusion.kinds` that names a module.
"""

import ast
import re
import sys
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from emofusion.errors import EmofusionError

ENTRY_POINTS = "emofusion.kinds"
PLUGIN_MODULE = "emofusion_plugin_"

_loaded: dict[str, ModuleType] = {}


def loaded_plugins() -> list[ModuleType]:
    """The plug-in files that were imported, in that order."""
    return list(_loaded.values())


def import_plugin(path: str | Path) -> ModuleType:
    """Import a plug-in file, once.

    Raises `EmofusionError` where the file is not there or cannot be imported, where another plug-in has its name, and
    where a file beside it is hidden by a module of the same name.
    """
    file = Path(path).resolve()
    if file.suffix != ".py":
        raise EmofusionError(f"plugins: {path} is not a Python file; name a file that ends in .py")
    if not file.is_file():
        raise EmofusionError(f"plugins: there is no file {file}")
    name = PLUGIN_MODULE + re.sub(r"\W", "_", file.stem)
    if name in _loaded:
        other = Path(str(_loaded[name].__file__))
        if other != file:
            raise EmofusionError(f"plugins: {other} and {file} have the same name; rename one")
        return _loaded[name]
    if str(file.parent) not in sys.path:
        sys.path.append(str(file.parent))
    spec = spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module  # before it runs: dataclasses look their own module up
    try:
        spec.loader.exec_module(module)
        _refuse_hidden_files(file)
    except EmofusionError:
        del sys.modules[name]
        raise
    except Exception as error:
        del sys.modules[name]
        raise EmofusionError(f"plugins: {path} cannot be imported: {type(error).__name__}: {error}") from error
    _loaded[name] = module
    return module


def forget_plugin(module: ModuleType) -> None:
    """Take back the import of a plug-in file whose kinds cannot be used."""
    _loaded.pop(module.__name__, None)
    sys.modules.pop(module.__name__, None)


def installed_entry_points() -> list[EntryPoint]:
    """The entry points of installed packages, sorted by name."""
    return sorted(entry_points(group=ENTRY_POINTS), key=lambda entry: (entry.name, entry.value))


@cache
def installed_modules() -> list[ModuleType]:
    """The modules that entry points name; raises `EmofusionError` where one cannot be imported."""
    modules = []
    for entry in installed_entry_points():
        try:
            modules.append(import_module(entry.module))
        except Exception as error:
            raise EmofusionError(
                f"the installed plug-in {entry.name} ({entry.value}) cannot be imported: "
                f"{type(error).__name__}: {error}"
            ) from error
    return modules


def named_plugins(conf: Path, experiment: str) -> list[str]:
    """The plug-in files that the files of an experiment name, read without Hydra.

    What an experiment chooses may come from its plug-ins, so they are needed before it can be composed. The setting is
    looked for in `config.yaml`, in the experiment, and in experiments that it is built on.
    """
    named = _in_file(conf / "config.yaml")[0]
    waiting, seen = [experiment], set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            own, parents = _in_file(conf / "experiment" / f"{name}.yaml")
            named += own
            waiting += parents
    return list(dict.fromkeys(named))


def resolved(paths: Any) -> list[str]:
    """The paths of a setting `plugins`, with what they take from the environment; those that need more are left out."""
    found = []
    for path in paths if isinstance(paths, Iterable) and not isinstance(paths, str) else []:
        try:
            found.append(str(OmegaConf.to_container(OmegaConf.create([path]), resolve=True)[0]))  # type: ignore[index]
        except OmegaConfBaseException:
            continue
    return found


def files_of(plugin: Path) -> list[Path]:
    """A plug-in file and the files beside it that it imports, directly or through others; found without importing."""
    files, waiting = list[Path](), [plugin]
    while waiting:
        file = waiting.pop()
        if file not in files:
            files.append(file)
            waiting += _imported_beside(file, plugin.parent).values()
    return sorted(files)


def _refuse_hidden_files(plugin: Path) -> None:
    """Raise `EmofusionError` where Python has imported another module than the file beside the plug-in."""
    for file in files_of(plugin):
        for name, beside in _imported_beside(file, plugin.parent).items():
            imported = getattr(sys.modules.get(name), "__file__", None)
            if name in sys.modules and (imported is None or Path(imported).resolve() != beside):
                raise EmofusionError(
                    f"plugins: {plugin} imports {name}, and Python takes {imported or 'its own module'} instead of "
                    f"{beside}; rename the file"
                )


def _imported_beside(file: Path, folder: Path) -> dict[str, Path]:
    """Module → file in the plug-in's folder, of all that a file imports."""
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError):
        return {}  # importing it says what is wrong
    names: set[str] = set()
    package = ".".join(file.parent.relative_to(folder).parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*filter(None, parents), *([node.module] if node.module else [])])
            names |= {base} | {f"{base}.{alias.name}".lstrip(".") for alias in node.names}
    # the packages that a module lies in are run before it
    names |= {".".join(name.split(".")[:count]) for name in names for count in range(1, name.count(".") + 1)}
    found = {}
    for name in filter(None, names):
        path = folder.joinpath(*name.split("."))
        for candidate in (path / "__init__.py", path.with_suffix(".py")):
            if candidate.is_file():
                found[name] = candidate.resolve()
                break
    return found


def _in_file(path: Path) -> tuple[list[str], list[str]]:
    """The plug-ins that a file of `conf/` names, and the experiments that it is built on."""
    try:
        content = OmegaConf.to_container(OmegaConf.load(path))
    except (OSError, OmegaConfBaseException, ValueError):
        return [], []  # Hydra says what is wrong
    if not isinstance(content, dict):
        return [], []
    defaults = content.get("defaults")
    parents = [str(item) for item in defaults if isinstance(item, str)] if isinstance(defaults, list) else []
    return resolved(content.get("plugins")), [name.removeprefix("/experiment/") for name in parents if name != "_self_"]
