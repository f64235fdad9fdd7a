"""A job: it runs one stage of the plan, and writes the record of what made the result."""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from emofusion.disk import at_limit, has_no_room, no_room, path_of, too_large, unwritable
from emofusion.errors import EmofusionError
from emofusion.plan.at_work import alone
from emofusion.plan.currency import WITH_SOURCES, same_sources, sources_of
from emofusion.plan.digests import DigestMemory
from emofusion.plan.lineage import MadeWith, made_with
from emofusion.plan.making import making_of
from emofusion.plan.meter import meter
from emofusion.plan.plan_file import PlanFile, PlannedStage
from emofusion.plan.records import (
    LAST_RECORD,
    RECORD,
    Making,
    Record,
    Source,
    content_of,
    kept_outputs_of,
    now,
    outputs_are_whole,
    outputs_of,
    read_sources,
)
from emofusion.plan.shared_files import link
from emofusion.plan.stage import KINDS, short_hash
from emofusion.settings.encoding import plain


@dataclass(frozen=True)
class Job:
    """A job that runs one stage.

    plan: the plan that contains the stage. name: the stage's name, `kind/key`. results: the folder of all results.
    repository: the folder that holds `workflow/scripts`. workers: how many processes the job may start; this number
    never changes a result.
    """

    plan: PlanFile
    name: str
    results: Path
    repository: Path
    workers: int = 1

    @classmethod
    def of(cls, where: dict[str, str], kind: str, key: str, workers: int = 1) -> "Job":
        """The job of a stage.

        Args:
            where: the paths of the plan's file (`plan`), of the folder of results (`results`), and of the repository
                (`repository`).
            kind: the kind of stage, such as `features`.
            key: the stage's key.
            workers: how many processes the job may start.
        """
        plan = PlanFile(Path(where["plan"]))
        return cls(plan, f"{kind}/{key}", Path(where["results"]), Path(where["repository"]), workers)

    @classmethod
    def of_cell(cls, where: dict[str, str], place: str) -> "Job":
        """The job that writes the report of a cell. where: see `of`. place: the cell's folder in `results/reports/`."""
        plan = PlanFile(Path(where["plan"]))
        return cls(plan, plan.cells[place].report, Path(where["results"]), Path(where["repository"]))

    @cached_property
    def stage(self) -> PlannedStage:
        """The stage as the plan describes it."""
        return self.plan.stage(self.name)

    @cached_property
    def settings(self) -> Any:
        """The stage's typed settings, an object of a class in `plan.settings` or of a kind."""
        return self.plan.settings(self.name)

    @property
    def folder(self) -> Path:
        """The folder that the stage's files are written into."""
        return self.stage.folder(self.results)

    def input(self, role: str) -> Path:
        """The folder of the stage that is read in this role. Raises `KeyError` where there is none."""
        return self.results / str(self.stage.inputs[role])

    def inputs(self, role: str) -> list[Path]:
        """The folders of the stages that are read in this role; an empty list where there are none."""
        read = self.stage.inputs.get(role, [])
        return [self.results / name for name in (read if isinstance(read, list) else [read])]

    @cached_property
    def making(self) -> Making:
        """The code, library versions, threads and precision that this job makes the result with."""
        return making_of(self.stage, self.repository)

    def run(self, work: "Callable[[Job], None]") -> None:
        """Do the work, then write the record.

        Where an earlier result is still right, because its inputs have the same content, only the record is written.
        Of several processes that have the same job, one works, and the others wait.

        Args:
            work: computes the stage's outputs and writes them into `folder`.

        Raises:
            EmofusionError: an input has no record, the disk is full, or a file is too large. Errors of `work`
                are passed on.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with alone(self.folder, self.name):
                self._run(work)
        except EmofusionError:
            raise
        except Exception as error:
            if told := unwritable(error, path_of(error) or self.folder):
                raise told from error
            # libsndfile, for one, says no more than "System error"
            if has_no_room(self.folder):
                raise no_room(path_of(error) or self.folder) from error
            if large := at_limit(self.folder):
                raise too_large(large) from error
            raise

    def _run(self, work: "Callable[[Job], None]") -> None:
        making = self.making  # read before the work, so that an edit during the work is noticed later
        memory = DigestMemory(self.results / "plans" / "digests.sqlite")
        read = self._contents()
        last = Record.read(self.folder / LAST_RECORD)
        if last is not None and self._still_holds(last, read, memory):
            self._write(last)
            return
        # without its records, a result that is only half overwritten cannot look complete
        for name in (RECORD, LAST_RECORD):
            (self.folder / name).unlink(missing_ok=True)
        # no file of an earlier result may stay among the new ones
        for output in KINDS[self.stage.kind].outputs:
            _delete(self.folder / output)
        sources = self._sources(memory)
        with meter() as measured:
            work(self)
        if self.stage.kind in ("download", "generated"):
            sources = self._sources(memory)  # the work has just made them
        kind = KINDS[self.stage.kind]
        outputs = outputs_of(self.folder, kind.outputs) | kept_outputs_of(self.folder, kind.kept)
        content = content_of(outputs, sources)
        accepted = self.made_with().accepted if self.stage.kind == "report" else []
        settings, cost = plain(self.settings), measured.read()
        self._write(
            Record(
                *(self.name, settings, making, read, sources, outputs, content, now(), cost.seconds, accepted),
                *(cost.cpu_seconds, cost.peak_mib, cost.host),
            )
        )

    @property
    def token(self) -> str:
        """A hash of the stage's code, versions, threads, precision, inputs, and of the files from elsewhere.

        An interrupted job continues from its partial results only where this hash is the same as before.
        """
        sources = self._sources(DigestMemory(self.results / "plans" / "digests.sqlite"))
        digests = {path: source.digest for path, source in sources.items()}
        return short_hash(json.dumps([asdict(self.making), self._contents(), digests], sort_keys=True))

    def made_with(self) -> MadeWith:
        """The library versions that made this stage and all stages that it depends on."""
        return made_with(self.plan, self.name, self.making, self.results, self.repository)

    def _contents(self) -> dict[str, list[list[str]]]:
        """Role → [stage, digest of its result] for each stage that is read."""
        contents: dict[str, list[list[str]]] = {}
        for role, read in self.stage.inputs.items():
            contents[role] = []
            for name in read if isinstance(read, list) else [read]:
                record = Record.read(self.results / name / RECORD)
                if record is None:
                    raise EmofusionError(f"{self.results / name} has no record of what made it; delete the folder")
                contents[role].append([name, record.content])
        return contents

    def _sources(self, memory: DigestMemory) -> dict[str, Source]:
        if self.stage.kind not in WITH_SOURCES:
            return {}
        return read_sources(sources_of(self.settings), memory)

    def _still_holds(self, last: Record, read: dict[str, list[list[str]]], memory: DigestMemory) -> bool:
        # a report shows the versions that made it, so it has to be made again with the present ones
        accepts = self.plan.facts["accept_other_versions"] and self.stage.kind != "report"
        return (
            last.stage == self.name
            and (accepts or not last.making.version_differences(self.making))
            and not last.making.differences(self.making)
            and last.inputs == read
            and (self.stage.kind != "report" or last.accepted == self.made_with().accepted)
            and self._is_whole(last)
            and (
                self.stage.kind not in WITH_SOURCES or not same_sources(last.sources, sources_of(self.settings), memory)
            )
        )

    def _is_whole(self, last: Record) -> bool:
        if self.stage.kind != "report":
            return outputs_are_whole(self.folder, last.outputs)
        try:  # its files are links: an edit of a published file has changed the report too, perhaps not its size
            return outputs_of(self.folder, KINDS["report"].outputs) == last.outputs
        except FileNotFoundError:
            return False

    def _write(self, record: Record) -> None:
        """Write the record, after which nothing is left to do: half-written files of killed processes are deleted."""
        for partial in self.folder.glob("*.partial*"):
            _delete(partial)
        record.write(self.folder / LAST_RECORD)
        link(self.folder / LAST_RECORD, self.folder / RECORD)


def excluded_of(job: Job, role: str) -> dict[str, list[str]]:
    """Name → patterns of `exclude` of each corpus that a job reads in a role, for messages that add to them."""
    read = job.stage.inputs[role]
    settings = [job.plan.settings(name) for name in (read if isinstance(read, list) else [read])]
    return {one.name: one.corpus.exclude for one in settings}


def _delete(output: Path) -> None:
    """Delete a file or a folder; do nothing where it does not exist."""
    if output.is_dir() and not output.is_symlink():
        shutil.rmtree(output)
    else:
        output.unlink(missing_ok=True)
