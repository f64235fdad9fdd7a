"""An open run: what a job logs goes into the run's journal. MLflow is not imported here."""

import json
import math
import os
import re
import signal
import sys
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emofusion.settings.encoding import plain
from emofusion.tracking.address import cannot_be_used, first_line, name_in_journals
from emofusion.tracking.artifacts import link
from emofusion.tracking.journal import JOURNAL, kept_files, line_of, points_of, results_of
from emofusion.tracking.revision import revision
from emofusion.tracking.settings import Tracking

if TYPE_CHECKING:
    import pandas as pd

# MLflow's limits (mlflow.utils.validation), in characters: beyond them it raises an error, or cuts silently
PARAM_LENGTH, TAG_LENGTH, NAME_LENGTH = 6000, 5000, 250


class Run:
    """An open run.

    Where the journal cannot be written, the run prints one warning to stderr and logs nothing more, so that the stage
    can continue.
    """

    def __init__(self, journal: Path | None = None) -> None:
        """A run with this new journal. Without an argument, where tracking is off, it logs nothing.

        Raises `OSError` where the journal cannot be made.
        """
        self.journal = journal
        self._lock = threading.Lock()  # a thread logs what the machine does meanwhile
        self._file = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o666) if journal else -1

    def log_metrics(self, metrics: Mapping[str, float], step: int = 0) -> None:
        """Log the metrics of one step, such as an epoch. Values that are not finite are left out.

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

    def log_artifact(self, path: Path, replaced: bool = False) -> None:
        """Give one file to the run. It must stay as it is until it is sent.

        Args:
            path: the file.
            replaced: whether another file may get its name, as in a published report. Then a hard link beside the
                journal keeps this one until it is sent.

        Raises:
            FileNotFoundError: there is no such file.
        """
        if not Path(path).is_file():
            raise FileNotFoundError(path)
        if replaced and self.journal is not None:
            kept = kept_files(self.journal) / path.name
            with suppress(OSError):  # a full disk must not stop the stage that is tracked
                link(path, kept)
                path = kept
        self.write({"entry": "artifacts", "path": self._place(path)})

    def log_artifacts(self, folder: Path) -> None:
        """Give the content of a folder to the run. Raises FileNotFoundError if there is no such folder."""
        if not Path(folder).is_dir():
            raise FileNotFoundError(folder)
        self.write({"entry": "artifacts", "path": self._place(folder)})

    def _place(self, path: Path) -> str:
        """A path as the journal has it: it stays valid where the folder of results is moved or copied."""
        path = Path(path).absolute()
        results = results_of(self.journal.parent) if self.journal is not None else path
        for inside, folder in ((path, results), (path.resolve(), results.resolve())):
            if inside.is_relative_to(folder):
                return str(inside.relative_to(folder))
        return str(path)

    def set_tag(self, name: str, value: Any) -> None:
        """Set a tag. Its value is converted to text, and cut to the length that MLflow accepts."""
        self.write({"entry": "tags", "tags": {name_of(name): cut(str(value), TAG_LENGTH)}})

    def write(self, entry: dict[str, Any]) -> None:
        """Append an entry to the journal, in one call of the system."""
        with self._lock:
            if self._file < 0:
                return
            try:
                os.write(self._file, line_of(entry))
            except OSError as error:  # a full disk must not stop the stage that is tracked
                print(
                    f"warning: the journal {self.journal} cannot be written ({first_line(error)}); going on without "
                    "tracking",
                    file=sys.stderr,
                    flush=True,
                )
                self._close()

    def close(self) -> None:
        """Close the journal. What is logged later is ignored."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._file = -1

    def _log_points(self, points: Iterable[tuple[str, float, Any]]) -> None:
        """Log (metric, value, step)."""
        numbers = [[name, float(value), int(step)] for name, value, step in points if math.isfinite(float(value))]
        if numbers:
            self.write(points_of(numbers, now()))


