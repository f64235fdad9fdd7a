"""Follow a folder of results that was moved or copied: its own database names artifacts by absolute paths.

MLflow keeps the whole path of each artifact, and has no function to change it. Without a correction, runs in a moved or
copied folder write their artifacts to the place where the folder was, or where its original still is, and registered
models are looked for there. Only the folder's own database, `results/mlflow.db`, is corrected, and only where it names
the folder's own `mlartifacts`. Where the artifacts of another store are is the business of whoever has set it up.
"""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from emofusion.errors import EmofusionError, tell
from emofusion.tracking.address import first_line, is_own, own_database

ARTIFACTS = "mlartifacts"
# The tag of experiments whose artifacts are in the folder of their database. Earlier versions did not set it.
BESIDE = "emofusion.artifacts"
# Where MLflow's database has addresses of artifacts: table → columns.
PLACES = {
    "experiments": ["artifact_location"],
    "runs": ["artifact_uri"],
    "logged_models": ["artifact_location"],
    "model_versions": ["storage_location", "source"],
}
_EXPERIMENTS = """
select distinct artifact_location, exists (
    select * from experiment_tags as beside where beside.experiment_id = experiments.experiment_id and beside.key = ?
) from experiments join experiment_tags using (experiment_id)
where key = 'emofusion.role' and value = 'experiment' and artifact_location like 'file:%'
"""


def follow(uri: str, results: Path) -> None:
    """Correct the places of artifacts in a folder's own database, if the folder is not where it was.

    It does nothing for other stores. Several processes may call it at once.

    Args:
        uri: the address of the store.
        results: the folder of the results.

    Raises:
        EmofusionError: the database cannot be read or written, or has other columns than those of MLflow 3.
    """
    database = own_database(results)
    if not is_own(uri, results) or not database.is_file():
        return
    here = (results / ARTIFACTS).resolve().as_uri()
    try:
        with closing(sqlite3.connect(database, timeout=60, isolation_level=None)) as connection:
            if not _former(connection, results):
                return
            connection.execute("begin immediate")
            roots = _former(connection, results)  # another process may have been first
            for root in roots:
                _rewrite(connection, root, here)
            connection.execute("commit")
    except sqlite3.Error as error:
        raise EmofusionError(
            f"{database}: the folder {results} is not where it was, and the paths of artifacts in this database cannot "
            f"be corrected ({first_line(error)}). Make the file writable. If it lacks a table or column, type "
            f"mlflow db upgrade sqlite:///{database}. Or set tracking.uri to another store."
        ) from error
    for root in roots:
        tell(f"note: {results} was moved or copied from {_path(root).parent}; {database} names its artifacts here now")


def _former(connection: sqlite3.Connection, results: Path) -> list[str]:
    """The addresses of the folders `mlartifacts` that the results had in other places."""
    here = (results / ARTIFACTS).resolve()
    roots = {}
    for location, beside in connection.execute(_EXPERIMENTS, [BESIDE]):
        root, _, name = location.rpartition("/")
        path = _path(root)
        if path == here or _is_same(path, here) or _is_same(path.parent, results):
            continue
        # an experiment without the tag may be one of another folder that uses this database
        came_along = path.name == ARTIFACTS and ((here / unquote(name)).is_dir() or not path.parent.exists())
        if beside or came_along:
            roots[root] = True
    return list(roots)


def _rewrite(connection: sqlite3.Connection, old: str, new: str) -> None:
    """Let each address below `old` begin with `new`."""
    for table, columns in PLACES.items():
        for column in columns:
            connection.execute(
                f"update {table} set {column} = ? || substr({column}, ?) where substr({column}, 1, ?) = ?",
                [new, len(old) + 1, len(old) + 1, f"{old}/"],
            )


def _path(address: str) -> Path:
    return Path(unquote(urlsplit(address).path))


def _is_same(one: Path, other: Path) -> bool:
    """Whether two paths lead to one existing folder, as with links and mounts."""
    with suppress(OSError):
        return one.samefile(other)
    return False
