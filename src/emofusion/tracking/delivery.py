"""Deliver journals to MLflow: a journal becomes a run.

The whole store has one live run for each key. A run is live while it is RUNNING or FINISHED and not deleted:

* A job that is killed outright (SIGKILL, a lost node) leaves its run RUNNING. This is corrected when the job is
  repeated: the old run is marked KILLED before the new one is opened.
* A run that succeeds deletes every earlier run of its key, whatever its status, and then becomes FINISHED. Deleted
  runs get the tag `emofusion.superseded_by`; MLflow keeps them, and `restore_run` brings them back. A search therefore
  shows one run for each key. A kill between the two steps leaves one RUNNING run, and never two that look finished.
* A run that fails or is interrupted deletes nothing: the earlier result stays until another run succeeds.

A run counts as earlier if it was in the store when the new run was opened, whatever the clocks of the hosts say. It
also counts as earlier if its pair (start time, run id) is smaller. The second rule makes sure that exactly one run
survives when two jobs open the same key at the same time.

Everything here may be repeated: the sender may be killed after a request and before it notes that. A run is found again
by its tag `emofusion.attempt`; parameters and tags are set to the same values; MLflow keeps a point of a metric once
when its time, step and value are the same; an artifact replaces the file of the same name.
"""

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emofusion.errors import tell
from emofusion.tracking.address import absolute, is_own, shown
from emofusion.tracking.artifacts import store_artifacts
from emofusion.tracking.identity import Identity, identity_of
from emofusion.tracking.journal import JOURNAL, Journal, Sent, results_of
from emofusion.tracking.run import TAG_LENGTH, cut
from emofusion.tracking.store import every, initialise, open_client

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlflow import MlflowClient

RESULTS = "emofusion.results"  # the tag with the identity of the folder of results
PARAMS_PER_BATCH, METRICS_PER_BATCH = 100, 1000  # MLflow's limits of a request


