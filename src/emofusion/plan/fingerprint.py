"""Fingerprints of code, so that an edit of a module reruns only the stages that run this module.

A fingerprint covers the modules of this package and of plug-ins. A plug-in's modules are the plug-in file, the files
beside it, the package that an entry point belongs to, and what these import from folders of one's own, as on
`PYTHONPATH`. Data files that a plug-in names count too. For libraries, their versions count: see `versions`.
"""

import ast
import hashlib
import json
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from importlib.util import find_spec
from pathlib import Path

from emofusion.errors import EmofusionError
from emofusion.plan.parsed_code import parsed
from emofusion.settings.kinds import FrozenPart, Kind, Preparation
from emofusion.settings.plugins import PLUGIN_MODULE, installed_entry_points, loaded_plugins

PACKAGE = Path(__file__).parents[1]
_NOWHERE = Path("/nonexistent")
# These modules decide how a result is shown or stored, or how a job is run. They never change the result itself.
WITHOUT_EFFECT = (
    "emofusion.tracking",
    "emofusion.errors",
    "emofusion.forkserver",
    "emofusion.plan",
    "emofusion.settings.fields",
    "emofusion.settings.names",
    "emofusion.settings.plugins",
    "emofusion.settings.registry",
)


def code_fingerprint(*modules: str, scripts: tuple[Path, ...] = ()) -> str:
    """A hash of modules and scripts, and of every module of the package or of a plug-in that they import.

    Imports inside functions count. Comments, docstrings, formatting and imports under `TYPE_CHECKING` do not count.
    Every byte of the files in a package's folder `assets` counts, and of the files that a plug-in names.

    Args:
        modules: dotted names such as `emofusion.fusion.common.fuse`.
        scripts: files outside the package, such as the scripts that Snakemake runs.

    Returns:
        16 hexadecimal digits.

    Raises:
        EmofusionError: the source of a module cannot be read.
    """
    digest = hashlib.blake2b(digest_size=8)
    closure = module_closure(*modules, scripts=scripts)
    for script in scripts:
        digest.update(f"{script.name}\n{_parsed(script, '')[0]}\n".encode())
    for module in closure:
        digest.update(f"{module}\n{_parsed(*_file(module))[0]}\n{_assets(module)}{_named_files(module)}\n".encode())
    return digest.hexdigest()


@cache
def module_closure(*modules: str, scripts: tuple[Path, ...] = ()) -> tuple[str, ...]:
    """The modules, and all modules of the package or of plug-ins that they import, directly or through others; sorted.

    Raises `EmofusionError` where the source of a module cannot be read.
    """
    closure: set[str] = set()
    waiting = [*modules, *(name for script in scripts for name in _parsed(script, "")[1] if is_ours(name))]
    while waiting:
        module = waiting.pop()
        if module in closure or module.startswith(WITHOUT_EFFECT):
            continue
        if not is_ours(module):  # only the module that defines a kind can get here: imports are filtered above
            raise EmofusionError(f"the source of {module} cannot be read, so that no change of it would be noticed")
        closure.add(module)
        waiting += [name for name in _parsed(*_file(module))[1] if is_ours(name)]
        package = module.rpartition(".")[0]
        waiting += [package] if package and package != "emofusion" and is_ours(package) else []
    return tuple(sorted(closure))


def imported_libraries(*modules: str, scripts: tuple[Path, ...] = ()) -> set[str]:
    """The top-level names of all libraries that the modules' closure imports, without the standard library."""
    imported = {name for script in scripts for name in _parsed(script, "")[1]}
    for module in module_closure(*modules, scripts=scripts):
        imported |= set(_parsed(*_file(module))[1])
    names = {name.partition(".")[0] for name in imported if not is_ours(name)}
    return names - set(sys.stdlib_module_names) - {"emofusion"}


def is_own(module: str) -> bool:
    """Whether a module belongs to the package itself, and not to a plug-in."""
    return module.partition(".")[0] == "emofusion"


@cache
def is_ours(module: str) -> bool:
    """Whether a module belongs to the package or to a plug-in, and has a source file."""
    return bool(module) and _file(module)[0].is_file()


def source_of(module: str) -> Path:
    """The source file of a module of the package or of a plug-in."""
    return _file(module)[0]


@cache
def _file(module: str) -> tuple[Path, str]:
    """A module's source file, and the package that its relative imports start from.

    The file is `_NOWHERE` where the module belongs neither to the package nor to a plug-in.
    """
    top, *rest = module.split(".")
    if not all(part.isidentifier() for part in module.split(".")):
        return _NOWHERE, ""
    if is_own(module):
        return _below(PACKAGE, rest, module)
    if top.startswith(PLUGIN_MODULE) and not rest:
        return Path(getattr(sys.modules.get(top), "__file__", None) or _NOWHERE), ""
    if top in plugin_packages():
        return _installed(top, rest, module)
    if _holds_kinds(module):
        return Path(str(sys.modules[module].__file__)), module.rpartition(".")[0]
    found = _beside_plugin(module)
    has_plugins = bool(loaded_plugins() or plugin_packages())
    return _in_own_folder(top, rest, module) if has_plugins and found[0] == _NOWHERE else found


