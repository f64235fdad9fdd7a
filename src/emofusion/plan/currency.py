"""Which results of a plan are current, and why the others are stale."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emofusion.plan.digests import DigestMemory
from emofusion.plan.lineage import accepted_sentence
from emofusion.plan.making import making_of
from emofusion.plan.plan_file import PlanFile, PlannedStage
from emofusion.plan.records import RECORD, Record, Source, outputs_are_whole
from emofusion.plan.settings import CorpusSettings, FeaturesSettings, PosteriorsSettings
from emofusion.settings.kinds import Preparation

# The kinds of stages whose settings name files from outside `results/`.
WITH_SOURCES = ("corpus", "features", "weights", "posteriors", "download", "generated", "tables")


@dataclass
class Currency:
    """Which results of a plan are current, stale, or accepted although other library versions made them.

    content: stage → the digest of its result, for each current result. stale: stage → why its result is not current,
    for each stale result that exists. accepted: stage → the versions that made its result, for each result that is
    current only because `accept_other_versions` is true.
    """

    content: dict[str, str] = field(default_factory=dict)
    stale: dict[str, str] = field(default_factory=dict)
    accepted: dict[str, list[str]] = field(default_factory=dict)


def examine(plan: PlanFile, results: Path, repository: Path) -> Currency:
    """Compare the record of every stage of a plan with the present code, versions, inputs and files.

    results: the folder of the results. repository: the folder that holds `workflow/scripts`.
    """
    currency, memory = Currency(), DigestMemory(results / "plans" / "digests.sqlite")
    for stage in plan.stages.values():
        record = Record.read(stage.folder(results) / RECORD)
        if record is None:
            if (stage.folder(results) / RECORD).exists():
                currency.stale[stage.name] = "its record cannot be read"
            continue
        reason = _why_stale(plan, stage, record, currency, results, repository, memory)
        if reason:
            currency.stale[stage.name] = reason
        else:
            currency.content[stage.name] = record.content
    return currency


def sources_of(settings: Any) -> list[Path]:
    """The existing files from outside `results/` that a stage with these settings reads."""
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
    """How the files differ from the recorded ones, in words; the empty text where they do not.

    Paths and sizes are compared first. Where only the modification time differs, the content decides.

    Args:
        recorded: path → file, from a record.
        paths: the existing files.
        memory: remembers digests, so that an unchanged file is not read again.
    """
    present = {str(path): path for path in paths}
    if missing := sorted(set(recorded) - set(present)):
        return _files("is gone", "are gone", missing)
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
    currency: Currency,
    results: Path,
    repository: Path,
    memory: DigestMemory,
) -> str:
    """Why a result with this record is not current; the empty text where it is.

    currency: of all stages before this one. Where other library versions are accepted, they are added to it.
    """
    present = making_of(stage, repository)
    if record.stage != stage.name:
        return f"its record belongs to {record.stage}"
    if differences := record.making.differences(present):
        return ", ".join(differences)
    versions = record.making.version_differences(present)
    if versions and not plan.facts["accept_other_versions"]:
        return "made with " + ", ".join(versions)
    if not outputs_are_whole(stage.folder(results), record.outputs):
        return "some of its files are missing or have another size"
    inputs = {role: read if isinstance(read, list) else [read] for role, read in stage.inputs.items()}
    for role, names in inputs.items():
        recorded = record.inputs.get(role, [])
        if [name for name, _ in recorded] != names:
            return f"it was made from other inputs ({role})"
        for name, content in recorded:
            if name not in currency.content:
                return f"{name} has to be made again"
            if currency.content[name] != content:
                return f"{name} has other content"
    if stage.kind in WITH_SOURCES:
        settings = plan.settings(stage.name)
        if reason := same_sources(record.sources, sources_of(settings), memory):
            return reason
    if stage.kind == "report":
        accepted = [
            accepted_sentence(name, currency.accepted[name])
            for name in (plan.stages_behind(stage.name) if currency.accepted else [])
            if name in currency.accepted
        ]
        if versions or accepted != record.accepted:
            return "it does not say which results of other library versions were accepted"
    if versions:
        currency.accepted[stage.name] = versions
    return ""


def _files(singular: str, plural: str, names: list[str]) -> str:
    return f"{names[0]} {singular}" if len(names) == 1 else f"{len(names)} files {plural}, such as {names[0]}"
