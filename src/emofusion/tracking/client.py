"""The one module that imports MLflow, which takes seconds: import it inside functions only."""

import logging
import os

from emofusion.importing import fast_imports

# Only what the environment does not set already.
ENVIRONMENT = {
    # the sender itself tries again; MLflow's default, 7 retries with a timeout of 120 s each, would take many minutes
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    # a pooled connection would keep writing to a database file that was deleted or replaced
    "MLFLOW_SQLALCHEMYSTORE_POOLCLASS": "NullPool",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


for _name, _value in ENVIRONMENT.items():
    os.environ.setdefault(_name, _value)  # MLflow reads some of them when it is imported

with fast_imports():
    from mlflow import MlflowClient


def open_client(address: str) -> MlflowClient:
    """A client of the store at `address` (see `address.absolute`)."""
    if "MLFLOW_LOGGING_LEVEL" not in os.environ:
        for name in ("mlflow", "alembic"):  # they write a page of information about each new database
            logging.getLogger(name).setLevel(logging.WARNING)
    return MlflowClient(tracking_uri=address, registry_uri=address)
