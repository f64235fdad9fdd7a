"""Track one stage as one run, from opening to closing.

The whole store has one live run for each key. A run is live while it is RUNNING or FINISHED and not deleted:

* A job that is killed outright (SIGKILL, a lost node) leaves its run RUNNING. This is corrected when the job is
  repeated: the repeated job marks the old run KILLED before it opens a new one.
* A run that succeeds deletes every earlier run of its key, whatever its status, and then becomes FINISHED. Deleted
  runs get the tag `emofusion.superseded_by`; MLflow keeps them, and `restore_run` brings them back. A search therefore
  shows one run for each key. A kill between the two steps leaves one RUNNING run, and never two that look finished.
* A run that fails or is interrupted deletes nothing: the earlier result stays until another run succeeds.

A run counts as earlier if it was in the store when the new run was opened, whatever the clocks of the hosts say. It
also counts as earlier if its pair (start time, run id) is smaller. The second rule makes sure that exactly one run
survives when two jobs open the same key at the same time.
"""

import json
import signal
import subprocess
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emofusion.settings.encoding import plain
from emofusion.tracking.run import PARAM_LENGTH, PARAMS_PER_BATCH, Run, cut, name_of
from emofusion.tracking.settings import Tracking
from emofusion.tracking.store import (
    absolute,
    clear_store_errors,
    every,
    first_line,
    initialise,
    open_client,
    tracking_uri,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient


@contextmanager
def open_run(
    kind: str,
    key: str,
    settings: Any,
    tracking: Tracking,
    inputs: Mapping[str, str],
    made_with: Mapping[str, str] | None = None,
) -> Iterator[Run]:
    """Track one stage as a run: FINISHED if the body succeeds, FAILED on an exception, KILLED if it is interrupted.

    Interrupted means KeyboardInterrupt, SystemExit or SIGTERM (which becomes SystemExit(143) here if nothing else
    handles it). The module's docstring explains what happens to earlier runs of the same key.

    Args:
        kind: the kind of stage, tag `emofusion.kind`.
        key: the stage's key, the run's name and tag `emofusion.key`.
        settings: the stage's settings, an object of a dataclass or a map. Each setting becomes a parameter with a name
            such as `network.filters`. Values that are not text are written as JSON. Values are cut to 6,000 characters.
        tracking: where the run is tracked. Where tracking is off, the Run does nothing and MLflow is not imported.
        inputs: name of an input → key of the stage that made it, tags `emofusion.input.<name>`.
        made_with: what the result depends on besides settings and inputs: library → version, tags
            `emofusion.version.<library>`; and `threads` and `precision`, tags `emofusion.threads`,
            `emofusion.precision`.

    Raises:
        EmofusionError: the store cannot be used when the run is opened. Later failures only print a warning, see `Run`.
    """
    if not tracking.enabled:
        yield Run()
        return
    results = Path(tracking.results)
    uri = tracking_uri(tracking.uri, results)
    parent = initialise(uri, tracking.experiment, results)
    attempt = uuid.uuid4().hex
    tags = {
        "emofusion.kind": kind,
        "emofusion.key": key,
        # MLflow repeats a request after a timeout, which may open a second run; both runs then have this tag
        "emofusion.attempt": attempt,
        "mlflow.parentRunId": parent["parent_run_id"],
        **{f"emofusion.input.{name_of(name)}": str(source) for name, source in inputs.items()},
        **_made_with(made_with or {}),
        **_revision(),
    }
    with clear_store_errors(uri):
        client = open_client(absolute(uri))
        earlier = _runs(client, key)
        for other in earlier:
            if other.info.status == "RUNNING":
                client.set_terminated(other.info.run_id, "KILLED")
        run = client.create_run(parent["experiment_id"], tags=tags, run_name=key)
        run_id = run.info.run_id
        _log_params(client, run_id, plain(settings))
    before = {other.info.run_id for other in earlier}

    def supersede(client: "MlflowClient") -> None:
        """Delete the earlier runs of the key, and any run that a repeated request has opened."""
        for other in _runs(client, key):
            identity, twin = other.info.run_id, other.data.tags.get("emofusion.attempt") == attempt
            if identity != run_id and (twin or identity in before or _order(other) < _order(run)):
                client.set_tag(identity, "emofusion.superseded_by", run_id)
                client.delete_run(identity)

    tracked = Run(client, run_id, uri)
    with _sigterm_raises():
        try:
            yield tracked
        except BaseException as error:
            reason = first_line(error)
            status = "FAILED" if isinstance(error, Exception) else "KILLED"
            tracked.end(status, lambda client: client.set_tag(run_id, "emofusion.error", reason))
            raise
        tracked.end("FINISHED", supersede)


def _runs(client: "MlflowClient", key: str) -> list[Any]:
    """The runs of a key that are not deleted. All experiments are searched, because several may share a stage."""
    ours = every(client.search_experiments, filter_string="tags.`emofusion.role` = 'experiment'")
    identities = [experiment.experiment_id for experiment in ours]
    return every(client.search_runs, experiment_ids=identities, filter_string=f"tags.`emofusion.key` = '{key}'")


def _order(run: Any) -> tuple[int, str]:
    """The sort key of runs: the start time, then the id."""
    return run.info.start_time, run.info.run_id


def _made_with(made_with: Mapping[str, str]) -> dict[str, str]:
    """The tags of libraries, threads and precision; see `open_run`."""
    no_libraries = ("threads", "precision")
    return {
        f"emofusion.{name}" if name in no_libraries else f"emofusion.version.{name_of(name)}": str(value)
        for name, value in made_with.items()
    }


def _log_params(client: "MlflowClient", run_id: str, settings: dict[str, Any]) -> None:
    """Log settings as parameters, in as few requests as MLflow allows."""
    from mlflow.entities import Param

    params = [Param(name, value) for name, value in dict(_flatten(settings)).items()]
    for start in range(0, len(params), PARAMS_PER_BATCH):
        client.log_batch(run_id, params=params[start : start + PARAMS_PER_BATCH])


def _flatten(settings: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Each setting with its full name, such as `network.filters`, and its value as text."""
    for name, value in settings.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict) and value:
            yield from _flatten(value, f"{path}.")
        else:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
            yield name_of(path), cut(text, PARAM_LENGTH)


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


def _revision() -> dict[str, str]:
    """Tags with the code's commit, and with whether tracked files differ from it; none where Git does not answer."""
    command = ["git", "status", "--porcelain=v2", "--branch", "--untracked-files=no"]
    try:
        lines = subprocess.run(
            command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True, timeout=30
        ).stdout.splitlines()
    except (OSError, subprocess.SubprocessError):
        return {}
    heads = [line.split()[-1] for line in lines if line.startswith("# branch.oid ")]
    dirty = any(not line.startswith("#") for line in lines)
    return {"mlflow.source.git.commit": heads[0], "emofusion.git.dirty": str(dirty).lower()}
