"""Fingerprints of code, so that editing a module reruns the stages that run it, and no others.

The package's own modules are followed, and those of plug-ins: a plug-in file, files beside it, and the package that an
entry point belongs to. Libraries are followed by their versions instead, see `versions`.
"""

import ast
import hashlib
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from emofusion.errors import EmofusionError
from emofusion.settings.kinds import FrozenPart, Kind, Preparation
from emofusion.settings.plugins import PLUGIN_MODULE, installed_entry_points, loaded_plugins

PACKAGE = Path(__file__).parents[1]
_NOWHERE = Path("/nonexistent")
# They decide how a result is shown or kept, or how a job is run, and never what the result is.
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
    """A hash of modules and scripts and of every module of ours that they import, inside functions too.

    Comments, docstrings and formatting do not count. What only type checkers import does not count either. What a
    package keeps in its folder `assets` counts to the byte.

    Args:
        modules: dotted names such as `emofusion.fusion.common.fuse`.
        scripts: files outside of the package, such as those that Snakemake runs.
    """
    digest = hashlib.blake2b(digest_size=8)
    closure = module_closure(*modules, scripts=scripts)
    for script in scripts:
        digest.update(f"{script.name}\n{_parsed(script, '')[0]}\n".encode())
    for module in closure:
        digest.update(f"{module}\n{_parsed(*_file(module))[0]}\n{_assets(module)}\n".encode())
    return digest.hexdigest()


@cache
def module_closure(*modules: str, scripts: tuple[Path, ...] = ()) -> tuple[str, ...]:
    """The modules, and all of ours that they import directly or through others, sorted."""
    closure: set[str] = set()
    waiting = [*modules, *(name for script in scripts for name in _parsed(script, "")[1] if is_ours(name))]
    while waiting:
        module = waiting.pop()
        if module in closure or module.startswith(WITHOUT_EFFECT):
            continue
        if not is_ours(module):  # only a kind's own module can be that
            raise EmofusionError(f"the source of {module} cannot be read, so that no change of it would be noticed")
        closure.add(module)
        waiting += [name for name in _parsed(*_file(module))[1] if is_ours(name)]
        package = module.rpartition(".")[0]
        waiting += [package] if package and package != "emofusion" and is_ours(package) else []
    return tuple(sorted(closure))


def imported_libraries(*modules: str, scripts: tuple[Path, ...] = ()) -> set[str]:
    """The top-level names of all libraries that the modules' closure imports, the standard library left out."""
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
    """Whether a module belongs to the package or to a plug-in, and its source is there to be read."""
    return bool(module) and _file(module)[0].is_file()


def source_of(module: str) -> Path:
    """The file of one of our modules."""
    return _file(module)[0]


@cache
def _file(module: str) -> tuple[Path, str]:
    """A module's source, and the package that its relative imports start from; no file where it is not ours."""
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
    return _beside_plugin(module)


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
        if (found := _below(Path(folder), rest, module))[0].is_file():
            return found
    return (Path(spec.origin), "") if spec.origin and not rest else (_NOWHERE, "")


def _holds_kinds(module: str) -> bool:
    """Whether a loaded module defines kinds, wherever it comes from."""
    loaded = sys.modules.get(module)
    if loaded is None or not getattr(loaded, "__file__", None):
        return False
    classes = [value for value in list(vars(loaded).values()) if isinstance(value, type)]
    return any(cls.__module__ == module and issubclass(cls, Kind | Preparation | FrozenPart) for cls in classes)


def _beside_plugin(module: str) -> tuple[Path, str]:
    """A file beside a plug-in file, which may import it."""
    for plugin in loaded_plugins():
        path = Path(str(plugin.__file__)).parent.joinpath(*module.split("."))
        if (path / "__init__.py").is_file():
            return path / "__init__.py", module
        if path.with_suffix(".py").is_file():
            return path.with_suffix(".py"), module.rpartition(".")[0]
    return _NOWHERE, ""


@cache
def plugin_packages() -> frozenset[str]:
    """The top-level packages of installed plug-ins."""
    return frozenset(entry.module.partition(".")[0] for entry in installed_entry_points())


@cache
def _parsed(path: Path, package: str) -> tuple[str, tuple[str, ...]]:
    """A file's code without docstrings, and the names of all that it imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    _Strip().visit(tree)
    imports: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")
                parents = parents[: len(parents) - node.level + 1]
                base = ".".join([*parents, *([node.module] if node.module else [])])
            imports |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return "".join(_dumped(tree)), tuple(sorted(imports))


def _dumped(node: object) -> Iterator[str]:
    """The code as text that is the same in every version of Python: `ast.dump` gains fields that are empty."""
    if isinstance(node, ast.AST):
        yield f"{type(node).__name__}("
        for name, value in ast.iter_fields(node):
            if value is not None and value != []:
                yield f"{name}="
                yield from _dumped(value)
        yield ")"
    elif isinstance(node, list):
        for part in node:
            yield "["
            yield from _dumped(part)
    else:
        yield f"{type(node).__name__} {node!r}"


class _Strip(ast.NodeTransformer):
    """Takes out docstrings, and what only type checkers import."""

    def _without_docstring(self, node: ast.AST) -> ast.AST:
        body = node.body  # type: ignore[attr-defined]
        first = body[0] if body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            # what has only a docstring does the same as what has only `pass`
            node.body = body[1:] or [ast.Pass()]  # type: ignore[attr-defined]
        return self.generic_visit(node)

    visit_Module = visit_ClassDef = visit_FunctionDef = visit_AsyncFunctionDef = _without_docstring

    def visit_If(self, node: ast.If) -> ast.AST:
        test = node.test
        if isinstance(test, ast.Name) and test.id == "TYPE_CHECKING" and not node.orelse:
            return ast.Pass()
        return self.generic_visit(node)


def _assets(module: str) -> str:
    """What a package keeps in `assets` beside its modules, such as the script of the report's page."""
    folder = _file(module)[0].parent / "assets"
    if _file(module)[0].name != "__init__.py" or not folder.is_dir():
        return ""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    digests = [(path, hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest()) for path in files]
    return "".join(f"\n{path.relative_to(folder)} {digest}" for path, digest in digests)


def clear_caches() -> None:
    """Forget what was read: for tests that edit files."""
    for function in (module_closure, is_ours, _file, plugin_packages, _parsed):
        function.cache_clear()
