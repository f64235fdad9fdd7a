"""Every stage as a run in MLflow; MLflow is imported here and nowhere else, and only once a store is really opened.

One emofusion experiment is one MLflow experiment with one parent run, and each stage that was executed is a child run
that carries its key as the tag `emofusion.key`; `lifecycle` says what becomes of earlier runs of the same key.
"""

from emofusion.tracking.lifecycle import open_run
from emofusion.tracking.run import Run
from emofusion.tracking.store import initialise, late_imports, tracking_uri

__all__ = ["Run", "initialise", "late_imports", "open_run", "tracking_uri"]
