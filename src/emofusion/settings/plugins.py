"""Plug-ins: Python files that an experiment names, and installed packages. Both add kinds to those of the package.

A plug-in file is imported under the name `emofusion_plugin_<stem of the file>`, so that results do not depend on its
folder. It can import files that lie beside it. An installed package adds kinds by an entry point in the group
`emofusion.kinds`; the entry point names a module.
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
    """The plug-in files that were imported, in the order of their import."""
    return list(_loaded.values())


def import_plugin(path: str | Path) -> ModuleType:
    """Import a plug-in file. A second call returns the same module.

    Raises:
        EmofusionError: the file does not exist or cannot be imported; another plug-in has the same name; or a module
            with the same name hides a file beside the plug-in.
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
    sys.modules[name] = module  # before the module runs, because dataclasses look up their module
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
    """Undo the import of a plug-in file whose kinds cannot be used."""
    _loaded.pop(module.__name__, None)
    sys.modules.pop(module.__name__, None)


def installed_entry_points() -> list[EntryPoint]:
    """The entry points of installed packages, sorted by name."""
    return sorted(entry_points(group=ENTRY_POINTS), key=lambda entry: (entry.name, entry.value))


@cache
def installed_modules() -> list[ModuleType]:
    """The modules that entry points name. Raises `EmofusionError` where one cannot be imported."""
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
    """The plug-in files that the files of an experiment name. The files are read without Hydra.

    An experiment may choose kinds of its plug-ins, so Hydra can compose it only after they are imported. This function
    reads the setting `plugins` in `config.yaml`, in the experiment, and in the experiments that it is based on.

    Args:
        conf: the folder of the configuration.
        experiment: the name of a file in `conf/experiment/`.
    """
    named = _in_file(conf / "config.yaml")[0]
    waiting, seen = [experiment], set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            plugins, parents = _in_file(conf / "experiment" / f"{name}.yaml")
            named += plugins
            waiting += parents
    return list(dict.fromkeys(named))


def resolved(paths: Any) -> list[str]:
    """The paths in the setting `plugins`, with environment variables replaced.

    Paths with interpolations of other settings are left out: only Hydra can resolve them.
    """
    resolved_paths = []
    for path in paths if isinstance(paths, Iterable) and not isinstance(paths, str) else []:
        try:
            path = OmegaConf.to_container(OmegaConf.create([path]), resolve=True)[0]  # type: ignore[index]
        except OmegaConfBaseException:
            continue
        resolved_paths.append(str(path))
    return resolved_paths


def files_of(plugin: Path) -> list[Path]:
    """A plug-in file, and the files beside it that it imports, directly or through others. Nothing is imported."""
    files, waiting = list[Path](), [plugin]
    while waiting:
        file = waiting.pop()
        if file not in files:
            files.append(file)
            waiting += _imported_beside(file, plugin.parent).values()
    return sorted(files)


def _refuse_hidden_files(plugin: Path) -> None:
    """Raise `EmofusionError` where Python imported another module instead of the file beside the plug-in."""
    for file in files_of(plugin):
        for name, beside in _imported_beside(file, plugin.parent).items():
            imported = getattr(sys.modules.get(name), "__file__", None)
            if name in sys.modules and (imported is None or Path(imported).resolve() != beside):
                raise EmofusionError(
                    f"plugins: {plugin} imports {name}, and Python takes {imported or 'its own module'} instead of "
                    f"{beside}; rename the file"
                )


def _imported_beside(file: Path, folder: Path) -> dict[str, Path]:
    """Module → file in the plug-in's folder, for every module that a file imports from there."""
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError):
        return {}  # the import of this file reports the error
    names: set[str] = set()
    package = ".".join(file.parent.relative_to(folder).parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*filter(None, parents), *([node.module] if node.module else [])])
            names |= {base} | {f"{base}.{alias.name}".lstrip(".") for alias in node.names}
    # Python runs the packages that contain a module before the module itself
    names |= {".".join(name.split(".")[:count]) for name in names for count in range(1, name.count(".") + 1)}
    files = {}
    for name in filter(None, names):
        path = folder.joinpath(*name.split("."))
        for candidate in (path / "__init__.py", path.with_suffix(".py")):
            if candidate.is_file():
                files[name] = candidate.resolve()
                break
    return files


def _in_file(path: Path) -> tuple[list[str], list[str]]:
    """The plug-ins that a file of `conf/` names, and the experiments that it is based on."""
    try:
        content = OmegaConf.to_container(OmegaConf.load(path))
    except (OSError, OmegaConfBaseException, ValueError):
        return [], []  # Hydra reports the error
    if not isinstance(content, dict):
        return [], []
    defaults = content.get("defaults")
    parents = [str(item) for item in defaults if isinstance(item, str)] if isinstance(defaults, list) else []
    return resolved(content.get("plugins")), [name.removeprefix("/experiment/") for name in parents if name != "_self_"]
