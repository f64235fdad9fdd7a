"""MLflow itself. To import this module takes seconds: do so inside functions."""

import logging
import os

# What is set already in the environment wins.
ENVIRONMENT = {
    # MLflow's default, 7 retries of 120 s each, would hold a training up for many minutes
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "15",
    # a pooled connection would go on writing to a database file that was deleted or replaced
    "MLFLOW_SQLALCHEMYSTORE_POOLCLASS": "NullPool",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


def _set_environment() -> None:
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)


_set_environment()  # read on import, in part

from mlflow import MlflowClient  # noqa: E402


def open_client(address: str) -> MlflowClient:
    """A client of the store at `address` (see `store.absolute`)."""
    _set_environment()  # and in part when used, maybe in a fork with an environment of its own
    if "MLFLOW_LOGGING_LEVEL" not in os.environ:
        for name in ("mlflow", "alembic"):  # a page of INFO for each new database
            logging.getLogger(name).setLevel(logging.WARNING)
    return MlflowClient(tracking_uri=address, registry_uri=address)
