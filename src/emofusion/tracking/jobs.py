"""Track the job of a stage: the functions that the workflow's scripts call."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pandas as pd

from emofusion.evaluation.accuracy import metrics_by_split
from emofusion.plan.job import Job
from emofusion.tables import PREDICTIONS, write_table
from emofusion.tracking.machine import watched
from emofusion.tracking.run import Run, open_run
from emofusion.tracking.settings import Tracking


@contextmanager
def tracked(job: Job, tracking: dict[str, Any]) -> Iterator[Run]:
    """Open a run for a job, as `run.open_run` does, and close it at the end.

    Args:
        job: the job to track.
        tracking: field of `Tracking` → value.

    Raises:
        EmofusionError: the journal of the run cannot be made.
    """
    inputs = {
        role: " ".join(name.partition("/")[2] for name in (read if isinstance(read, list) else [read]))
        for role, read in job.stage.inputs.items()
    }
    made_with = {
        **job.making.versions,
        "threads": str(job.making.threads),
        "precision": job.making.precision,
    }
    stage = job.stage
    with (
        open_run(stage.kind, stage.key, job.settings, Tracking(**tracking), inputs, made_with) as run,
        watched(run) if stage.kind == "model" else nullcontext(),
    ):
        yield run


@contextmanager
def tracked_predictions(job: Job, tracking: dict[str, Any]) -> Iterator[Callable[[pd.DataFrame], None]]:
    """Open a run for a job that makes a prediction table, and close it at the end.

    Args:
        job: the job to track.
        tracking: field of `Tracking` → value.

    Yields:
        A function that writes the table into the job's folder, and logs the file and its metrics for each split.

    Raises:
        EmofusionError: the journal of the run cannot be made.
    """
    with tracked(job, tracking) as run:

        def write(predictions: pd.DataFrame) -> None:
            path = job.folder / "predictions.parquet"
            write_table(predictions, path, PREDICTIONS)
            run.log_metrics(metrics_by_split(predictions), 0)
            run.log_artifact(path)

        yield write
