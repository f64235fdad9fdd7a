"""One job: a stage of the plan that is carried out, and the record that is left of it."""

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from emofusion.errors import EmofusionError
from emofusion.plan.currency import WITH_SOURCES, same_sources, sources_of
from emofusion.plan.digests import DigestMemory
from emofusion.plan.lineage import MadeWith, made_with
from emofusion.plan.making import making_of
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
from emofusion.plan.stage import KINDS, short_hash
from emofusion.settings.encoding import plain


@dataclass(frozen=True)
class Job:
    """A stage to be carried out.

    plan: the plan that it belongs to. name: the stage's, `kind/key`. results: the folder of all results. repository:
    the folder that holds `workflow/scripts`. workers: processes that it may start, where results do not depend on them.
    """

    plan: PlanFile
    name: str
    results: Path
    repository: Path
    workers: int = 1

    @classmethod
    def of(cls, where: dict[str, str], kind: str, key: str, workers: int = 1) -> "Job":
        """The job of a stage. `where`: the plan's file, the folder of the results, and the repository."""
        plan = PlanFile(Path(where["plan"]))
        return cls(plan, f"{kind}/{key}", Path(where["results"]), Path(where["repository"]), workers)

    @cached_property
    def stage(self) -> PlannedStage:
        """The stage as the plan has it."""
        return self.plan.stage(self.name)

    @cached_property
    def settings(self) -> Any:
        """Its typed settings."""
        return self.plan.settings(self.name)

    @property
    def folder(self) -> Path:
        """Where its files go."""
        return self.stage.folder(self.results)

    def input(self, role: str) -> Path:
        """The folder of the one stage that it reads in a role."""
        return self.results / str(self.stage.inputs[role])

    def inputs(self, role: str) -> list[Path]:
        """The folders of the stages that it reads in a role; none where it reads none."""
        read = self.stage.inputs.get(role, [])
        return [self.results / name for name in (read if isinstance(read, list) else [read])]

    @cached_property
    def making(self) -> Making:
        """What the result is made with."""
        return making_of(self.stage, self.repository)

    def run(self, work: "Callable[[Job], None]") -> None:
        """Do the work and write the record; only the record where a result with the same content of inputs is there.

        Raises `EmofusionError` where an input has no record, and what the work raises.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        making = self.making  # of the code as it is now, whatever is edited meanwhile
        begun, memory = time.perf_counter(), DigestMemory(self.results / "plans" / "digests.sqlite")
        read = self._contents()
        last = Record.read(self.folder / LAST_RECORD)
        if last is not None and self._still_holds(last, read, memory):
            self._leave(last)
            return
        for name in (RECORD, LAST_RECORD):  # what is half overwritten must not pass for whole
            (self.folder / name).unlink(missing_ok=True)
        for output in KINDS[self.stage.kind].outputs:  # no file of an earlier result may lie among those of the new one
            _delete(self.folder / output)
        sources = self._sources(memory)
        work(self)
        if self.stage.kind in ("download", "generated"):
            sources = self._sources(memory)  # which it has just fetched
        kind = KINDS[self.stage.kind]
        outputs = outputs_of(self.folder, kind.outputs) | kept_outputs_of(self.folder, kind.kept)
        seconds = round(time.perf_counter() - begun, 3)
        content = content_of(outputs, sources)
        accepted = self.made_with().accepted if self.stage.kind == "report" else []
        settings = plain(self.settings)
        self._leave(Record(self.name, settings, making, read, sources, outputs, content, now(), seconds, accepted))

    @property
    def token(self) -> str:
        """A hash of what the result is made with and from: an interrupted job goes on only where it is the same."""
        return short_hash(json.dumps([asdict(self.making), self._contents()], sort_keys=True))

    def made_with(self) -> MadeWith:
        """The versions of libraries that have made this stage and all that it rests on."""
        return made_with(self.plan, self.name, self.making, self.results, self.repository)

    def _contents(self) -> dict[str, list[list[str]]]:
        """The content of all stages that are read, by role."""
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
        # a report names the versions that it was made with, so it is made again with the present ones
        accepts = self.plan.facts["accept_other_versions"] and self.stage.kind != "report"
        return (
            last.stage == self.name
            and (accepts or not last.making.version_differences(self.making))
            and not last.making.differences(self.making)
            and last.inputs == read
            and (self.stage.kind != "report" or last.accepted == self.made_with().accepted)
            and outputs_are_whole(self.folder, last.outputs)
            and (
                self.stage.kind not in WITH_SOURCES or not same_sources(last.sources, sources_of(self.settings), memory)
            )
        )

    def _leave(self, record: Record) -> None:
        record.write(self.folder / LAST_RECORD)
        record.write(self.folder / RECORD)


def _delete(output: Path) -> None:
    """Delete a file or a folder, whether it is there or not."""
    if output.is_dir() and not output.is_symlink():
        shutil.rmtree(output)
    else:
        output.unlink(missing_ok=True)
