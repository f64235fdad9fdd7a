"""An open run, and what a stage can log to it."""

import math
import re
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emofusion.tracking.store import first_line, shown

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient
    from mlflow.entities import Metric

# MLflow's limits (mlflow.utils.validation), in characters: beyond them it raises an error, or cuts silently
PARAM_LENGTH, TAG_LENGTH, NAME_LENGTH = 6000, 5000, 250
PARAMS_PER_BATCH, METRICS_PER_BATCH = 100, 1000


class Run:
    """An open run.

    When the store fails, the run prints one warning to stderr and logs nothing more, so that the stage can continue.
    """

    def __init__(self, client: "MlflowClient | None" = None, run_id: str | None = None, uri: str = "") -> None:
        """A run in the store at `uri`. Without arguments, where tracking is off, it logs nothing and has no id."""
        self.run_id = run_id
        self._client, self._uri = client, uri
        self._id = run_id or ""  # MLflow is called only where there is a run, so the empty text is never used
        self._lost = False

    def log_metrics(self, metrics: dict[str, float], step: int = 0) -> None:
        """Log the metrics of one step, such as an epoch, in one request. Values that are not finite are left out.

        Args:
            metrics: name → value.
            step: the number of the step.
        """
        self._log_points((name, value, step) for name, value in metrics.items())

    def log_metrics_table(self, table: "pd.DataFrame") -> None:
        """Log whole curves. Values that are not finite are left out.

        table: one row for each step, with the step's number (int) as its index, and one column for each metric.
        """
        self._log_points((str(name), value, step) for name in table.columns for step, value in table[name].items())

    def log_artifact(self, path: Path) -> None:
        """Copy one file to the run. Raises FileNotFoundError if there is no such file."""
        if not Path(path).is_file():
            raise FileNotFoundError(path)
        self._try(lambda client: client.log_artifact(self._id, str(path)))

    def log_artifacts(self, folder: Path) -> None:
        """Copy the content of a folder to the run. Raises FileNotFoundError if there is no such folder."""
        if not Path(folder).is_dir():
            raise FileNotFoundError(folder)
        self._try(lambda client: client.log_artifacts(self._id, str(folder)))

    def set_tag(self, name: str, value: Any) -> None:
        """Set a tag. Its value is converted to text, and cut to the length that MLflow accepts."""
        text = cut(str(value), TAG_LENGTH)
        self._try(lambda client: client.set_tag(self._id, name_of(name), text))

    def _log_points(self, points: Iterable[tuple[str, float, Any]]) -> None:
        """Log (metric, value, step), in as few requests as MLflow allows."""
        numbers = [(name, float(value), int(step)) for name, value, step in points if math.isfinite(float(value))]
        if self.run_id is None or self._lost or not numbers:
            return
        from mlflow.entities import Metric

        now = int(time.time() * 1000)  # in milliseconds, as MLflow counts
        for start in range(0, len(numbers), METRICS_PER_BATCH):
            batch = [Metric(name, value, now, step) for name, value, step in numbers[start : start + METRICS_PER_BATCH]]
            self._try(partial(_log_batch, run_id=self._id, metrics=batch))

    def _try(self, call: "Callable[[MlflowClient], object]") -> None:
        """Call the store, unless an earlier call has failed."""
        if self._client is None or self._lost:
            return
        try:
            call(self._client)
        except Exception as error:  # an error of the store must not stop the stage that is tracked
            self._lost = True
            message = f"warning: the tracking store {shown(self._uri)} failed ({first_line(error)})"
            print(f"{message}; going on without tracking", file=sys.stderr, flush=True)

    def end(self, status: str, last: "Callable[[MlflowClient], object]") -> None:
        """Call `last`, then close the run with a status.

        This is tried even after the store has failed, because a server may answer again.
        """

        def close(client: "MlflowClient") -> None:
            last(client)
            client.set_terminated(self._id, status)

        if not self._lost:
            self._try(close)
        elif self._client is not None:
            with suppress(Exception):
                self._client.set_tag(self._id, "emofusion.tracking", "interrupted")
                close(self._client)


def name_of(text: str) -> str:
    """The text, changed to a name of a parameter or tag that MLflow accepts."""
    return re.sub(r"[^\w.\- :]", "_", text)[:NAME_LENGTH]


def cut(text: str, length: int) -> str:
    """The text, cut to at most `length` characters. A text that was cut ends in `…`."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _log_batch(client: "MlflowClient", run_id: str, metrics: "list[Metric]") -> None:
    """Log metrics to a run in one request."""
    client.log_batch(run_id, metrics=metrics)
