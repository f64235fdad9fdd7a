"""The version of this package."""

from importlib.metadata import PackageNotFoundError, version


def own_version() -> str:
    """The installed version of emofusion; `unknown` where the package runs from a folder that is not installed."""
    try:
        return version("emofusion")
    except PackageNotFoundError:
        return "unknown"
