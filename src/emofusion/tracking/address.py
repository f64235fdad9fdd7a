"""The address of a tracking store, and the texts about it. Nothing heavy is imported here: planning reads it."""

import os
import re
from pathlib import Path

from emofusion.errors import EmofusionError


def tracking_uri(setting: str | None, results: Path) -> str:
    """The store to use: `setting`, else MLFLOW_TRACKING_URI, else the SQLite database `mlflow.db` in `results`."""
    return setting or os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{results.as_posix()}/mlflow.db"


def sqlite_file(address: str) -> Path | None:
    """The file of an SQLite address, such as `sqlite:///folder/file.db`; None for other addresses."""
    if not re.match(r"sqlite\b", address):
        return None
    found = re.match(r"sqlite(?:\+\w+)?:///([^?]*)", address)
    return Path(found.group(1) if found else "")


def own_database(results: Path) -> Path:
    """The database in a folder of results, which is its store by default."""
    return results / "mlflow.db"


def is_own(uri: str, results: Path) -> bool:
    """Whether a store is the database in the folder of results itself, however its address is written."""
    database = sqlite_file(uri)
    return database is not None and database.resolve() == own_database(results.resolve())


def name_in_journals(uri: str, results: Path) -> str:
    """How journals name a store: by its address without a password.

    The database in the folder of results has the same name wherever the folder is, so that journals can move with it.
    """
    return "sqlite:///results/mlflow.db" if is_own(uri, results) else shown(uri)


def absolute(uri: str) -> str:
    """An SQLite address with an absolute path, which is valid in every working folder. Other addresses do not change.

    Raises `EmofusionError` for an SQLite address without a file.
    """
    database = sqlite_file(uri)
    if database is None:
        return uri
    if not database.name or database.name == ":memory:":
        raise EmofusionError(
            f"{uri} names no file, and jobs cannot share a database in memory: set tracking.uri or "
            "MLFLOW_TRACKING_URI to sqlite:///<path of a file>."
        )
    return f"sqlite:///{database.absolute()}"


def is_server(address: str) -> bool:
    """Whether the address is that of an MLflow server."""
    return address.startswith(("http://", "https://"))


def shown(uri: str) -> str:
    """The address without a password or token."""
    return re.sub(r"://[^@/]*@", "://***@", uri)


def first_line(error: BaseException) -> str:
    """The type and the first line of an error, in at most 300 characters."""
    return f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0]}"[:300]


def cannot_be_used(uri: str, reason: str) -> EmofusionError:
    """The error for a store that cannot be used."""
    return EmofusionError(
        f"The tracking store {shown(uri)} cannot be used ({reason}). Start or repair it, or set tracking.uri (or the "
        "variable MLFLOW_TRACKING_URI) to another store."
    )
