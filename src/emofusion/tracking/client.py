"""The one module that imports MLflow, which takes seconds: import it inside functions only."""

import logging
import os

# Only what the environment does not set already.
ENVIRONMENT = {
    # MLflow's default of 7 retries, each with a timeout of 120 s, would stop a training for many minutes
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "15",
    # a pooled connection would keep writing to a database file that was deleted or replaced
    "MLFLOW_SQLALCHEMYSTORE_POOLCLASS": "NullPool",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


def _set_environment() -> None:
    """Set the variables of `ENVIRONMENT` that are not set."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)


_set_environment()  # MLflow reads some of them when it is imported

from mlflow import MlflowClient  # noqa: E402


def open_client(address: str) -> MlflowClient:
    """A client of the store at `address` (see `store.absolute`)."""
    _set_environment()  # and some when it is used, perhaps in a fork whose environment is another
    if "MLFLOW_LOGGING_LEVEL" not in os.environ:
        for name in ("mlflow", "alembic"):  # they write a page of information about each new database
            logging.getLogger(name).setLevel(logging.WARNING)
    return MlflowClient(tracking_uri=address, registry_uri=address)
