"""Which results are current, and why others are not."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emofusion.plan.digests import DigestMemory
from emofusion.plan.lineage import accepted_sentence, stages_behind
from emofusion.plan.making import making_of
from emofusion.plan.plan_file import PlanFile, PlannedStage
from emofusion.plan.records import RECORD, Record, Source, outputs_are_whole
from emofusion.plan.settings import CorpusSettings, FeaturesSettings, PosteriorsSettings
from emofusion.settings.kinds import Preparation

# The stages whose settings name files from outside of `results/`.
WITH_SOURCES = ("corpus", "features", "weights", "posteriors", "download", "generated")


@dataclass
class Currency:
    """What is known of the results of a plan.

    content: stage → its content, for each current result. stale: stage → why its result is not current, for results
    that are there. accepted: stage → the versions that made it, where they differ from the present ones and the
    settings accept that.
    """

    content: dict[str, str] = field(default_factory=dict)
    stale: dict[str, str] = field(default_factory=dict)
    accepted: dict[str, list[str]] = field(default_factory=dict)


def examine(plan: PlanFile, results: Path, repository: Path) -> Currency:
    """Look at the record of every stage of a plan.

    results: the folder of the results. repository: the folder that holds `workflow/scripts`.
    """
    found, memory = Currency(), DigestMemory(results / "plans" / "digests.sqlite")
    for stage in plan.stages.values():
        record = Record.read(stage.folder(results) / RECORD)
        if record is None:
            if (stage.folder(results) / RECORD).exists():
                found.stale[stage.name] = "its record cannot be read"
            continue
        reason = _why_stale(plan, stage, record, found, results, repository, memory)
        if reason:
            found.stale[stage.name] = reason
        else:
            found.content[stage.name] = record.content
    return found


def sources_of(settings: Any) -> list[Path]:
    """The files from outside of `results/` that a stage of these settings reads; only existing ones."""
    match settings:
        case CorpusSettings():
            files = settings.corpus.sources()
        case FeaturesSettings():
            files = settings.features.sources()
        case PosteriorsSettings():
            files = [Path(settings.posteriors.table)]
        case Preparation():
            files = settings.sources()
        case _:
            files = []
    return [file for file in files if file.is_file()]


def same_sources(recorded: dict[str, Source], paths: Iterable[Path], memory: DigestMemory) -> str:
    """Why the files are not those of the record: the empty text where they are.

    Path, size and time first; where only the time differs, the content.
    """
    present = {str(path): path for path in paths}
    if gone := sorted(set(recorded) - set(present)):
        return _files("is gone", "are gone", gone)
    if new := sorted(set(present) - set(recorded)):
        return _files("is new", "are new", new)
    status = {name: path.stat() for name, path in present.items()}
    changed = [name for name in present if status[name].st_size != recorded[name].size]
    if not changed:
        touched = [present[name] for name in present if status[name].st_mtime_ns != recorded[name].time]
        digests = memory.digests(touched)
        changed = [str(path) for path in touched if digests[path] != recorded[str(path)].digest]
    return _files("has changed", "have changed", changed) if changed else ""


def _why_stale(
    plan: PlanFile,
    stage: PlannedStage,
    record: Record,
    found: Currency,
    results: Path,
    repository: Path,
    memory: DigestMemory,
) -> str:
    now = making_of(stage, repository)
    if record.stage != stage.name:
        return f"its record is of {record.stage}"
    if differences := record.making.differences(now):
        return ", ".join(differences)
    versions = record.making.version_differences(now)
    if versions and not plan.facts["accept_other_versions"]:
        return "made with " + ", ".join(versions)
    if not outputs_are_whole(stage.folder(results), record.outputs):
        return "its files are not whole"
    inputs = {role: read if isinstance(read, list) else [read] for role, read in stage.inputs.items()}
    for role, names in inputs.items():
        recorded = record.inputs.get(role, [])
        if [name for name, _ in recorded] != names:
            return f"its {role} are others"
        for name, content in recorded:
            if name not in found.content:
                return f"{name} is made again"
            if found.content[name] != content:
                return f"{name} has another content"
    if stage.kind in WITH_SOURCES:
        settings = plan.settings(stage.name)
        if reason := same_sources(record.sources, sources_of(settings), memory):
            return reason
    if stage.kind == "report":
        accepted = [
            accepted_sentence(name, found.accepted[name])
            for name in (stages_behind(plan, stage.name) if found.accepted else [])
            if name in found.accepted
        ]
        if versions or accepted != record.accepted:
            return "it does not say which results of other versions were accepted"
    if versions:
        found.accepted[stage.name] = versions
    return ""


def _files(one: str, several: str, names: list[str]) -> str:
    return f"{names[0]} {one}" if len(names) == 1 else f"{len(names)} files {several}, such as {names[0]}"
