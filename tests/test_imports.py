"""The modules of the package import each other without circles, and the families import in one direction."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import emofusion

PACKAGE = Path(emofusion.__path__[0])
# A folder may import the folders before it, and none of those after it.
ORDER = [
    *(
        "settings",
        "plan",
        "recordings",
        "faces",
        "speech_activity",
        "corpora",
        "protocols",
        "features",
        "networks",
        "predictions",
        "training",
        "fusion",
    ),
    *("evaluation", "reporting", "tracking", "scoring", "commands"),
]


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in PACKAGE.rglob("*.py")}


def imported(path: Path, everywhere: bool) -> set[str]:
    """The package's modules that a file imports when it is imported; with `everywhere`, also inside functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = ast.walk(tree) if everywhere else tree.body
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names & set(MODULES)


def test_no_module_imports_itself_through_others():
    graph = {name: imported(path, everywhere=False) - {name} for name, path in MODULES.items()}
    assert len(list(TopologicalSorter(graph).static_order())) == len(MODULES) > 200


def test_folders_import_in_one_direction():
    wrong = set()
    for name, path in MODULES.items():
        folder = name.split(".")[1] if "." in name else ""
        for other in imported(path, everywhere=False):
            theirs = other.split(".")[1] if "." in other else ""
            if folder in ORDER and theirs in ORDER and ORDER.index(theirs) > ORDER.index(folder):
                wrong.add((name, other))
    assert not wrong


def test_nobody_imports_snakemake_and_the_audit_stands_alone():
    for name, path in MODULES.items():
        text = path.read_text(encoding="utf-8")
        assert "import snakemake" not in text and "from snakemake" not in text, name
        if name.startswith("emofusion.audit"):
            allowed = ("emofusion.audit", "emofusion.errors")
            assert all(other.startswith(allowed) for other in imported(path, everywhere=True)), name


def test_nothing_is_collected_while_libraries_are_imported_and_what_they_made_is_left_alone():
    code = (
        "import gc\n"
        "from emofusion.importing import fast_imports\n"
        "with fast_imports():\n"
        "    assert not gc.isenabled()\n"
        "    import json.tool\n"
        "assert gc.isenabled() and gc.get_freeze_count() > 1000\n"
        "gc.disable()\n"
        "try:\n"
        "    with fast_imports():\n"
        "        import emofusion.no_such_module\n"
        "except ModuleNotFoundError:\n"
        "    assert not gc.isenabled()\n"
        "else:\n"
        "    raise SystemExit('imported')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