def _below(root: Path, rest: list[str], module: str) -> tuple[Path, str]:
    path = root.joinpath(*rest)
    if path.is_dir():
        return path / "__init__.py", module
    return path.with_suffix(".py"), module.rpartition(".")[0]


def _installed(top: str, rest: list[str], module: str) -> tuple[Path, str]:
    """A module of an installed plug-in, found without importing it."""
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        return _NOWHERE, ""
    for folder in spec.submodule_search_locations or []:
        if (source_and_package := _below(Path(folder), rest, module))[0].is_file():
            return source_and_package
    return (Path(spec.origin), "") if spec.origin and not rest else (_NOWHERE, "")


def _holds_kinds(module: str) -> bool:
    """Whether a loaded module defines kinds. The module may belong to any package."""
    loaded = sys.modules.get(module)
    if loaded is None or not getattr(loaded, "__file__", None):
        return False
    classes = [value for value in list(vars(loaded).values()) if isinstance(value, type)]
    return any(cls.__module__ == module and issubclass(cls, Kind | Preparation | FrozenPart) for cls in classes)


def _beside_plugin(module: str) -> tuple[Path, str]:
    """A module whose file lies beside a plug-in file; the plug-in file may import it."""
    for plugin in loaded_plugins():
        path = Path(str(plugin.__file__)).parent.joinpath(*module.split("."))
        if (path / "__init__.py").is_file():
            return path / "__init__.py", module
        if path.with_suffix(".py").is_file():
            return path.with_suffix(".py"), module.rpartition(".")[0]
    return _NOWHERE, ""


def _in_own_folder(top: str, rest: list[str], module: str) -> tuple[Path, str]:
    """A module that a plug-in imports from a folder on Python's path that no installation has made.

    So it is with `PYTHONPATH`, and with what was installed to be edited (`pip install --editable`): its version stays
    the same when it is edited.
    """
    if top in sys.stdlib_module_names:
        return _NOWHERE, ""
    path, package = _installed(top, rest, module)
    if path == _NOWHERE or path.suffix != ".py" or {"site-packages", "dist-packages"} & set(path.parts):
        return _NOWHERE, ""
    return (_NOWHERE, "") if _has_a_version(top) else (path, package)


@cache
def _has_a_version(top: str) -> bool:
    """Whether a package was installed, and not to be edited."""
    try:
        found = distribution(top)
    except PackageNotFoundError:  # its distribution may have another name, which takes longer to find
        names = packages_distributions().get(top)
        if not names:
            return False
        found = distribution(names[0])
    about = found.read_text("direct_url.json")
    return not (about and json.loads(about).get("dir_info", {}).get("editable"))


@cache
def plugin_packages() -> frozenset[str]:
    """The top-level packages of installed plug-ins."""
    return frozenset(entry.module.partition(".")[0] for entry in installed_entry_points())


@cache
def _parsed(path: Path, package: str) -> tuple[str, tuple[str, ...]]:
    """A digest of a file's code, and the names of everything that it imports."""
    return parsed(path, package)


def _assets(module: str) -> str:
    """Names and hashes of the files in a package's folder `assets`, such as the JavaScript of the report's page."""
    folder = _file(module)[0].parent / "assets"
    if _file(module)[0].name != "__init__.py" or not folder.is_dir():
        return ""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    digests = [(path, hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest()) for path in files]
    return "".join(f"\n{path.relative_to(folder)} {digest}" for path, digest in digests)


@cache
def _named_files(module: str) -> str:
    """Names and hashes of the files in a plug-in's folder that a text in it names, as weights or a list of actors."""
    if is_own(module):
        return ""
    path = _file(module)[0]
    texts = {node.value for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Constant)}
    names = sorted(text for text in texts if isinstance(text, str) and text.isprintable() and 0 < len(text) < 256)
    files = [(name, path.parent / name) for name in names]
    return "".join(
        f"\n{name} {hashlib.blake2b(file.read_bytes(), digest_size=8).hexdigest()}"
        for name, file in files
        if file.is_file() and file != path
    )


def clear_caches() -> None:
    """Forget all files that were read. Tests that edit files need this."""
    for function in (module_closure, is_ours, _file, plugin_packages, _parsed, _has_a_version, _named_files):
        function.cache_clear()
