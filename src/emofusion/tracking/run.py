"""An open run: what a stage may log to it."""

import math
import re
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emofusion.tracking.store import first_line, shown

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient

# MLflow's own limits (mlflow.utils.validation); beyond them it raises, or cuts without a sign
PARAM_LENGTH, TAG_LENGTH, NAME_LENGTH = 6000, 5000, 250
PARAMS_PER_BATCH, METRICS_PER_BATCH = 100, 1000


class Run:
    """An open run. Once the store fails, it warns on stderr and does nothing more: a training outlives its tracking."""

    def __init__(self, client: "MlflowClient | None" = None, run_id: str | None = None, uri: str = "") -> None:
        """`run_id` is None, and every call does nothing, where tracking is switched off."""
        self.run_id = run_id
        self._client, self._uri = client, uri
        self._lost = False

    def log_metrics(self, metrics: dict[str, float], step: int = 0) -> None:
        """Log numbers at one step (an epoch, say) in one request; what is not finite is left out."""
        self._log_points((name, value, step) for name, value in metrics.items())

    def log_metrics_table(self, table: "pd.DataFrame") -> None:
        """Log whole curves: the index holds the steps (int), a column is a metric; what is not finite is left out."""
        self._log_points((str(name), value, step) for name in table.columns for step, value in table[name].items())

    def log_artifact(self, path: Path) -> None:
        """Copy one file to the run. Raises FileNotFoundError if there is none."""
        if not Path(path).is_file():
            raise FileNotFoundError(path)
        self._try(lambda client: client.log_artifact(self.run_id, str(path)))

    def log_artifacts(self, folder: Path) -> None:
        """Copy what a folder contains to the run. Raises FileNotFoundError if there is none."""
        if not Path(folder).is_dir():
            raise FileNotFoundError(folder)
        self._try(lambda client: client.log_artifacts(self.run_id, str(folder)))

    def set_tag(self, name: str, value: Any) -> None:
        """Set a tag; the value is written as text, cut where MLflow would refuse it."""
        self._try(lambda client: client.set_tag(self.run_id, name_of(name), cut(str(value), TAG_LENGTH)))

    def _log_points(self, points: Iterable[tuple[str, float, Any]]) -> None:
        numbers = [(name, float(value), int(step)) for name, value, step in points if math.isfinite(float(value))]
        if self.run_id is None or self._lost or not numbers:
            return
        from mlflow.entities import Metric

        now = _now()
        for start in range(0, len(numbers), METRICS_PER_BATCH):
            batch = [Metric(name, value, now, step) for name, value, step in numbers[start : start + METRICS_PER_BATCH]]
            self._try(lambda client, batch=batch: client.log_batch(self.run_id, metrics=batch))

    def _try(self, call: "Callable[[MlflowClient], None]") -> None:
        if self._client is None or self._lost:
            return
        try:
            call(self._client)
        except Exception as error:  # whatever it is, it must not cost the work that is being tracked
            self._lost = True
            what = f"the tracking store {shown(self._uri)} failed ({first_line(error)})"
            print(f"warning: {what}; going on without tracking", file=sys.stderr, flush=True)

    def end(self, status: str, last: "Callable[[MlflowClient], None]") -> None:
        """Do the `last` thing and close the run; tried even after a failure, as the server may have come back."""

        def close(client: "MlflowClient") -> None:
            last(client)
            client.set_terminated(self.run_id, status)

        if not self._lost:
            self._try(close)
        elif self._client is not None:
            with suppress(Exception):
                self._client.set_tag(self.run_id, "emofusion.tracking", "interrupted")
                close(self._client)


def name_of(text: str) -> str:
    """`text` as MLflow accepts it as the name of a parameter or a tag."""
    return re.sub(r"[^\w.\- :]", "_", text)[:NAME_LENGTH]


def cut(text: str, length: int) -> str:
    """`text`, and a sign where it had to be shortened to `length` characters."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _now() -> int:
    return int(time.time() * 1000)  # ms, as MLflow counts
