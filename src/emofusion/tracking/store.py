"""The tracking store: whether it answers, and its preparation for runs. Its functions import MLflow."""

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emofusion.tracking.address import absolute, cannot_be_used, first_line, is_own, is_server, sqlite_file
from emofusion.tracking.check import check_server, not_mlflows
from emofusion.tracking.moved import ARTIFACTS, BESIDE, follow

if TYPE_CHECKING:
    from mlflow import MlflowClient

LOCK_SECONDS = 300.0


def initialise(uri: str, experiment: str, results: Path) -> dict[str, str]:
    """Make the database's tables, the MLflow experiment and its parent run, as far as they are missing.

    It may be called many times, and by many processes at once. A file lock protects what is made; it lies beside an
    SQLite database, otherwise in `results`. A new SQLite database gets its name only when it is complete, because
    MLflow damages a new database that several processes open.

    Artifacts of an SQLite store are in `results`/mlartifacts; a server decides where its artifacts are. If the folder's
    own database comes from another place, its paths are corrected first (see `moved.follow`). The parent run
    only groups the other runs. It is FINISHED from the start, so that no killed workflow leaves it running.

    Returns:
        uri, experiment, experiment_id, parent_run_id.

    Raises:
        EmofusionError: the store cannot be reached or used. The error comes within seconds if no server answers.
    """
    from filelock import FileLock

    with clear_store_errors(uri):
        address = absolute(uri)
        database = sqlite_file(address)
        lock = FileLock(f"{database}.lock" if database else results / "mlflow.lock", timeout=LOCK_SECONDS)
        Path(lock.lock_file).parent.mkdir(parents=True, exist_ok=True)
        if not _is_ready(address):
            with lock:
                if not _is_ready(address):
                    _create_tables(address)
        follow(uri, results)
        # first without the lock: opening the store takes seconds, and usually the experiment exists already
        identities = _find(address, experiment)
        if identities is None:
            with lock:
                identities = _find(address, experiment) or _create(uri, experiment, results)
    return {"uri": uri, "experiment": experiment, "experiment_id": identities[0], "parent_run_id": identities[1]}


def open_client(address: str) -> "MlflowClient":
    """A client of the store at `address` (see `absolute`); imports MLflow, which takes seconds."""
    from emofusion.tracking import client

    return client.open_client(address)


def _is_ready(address: str) -> bool:
    """Whether the store answers and has tables. Without this check MLflow would try to reach it for minutes."""
    if is_server(address):
        check_server(address)
        return True
    database = sqlite_file(address)
    if database and not (database.is_file() and database.stat().st_size):
        return False
    if not database and not re.match(r"(postgresql|mysql|mssql)\b", address):
        return True  # an address that only MLflow understands, or a wrong one, which MLflow reports
    import sqlalchemy

    engine = sqlalchemy.create_engine(address, poolclass=sqlalchemy.pool.NullPool)
    tables = sqlalchemy.inspect(engine).get_table_names()
    if database and tables and "alembic_version" not in tables:
        raise not_mlflows(database)
    return "alembic_version" in tables


def _create_tables(address: str) -> None:
    """Make the database's tables. An SQLite file gets its name when they are complete. The caller holds the lock."""
    database = sqlite_file(address)
    if database is None:
        open_client(address).search_experiments(max_results=1)
        return
    # delete what a killed process left behind: a journal without its database would damage the new database
    for pattern in (".*.partial", ".*.partial-*", "-journal", "-wal", "-shm"):
        for path in database.parent.glob(escape(database.name) + pattern):
            path.unlink(missing_ok=True)
    partial = database.with_name(f"{database.name}.{uuid.uuid4().hex}.partial")
    open_client(f"sqlite:///{partial}").search_experiments(max_results=1)
    partial.replace(database)


def _find(address: str, experiment: str) -> tuple[str, str] | None:
    """The ids of the experiment and of its parent run; None if either is missing."""
    client = open_client(address)
    known = client.get_experiment_by_name(experiment)
    if known is None or known.lifecycle_stage != "active" or known.tags.get("emofusion.experiment") != experiment:
        return None
    parents = client.search_runs(
        [known.experiment_id], "tags.`emofusion.role` = 'experiment'", order_by=["attributes.start_time ASC"]
    )
    return (known.experiment_id, parents[0].info.run_id) if parents else None


def _create(uri: str, experiment: str, results: Path) -> tuple[str, str]:
    """Make the experiment and its parent run, as far as they are missing, and return their ids.

    The caller holds the lock.
    """
    address = absolute(uri)
    client = open_client(address)
    known = client.get_experiment_by_name(experiment)
    if known is None:
        folder = (results / ARTIFACTS / re.sub(r"[^\w.-]", "_", experiment)).resolve()
        location = folder.as_uri() if sqlite_file(address) else None
        tags = {BESIDE: "beside the database"} if is_own(uri, results) else {}
        identity = client.create_experiment(experiment, artifact_location=location, tags=tags)
    else:
        identity = known.experiment_id
        if known.lifecycle_stage != "active":
            # MLflow allows no other experiment with this name; the runs that were deleted with it stay deleted
            client.restore_experiment(identity)
            for run in every(client.search_runs, experiment_ids=[identity]):
                client.delete_run(run.info.run_id)
    # also for an experiment that a user has made by hand
    client.set_experiment_tag(identity, "emofusion.experiment", experiment)
    client.set_experiment_tag(identity, "emofusion.role", "experiment")
    tags = {"emofusion.role": "experiment", "emofusion.experiment": experiment}
    parent = client.create_run(identity, tags=tags, run_name=experiment)
    client.set_terminated(parent.info.run_id, "FINISHED")
    return identity, parent.info.run_id


def every(search: Callable[..., Any], **query: Any) -> list[Any]:
    """The results on all pages of one of MLflow's searches.

    Args:
        search: a search function of an MLflow client.
        query: its arguments.
    """
    page = search(**query)
    results = list(page)
    while page.token:
        page = search(**query, page_token=page.token)
        results += page
    return results


@contextmanager
def clear_store_errors(uri: str) -> Iterator[None]:
    """Turn errors of MLflow, SQLAlchemy, requests and the file system into an EmofusionError that names the store."""
    try:
        yield
    except Exception as error:
        # compared by the name of the module, because importing MLflow for its exceptions takes seconds
        from_store = type(error).__module__.startswith(("mlflow.", "sqlalchemy."))
        if not from_store and not isinstance(error, OSError | ImportError):
            raise
        raise cannot_be_used(uri, first_line(error)) from error
