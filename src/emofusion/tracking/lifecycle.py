"""One stage as one run.

One live run per key. A run is live while it is RUNNING or FINISHED and not deleted. In the whole store:

* A job that is killed outright (SIGKILL, a lost node) leaves its run RUNNING. Nobody can put that right until the job
  is repeated; the repeat marks it KILLED before it opens its own run.
* A run that ends well deletes (MLflow's soft delete, so `restore_run` brings it back) every earlier run of its key,
  whatever became of it, with the tag `emofusion.superseded_by`, and only then becomes FINISHED. A search therefore
  shows one run per key, and a kill between the two steps leaves one RUNNING run, never two that look finished.
* A run that fails or is interrupted deletes nothing: the earlier result stays until a better one is there.

"Earlier" are the runs that were in the store at opening, whatever their host's clock said, and those that started
before this one by (start time, run id), so that of two jobs that open the same key at once one run survives.
"""

import json
import signal
import subprocess
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emofusion.tracking.run import PARAM_LENGTH, PARAMS_PER_BATCH, Run, cut, name_of
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
    kind: str, key: str, settings: dict[str, Any], tracking: dict[str, Any], inputs: dict[str, str]
) -> Iterator[Run]:
    """Track one stage as a run, FINISHED if the body ends well, FAILED on an exception, KILLED if it is interrupted.

    Interrupted means KeyboardInterrupt, SystemExit or SIGTERM (which becomes SystemExit(143) here if nothing else
    handles it). What becomes of earlier runs of the same key is said at the top of this module.

    Args:
        kind: the kind of stage, tag `emofusion.kind`.
        key: the stage's key, the run's name and tag `emofusion.key`.
        settings: the stage's settings; flattened to parameters (`network.filters`), JSON where not text, cut at
            6,000 characters.
        tracking: uri (None: the default), experiment, results; or enabled=False for a Run that does nothing and
            never imports MLflow.
        inputs: name of an input → key of the stage that made it, tags `emofusion.input.<name>`.

    Raises:
        EmofusionError: the store cannot be used at opening. Later failures warn once, see `Run`.
    """
    if not tracking.get("enabled", True):
        yield Run()
        return
    results = Path(tracking["results"])
    uri = tracking_uri(tracking.get("uri"), results)
    place = initialise(uri, tracking["experiment"], results)
    attempt = uuid.uuid4().hex
    tags = {
        "emofusion.kind": kind,
        "emofusion.key": key,
        # a request that MLflow repeated after a timeout may have opened a second run: they share this
        "emofusion.attempt": attempt,
        "mlflow.parentRunId": place["parent_run_id"],
        **{f"emofusion.input.{name_of(name)}": str(source) for name, source in inputs.items()},
        **_revision(),
    }
    with clear_store_errors(uri):
        client = open_client(absolute(uri))
        earlier = _runs(client, key)
        for other in earlier:
            if other.info.status == "RUNNING":
                client.set_terminated(other.info.run_id, "KILLED")
        run = client.create_run(place["experiment_id"], tags=tags, run_name=key)
        run_id = run.info.run_id
        _log_params(client, run_id, settings)
    before = {other.info.run_id for other in earlier}

    def supersede(client: "MlflowClient") -> None:
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


def _runs(client: "MlflowClient", key: str) -> list:
    """The runs of a key that are not deleted, in every experiment of emofusion: a stage may serve several of them."""
    ours = every(client.search_experiments, filter_string="tags.`emofusion.role` = 'experiment'")
    identities = [experiment.experiment_id for experiment in ours]
    return every(client.search_runs, experiment_ids=identities, filter_string=f"tags.`emofusion.key` = '{key}'")


def _order(run: Any) -> tuple[int, str]:
    return run.info.start_time, run.info.run_id


def _log_params(client: "MlflowClient", run_id: str, settings: dict[str, Any]) -> None:
    from mlflow.entities import Param

    params = [Param(name, value) for name, value in dict(_flatten(settings)).items()]
    for start in range(0, len(params), PARAMS_PER_BATCH):
        client.log_batch(run_id, params=params[start : start + PARAMS_PER_BATCH])


def _flatten(settings: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in settings.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict) and value:
            yield from _flatten(value, f"{path}.")
        else:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
            yield name_of(path), cut(text, PARAM_LENGTH)


@contextmanager
def _sigterm_raises() -> Iterator[None]:
    """Let SIGTERM unwind the stack, as SIGINT does, so that the run is closed; a handler of someone else is left."""
    mine = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL

    def leave(number: int, _: Any) -> None:
        raise SystemExit(128 + number)

    if mine:
        signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        if mine:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _revision() -> dict[str, str]:
    """Tags of the code's commit and whether tracked files differ from it; none where there is no Git."""
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
