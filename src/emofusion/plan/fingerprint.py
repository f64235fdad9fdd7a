"""Fingerprints of the package's own code, so that editing a module reruns the stages that run it, and no others."""

import ast
import hashlib
from functools import cache
from itertools import chain
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
# They decide how a result is shown or kept, not what it is.
WITHOUT_EFFECT = {"emofusion.tracking", "emofusion.errors"}


def code_fingerprint(*modules: str) -> str:
    """A short hash of the given modules of `emofusion` and of all that they import from it at their top level.

    What a `with` holds is top level too. An import inside a function is a choice among several (a registry of kinds):
    what is chosen has to be given too. Comments, docstrings and formatting of modules do not count; what a package has
    in `assets` does, to the byte. `modules` are dotted names such as `emofusion.fusion.common.fuse.sweep`.
    """
    closure: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module not in closure | WITHOUT_EFFECT:
            closure.add(module)
            waiting += _read(module)[1]
    digest = hashlib.blake2b(digest_size=4)
    for module in sorted(closure):
        digest.update(f"{module}\n{_read(module)[0]}\n".encode())
    return digest.hexdigest()


@cache
def _read(module: str) -> tuple[str, tuple[str, ...]]:
    """What a module's code is, and which modules of the package it imports (the `__init__` of its package too)."""
    tree = ast.parse(_file(module).read_text(encoding="utf-8"))
    imports = set()
    for node in chain.from_iterable(node.body if isinstance(node, ast.With) else [node] for node in tree.body):
        if isinstance(node, ast.Import):
            imports |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            imports |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    for node in ast.walk(tree):
        documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            node.body[0] = ast.Pass()
    own = {name for name in imports if name.startswith("emofusion.") and _exists(name)}
    parents = {name.rpartition(".")[0] for name in own | {module}} - {"emofusion", module, ""}
    return ast.dump(tree) + _assets(module), tuple(sorted(own | parents))


def _assets(module: str) -> str:
    """What a package keeps in `assets` beside its modules, such as the script of the report's page."""
    found = sorted(PACKAGE.joinpath(*module.split(".")[1:], "assets").glob("*"))
    return "".join(f"\n{path.name} {hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest()}" for path in found)


def _file(module: str) -> Path:
    path = PACKAGE.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _exists(module: str) -> bool:
    return all(part.isidentifier() for part in module.split(".")) and _file(module).is_file()