@contextmanager
def open_run(
    kind: str,
    key: str,
    settings: Any,
    tracking: Tracking,
    inputs: Mapping[str, str],
    made_with: Mapping[str, str] | None = None,
    *,
    name: str | None = None,
    tags: Mapping[str, str] | None = None,
    grid: str | None = None,
    stages: Mapping[str, list[str]] | None = None,
) -> Iterator[Run]:
    """Track one stage as a run: FINISHED if the body succeeds, FAILED on an exception, KILLED if it is interrupted.

    Interrupted means KeyboardInterrupt, SystemExit or SIGTERM (which becomes SystemExit(143) here if nothing else
    handles it). `emofusion.tracking.delivery` explains what happens to earlier runs of the same key.

    Args:
        kind: the kind of stage, tag `emofusion.kind`.
        key: the stage's key, the run's name and tag `emofusion.key`.
        settings: the stage's settings, an object of a dataclass or a map. Each setting becomes a parameter with a name
            such as `network.filters`. Values that are not text are written as JSON. Values are cut to 6,000 characters.
        tracking: where the run is tracked. Where tracking is off, the Run does nothing.
        inputs: name of an input → key of the stage that made it, tags `emofusion.input.<name>`.
        made_with: what the result depends on besides settings and inputs: library → version, tags
            `emofusion.version.<library>`; and `threads` and `precision`, tags `emofusion.threads`,
            `emofusion.precision`.
        name: the run's name; None for the key.
        tags: further tags.
        grid: the grid that a cell belongs to: its runs are grouped under one run.
        stages: kind → keys of stages; tags `emofusion.runs.<kind>` name their runs.

    Raises:
        EmofusionError: the journal cannot be made.
    """
    if not tracking.enabled:
        yield Run()
        return
    attempt = uuid.uuid4().hex
    all_tags = {
        "emofusion.kind": kind,
        "emofusion.key": key,
        "emofusion.attempt": attempt,
        **{f"emofusion.input.{name_of(name)}": str(source) for name, source in inputs.items()},
        **_made_with(made_with or {}),
        **revision(),
        **(tags or {}),
    }
    start: dict[str, Any] = {
        "entry": "start",
        "store": name_in_journals(tracking.store, Path(tracking.results)),
        "experiment": tracking.experiment,
        "kind": kind,
        "key": key,
        "name": name or key,
        "attempt": attempt,
        "time": now(),
        "params": dict(flat(plain(settings))),
        "tags": {name_of(tag): cut(value, TAG_LENGTH) for tag, value in all_tags.items()},
        "grid": grid,
        "stages": dict(stages or {}),
    }
    folder = tracking.journals
    file_name = re.sub(r"[^\w.=,-]", "_", f"{kind}-{key}")[:150]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        run = Run((folder / f"{file_name}.{attempt}{JOURNAL}").absolute())
    except OSError as error:
        raise cannot_be_used(tracking.store, first_line(error)) from error
    run.write(start)
    status, reason = "FINISHED", {}
    try:
        with _sigterm_raises():
            yield run
    except BaseException as error:
        status = "FAILED" if isinstance(error, Exception) else "KILLED"
        reason = {"emofusion.error": first_line(error)}
        raise
    finally:
        run.write({"entry": "end", "status": status, "time": now(), "tags": reason})
        run.close()


def now() -> int:
    """The present time in milliseconds since 1970, as MLflow counts."""
    return int(time.time() * 1000)


def name_of(text: str) -> str:
    """The text, changed to a name of a parameter or tag that MLflow accepts."""
    return re.sub(r"[^\w.\- :]", "_", text)[:NAME_LENGTH]


def cut(text: str, length: int) -> str:
    """The text, cut to at most `length` characters. A text that was cut ends in `…`."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def flat(settings: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Each setting with its full name, such as `network.filters`, and its value as text."""
    for name, value in settings.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict) and value:
            yield from flat(value, f"{path}.")
        else:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
            yield name_of(path), cut(text, PARAM_LENGTH)


def _made_with(made_with: Mapping[str, str]) -> dict[str, str]:
    """The tags of libraries, threads and precision; see `open_run`."""
    no_libraries = ("threads", "precision")
    return {
        f"emofusion.{name}" if name in no_libraries else f"emofusion.version.{name_of(name)}": str(value)
        for name, value in made_with.items()
    }


@contextmanager
def _sigterm_raises() -> Iterator[None]:
    """Let SIGTERM raise SystemExit, so that the run is closed. An existing handler is not replaced."""
    unhandled = (
        threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    )

    def leave(number: int, _: Any) -> None:
        raise SystemExit(128 + number)

    if unhandled:
        signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        if unhandled:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