class Delivery:
    """A connection to a store, and what is known of it.

    uri: the address of the store. results: the folder of the results.
    """

    def __init__(self, uri: str, results: Path) -> None:
        self._uri, self._results = uri, results
        self._places: dict[str, dict[str, str]] = {}  # experiment → ids, see `store.initialise`
        self._grids: dict[tuple[str, str], str] = {}  # experiment and grid → id of the grid's run
        self._run_of_key: dict[str, str] = {}  # key of a stage → id of its run
        self._opened: MlflowClient | None = None
        self._experiments: list[str] = []
        self._known: Identity | None = None

    @property
    def _client(self) -> "MlflowClient":
        if self._opened is None:
            self._opened = open_client(absolute(self._uri))
        return self._opened

    @property
    def _identity(self) -> Identity:
        if self._known is None:
            self._known, is_new = identity_of(self._results / "tracking")
            if is_new and not is_own(self._uri, self._results):
                tell(
                    f"note: {self._results} is a copy, comes from another file system, or has an identity of an "
                    f"earlier version: its runs in {shown(self._uri)} replace none that are there already"
                )
        return self._known

    def deliver(self, journal: Journal) -> None:
        """Send what a journal has beyond what is sent already, and delete it when all of it is sent.

        Raises errors of MLflow, of the network and of the file system. The journal can be delivered again after them.
        """
        _ = self._identity  # first: in a copy, what was sent is the original's
        sent, start = journal.sent(), journal.start()
        if start is not None and not sent.ended:
            self._place(start["experiment"])  # the store may have been deleted since the run was opened
        while not sent.ended:
            entries = list(journal.entries(sent.offset))
            if not entries:
                return
            for entry, end in entries:
                if entry["entry"] == "start":
                    self._open(entry, sent)
                    sent.offset = end
                    journal.write_sent(sent)
            self._send([entry for entry, _ in entries], sent, journal.path.parent)
            sent.offset = entries[-1][1]
            sent.ended = entries[-1][0]["entry"] == "end"
            journal.write_sent(sent)
        journal.delete()

    def is_deleted(self, run_id: str | None) -> bool:
        """Whether a run is in the store and deleted there."""
        return run_id is not None and self._client.get_run(run_id).info.lifecycle_stage == "deleted"

    def _open(self, start: dict[str, Any], sent: Sent) -> None:
        """Open the run of a journal, or find it again, and log its parameters."""
        from mlflow.entities import Param

        place = self._place(start["experiment"])
        tags = {name: cut(value, TAG_LENGTH) for name, value in start["tags"].items()} | self._runs_behind(start)
        tags[RESULTS] = self._identity.id
        tags["mlflow.parentRunId"] = self._grid(start) if start["grid"] else place["parent_run_id"]
        same_key = self._runs(start["key"])
        ours = [run for run in same_key if run.data.tags.get("emofusion.attempt") == start["attempt"]]
        earlier = [run for run in same_key if run not in ours]
        if ours:
            run = min(ours, key=_order)
            earlier = [other for other in earlier if _order(other) < _order(run)]
        else:
            for other in earlier:
                if other.info.status == "RUNNING":
                    self._client.set_terminated(other.info.run_id, "KILLED")
            run = self._client.create_run(
                place["experiment_id"], start_time=start["time"], tags=tags, run_name=start["name"]
            )
        sent.run_id, sent.before = run.info.run_id, [other.info.run_id for other in earlier]
        self._run_of_key[start["key"]] = sent.run_id
        for params in _batches((Param(name, value) for name, value in start["params"].items()), PARAMS_PER_BATCH):
            self._client.log_batch(sent.run_id, params=params)

    def _send(self, entries: list[dict[str, Any]], sent: Sent, journals: Path) -> None:
        """Send entries other than the start. The end comes last. journals: the folder of the journals."""
        from mlflow.entities import Metric, RunTag

        run_id = sent.run_id or ""
        points = (
            Metric(name, value, entry["time"], step)
            for entry in entries
            if entry["entry"] == "metrics"
            for name, value, step in entry["points"]
        )
        for batch in _batches(points, METRICS_PER_BATCH):
            self._client.log_batch(run_id, metrics=batch)
        tags = {
            name: value
            for entry in entries
            if entry["entry"] in ("tags", "end")
            for name, value in entry["tags"].items()
        }
        for some in _batches((RunTag(name, value) for name, value in tags.items()), PARAMS_PER_BATCH):
            self._client.log_batch(run_id, tags=some)
        # a path that is not in the results is a whole one, which stays as it is
        paths = [results_of(journals) / entry["path"] for entry in entries if entry["entry"] == "artifacts"]
        if paths:
            store_artifacts(self._client, run_id, paths)
        if entries[-1]["entry"] == "end":
            if entries[-1]["status"] == "FINISHED":
                self._supersede(run_id, sent.before, journals)
            self._client.set_terminated(run_id, entries[-1]["status"], entries[-1]["time"])

    def _supersede(self, run_id: str, before: list[str], journals: Path) -> None:
        """Delete the earlier runs of a run's key, and any run that a repeated request has opened.

        The journal of an earlier run without an end goes with it: its job was killed, or its end says nothing new.
        """
        run = self._client.get_run(run_id)
        attempt = run.data.tags["emofusion.attempt"]
        for other in self._runs(run.data.tags["emofusion.key"]):
            identity, twin = other.info.run_id, other.data.tags.get("emofusion.attempt") == attempt
            if identity != run_id and (twin or identity in before or _order(other) < _order(run)):
                self._client.set_tag(identity, "emofusion.superseded_by", run_id)
                self._client.delete_run(identity)
                if not twin:
                    for path in journals.glob(f"*.{other.data.tags.get('emofusion.attempt')}{JOURNAL}"):
                        Journal(path).delete()

    def _place(self, experiment: str) -> dict[str, str]:
        """The ids of an experiment and of its parent run; they are made where they are missing."""
        if experiment not in self._places:
            self._places[experiment] = initialise(self._uri, experiment, self._results)
            self._experiments = []
        return self._places[experiment]

    def _grid(self, start: dict[str, Any]) -> str:
        """The id of the run that groups the cells of a grid. It is FINISHED from the start, like the experiment's."""
        experiment, grid = start["experiment"], start["grid"]
        if (experiment, grid) not in self._grids:
            place = self._place(experiment)
            name = grid.replace("'", "")
            query = f"tags.`emofusion.role` = 'grid' and tags.`emofusion.grid` = '{name}'"
            found = self._client.search_runs(
                [place["experiment_id"]], query, order_by=["attributes.start_time ASC"], max_results=1
            )
            if found:
                self._grids[experiment, grid] = found[0].info.run_id
            else:
                tags = {"emofusion.role": "grid", "emofusion.grid": name, "mlflow.parentRunId": place["parent_run_id"]}
                run = self._client.create_run(place["experiment_id"], tags=tags, run_name=grid)
                self._client.set_terminated(run.info.run_id, "FINISHED")
                self._grids[experiment, grid] = run.info.run_id
        return self._grids[experiment, grid]

    def _runs_behind(self, start: dict[str, Any]) -> dict[str, str]:
        """The tags of a cell's run with the runs of its stages, as far as they are in the store."""
        tags = {}
        for kind, keys in start["stages"].items():
            for key in keys:
                if key not in self._run_of_key:
                    for run in self._runs(key):
                        if run.info.status == "FINISHED":
                            self._run_of_key[key] = run.info.run_id
            known = [self._run_of_key[key] for key in keys if key in self._run_of_key]
            if known:
                tags[f"emofusion.runs.{kind}"] = cut(" ".join(known), TAG_LENGTH)
        return tags

    def _runs(self, key: str) -> list[Any]:
        """The runs of a key that are not deleted, in all experiments, because several may share a stage.

        Runs of other folders of results are left out. In a store that folders may share, so are those of earlier
        versions, which had no tag: nobody knows whose they are.
        """
        if not self._experiments:
            ours = every(self._client.search_experiments, filter_string="tags.`emofusion.role` = 'experiment'")
            self._experiments = [experiment.experiment_id for experiment in ours]
        runs = every(
            self._client.search_runs, experiment_ids=self._experiments, filter_string=f"tags.`emofusion.key` = '{key}'"
        )
        known: list[str | None] = [self._identity.id]
        if is_own(self._uri, self._results):  # it was copied with the folder, so the original has its runs elsewhere
            known += [None, *self._identity.earlier]
        return [run for run in runs if run.data.tags.get(RESULTS) in known]


def _order(run: Any) -> tuple[int, str]:
    """The sort key of runs: the start time, then the id."""
    return run.info.start_time, run.info.run_id


def _batches(items: "Iterable[Any]", size: int) -> "Iterator[list[Any]]":
    """The items in lists of at most `size`."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
