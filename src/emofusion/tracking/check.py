"""Check the tracking store before the first job, within seconds and without MLflow."""

import os
import sqlite3
import ssl
from contextlib import closing, suppress
from importlib.metadata import entry_points
from pathlib import Path
from urllib.parse import urlsplit

from emofusion.errors import EmofusionError
from emofusion.settings.experiment import TRACKING_SCHEMES
from emofusion.tracking.address import absolute, cannot_be_used, first_line, is_server, shown, sqlite_file
from emofusion.tracking.settings import Tracking

CONNECT_SECONDS = 5.0
_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}


def check_store(tracking: Tracking) -> None:
    """Check that the store of an experiment can be reached, and that jobs can write their journals.

    The check opens no store and makes nothing but folders: MLflow, which takes seconds to import, opens it later.

    Raises `EmofusionError` that names the store, and says what to do.
    """
    if not tracking.enabled:
        return
    uri = tracking.store
    scheme = uri.partition(":")[0].partition("+")[0]
    if scheme not in TRACKING_SCHEMES and scheme not in entry_points(group="mlflow.tracking_store").names:
        raise cannot_be_used(uri, f"its address begins with none of {', '.join(TRACKING_SCHEMES)}")
    address = absolute(uri)
    database = sqlite_file(address)
    if database:
        _check_database(uri, database)
    elif is_server(address):
        check_server(address)
    elif scheme in _PORTS and urlsplit(address).hostname:
        _check_port(uri, address, _PORTS[scheme])
    _check_writable(uri, tracking.journals, f"jobs write their journals into {tracking.journals}")


def check_server(address: str) -> None:
    """Raise `EmofusionError` unless an HTTP server answers at the address.

    Any answer counts: MLflow may still reach a slow server, or be set to accept a certificate that is refused here.
    """
    import urllib.error  # jobs import this module, and need none of these
    import urllib.request
    from http.client import HTTPException

    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]  # without a name and a password, which urllib does not understand
    health = f"{parts.scheme}://{host}{parts.path.rstrip('/')}/health"
    try:
        with suppress(urllib.error.HTTPError, TimeoutError, HTTPException):
            urllib.request.urlopen(health, timeout=CONNECT_SECONDS).close()
    except (OSError, ValueError) as error:
        if isinstance(getattr(error, "reason", None), ssl.SSLError):
            return
        raise EmofusionError(
            f"No tracking server answers at {shown(address)}: start it, or set tracking.uri (or the variable "
            "MLFLOW_TRACKING_URI) to the address of one that answers."
        ) from error


def _check_port(uri: str, address: str, port: int) -> None:
    """Raise `EmofusionError` unless a database server listens at the address. port: where the address has none."""
    import socket

    parts = urlsplit(address)
    try:
        socket.create_connection((parts.hostname or "", parts.port or port), timeout=CONNECT_SECONDS).close()
    except (OSError, ValueError) as error:
        raise cannot_be_used(uri, first_line(error)) from error


def _check_database(uri: str, database: Path) -> None:
    """Raise `EmofusionError` for a file that is no database of MLflow, or that cannot be written."""
    _check_writable(uri, database.parent, f"its folder is {database.parent}")
    if not database.exists():
        return
    if not database.is_file() or not os.access(database, os.R_OK | os.W_OK):
        raise cannot_be_used(uri, f"{database} is not a file that can be read and written")
    try:
        # not read-only: what a sender was writing when it was killed has to be taken back first
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True, timeout=30)) as connection:
            tables = {name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")}
    except sqlite3.DatabaseError as error:
        raise cannot_be_used(uri, first_line(error)) from error
    if tables and "alembic_version" not in tables:
        raise not_mlflows(database)


def not_mlflows(database: Path) -> EmofusionError:
    """The error for a database with other tables than MLflow's."""
    return EmofusionError(
        f"{database} is a database, but not a complete one of MLflow: delete it, or set tracking.uri or "
        "MLFLOW_TRACKING_URI to another file."
    )


def _check_writable(uri: str, folder: Path, what: str) -> None:
    """Make a folder. Raise `EmofusionError` where nothing can be written into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_be_used(uri, first_line(error)) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise cannot_be_used(uri, f"{what}, which cannot be written")
