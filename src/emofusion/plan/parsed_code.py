"""What a Python file does and imports, read once: parsing a hundred files takes longer than a small job's work.

What was read is remembered by the content of the file, beside Python's own compiled code, in
`__pycache__/emofusion.json`. The file can be deleted at any time. Where it cannot be written, files are parsed again.
"""

import ast
import atexit
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

_MEMORY = Path(__file__).parents[1] / "__pycache__" / "emofusion.json"
_MOST = 5000  # remembered files; beyond this number, only those of the present process are kept

_new: dict[str, tuple[str, list[str]]] = {}


def parsed(path: Path, package: str) -> tuple[str, tuple[str, ...]]:
    """A digest of a file's code, and the names of everything that it imports.

    Comments, docstrings, formatting and imports that only type checkers see do not count.

    Args:
        path: the file.
        package: the package that its relative imports start from.
    """
    text = path.read_bytes()
    key = hashlib.blake2b(package.encode() + b"\n" + text, digest_size=16).hexdigest()
    known = _remembered().get(key) or _new.get(key)
    if known is None:
        if not _new:
            atexit.register(_remember)
        known = _new[key] = _parse(text.decode("utf-8"), package)
    return known[0], tuple(known[1])


def _parse(text: str, package: str) -> tuple[str, list[str]]:
    tree = ast.parse(text)
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
    code = hashlib.blake2b("".join(_dumped(tree)).encode(), digest_size=16).hexdigest()
    return code, sorted(imports)


@cache
def _remembered() -> dict[str, tuple[str, list[str]]]:
    try:
        known = json.loads(_MEMORY.read_text(encoding="utf-8"))
        return {key: (str(code), [str(name) for name in imports]) for key, (code, imports) in known.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _remember() -> None:
    known = _remembered() if len(_remembered()) < _MOST else {}
    partial = _MEMORY.with_name(f"{_MEMORY.name}.{os.getpid()}.partial")
    with suppress(OSError):
        _MEMORY.parent.mkdir(exist_ok=True)
        partial.write_text(json.dumps(known | _new), encoding="utf-8")
        partial.replace(_MEMORY)


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
    """Removes docstrings, and imports that only type checkers see."""

    def _without_docstring(self, node: ast.AST) -> ast.AST:
        body = node.body  # type: ignore[attr-defined]
        first = body[0] if body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            # a body with only a docstring does the same as a body with only `pass`
            node.body = body[1:] or [ast.Pass()]  # type: ignore[attr-defined]
        return self.generic_visit(node)

    visit_Module = visit_ClassDef = visit_FunctionDef = visit_AsyncFunctionDef = _without_docstring

    def visit_If(self, node: ast.If) -> ast.AST:
        test = node.test
        if isinstance(test, ast.Name) and test.id == "TYPE_CHECKING" and not node.orelse:
            return ast.Pass()
        return self.generic_visit(node)
