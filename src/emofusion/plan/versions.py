"""The versions of the libraries that can change a stage's numbers."""

from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path

from emofusion.plan.fingerprint import imported_libraries

# Libraries that move, show, check or keep results, and never change a number in them.
WITHOUT_EFFECT = frozenset(
    [
        "altair",
        "filelock",
        "hydra",
        "jinja2",
        "joblib",
        "markupsafe",
        "matplotlib",
        "mlflow",
        "omegaconf",
        "pandera",
        "pyarrow",
        "requests",
        "safetensors",
        "snakemake",
        "sqlalchemy",
        "tabulate",
        "threadpoolctl",
        "tqdm",
        "vl_convert",
    ]
)
# What a library computes with, where our own code does not import it.
COMPUTES_WITH = {
    "librosa": ("numpy", "scipy", "numba", "soxr", "soundfile"),
    "sklearn": ("numpy", "scipy"),
    "pandas": ("numpy",),
    "scipy": ("numpy",),
    "opensmile": ("numpy", "audinterface"),
    "pytorch_lightning": ("torch",),
    "torchmetrics": ("torch",),
}
_OTHER_NAMES = {"sklearn": "scikit-learn", "PIL": "pillow", "pytorch_lightning": "pytorch-lightning"}


def library_versions(*modules: str, scripts: tuple[Path, ...] = ()) -> dict[str, str]:
    """Distribution → version of every library that modules and scripts, and all that they import, compute with.

    A library that is not installed is left out: code that needs it says so.
    """
    names = imported_libraries(*modules, scripts=scripts) - WITHOUT_EFFECT
    names |= {other for name in names for other in COMPUTES_WITH.get(name, ())}
    return dict(sorted(found for name in names for found in _versions(name)))


@cache
def _versions(name: str) -> tuple[tuple[str, str], ...]:
    found = []
    for distribution in dict.fromkeys(_distributions_of(name)):
        try:
            found.append((distribution, version(distribution)))
        except PackageNotFoundError:
            continue
    return tuple(found)


def _distributions_of(name: str) -> list[str]:
    """The distributions that a module comes from; most bear its name, and the look through all of them is slow."""
    usual = _OTHER_NAMES.get(name, name)
    try:
        version(usual)
    except PackageNotFoundError:
        return list(packages_distributions().get(name, []))
    return [usual]
