"""What a result rests on: the library versions that have made it and all results behind it."""

from dataclasses import dataclass
from pathlib import Path

from emofusion.plan.making import making_of
from emofusion.plan.plan_file import PlanFile
from emofusion.plan.records import RECORD, Making, Record


@dataclass(frozen=True)
class MadeWith:
    """versions: library → version, several joined by `and`. accepted: in words, results of other versions."""

    versions: dict[str, str]
    accepted: list[str]


def accepted_sentence(stage: str, differences: list[str]) -> str:
    """What a report says of a result of other library versions."""
    return f"{stage} was made with {', '.join(differences)}; accept_other_versions=true took it."


def stages_behind(plan: PlanFile, name: str) -> list[str]:
    """The names of a stage and of all stages that it rests on, sorted."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        stage = waiting.pop()
        if stage not in found:
            found.add(stage)
            waiting += plan.stage(stage).reads
    return sorted(found)


def made_with(plan: PlanFile, name: str, own: Making, results: Path, repository: Path) -> MadeWith:
    """The versions that have made a stage, which is being made with `own`, and those behind it."""
    versions: dict[str, set[str]] = {}
    accepted = []
    for stage in stages_behind(plan, name):
        record = Record.read(plan.stage(stage).folder(results) / RECORD)
        making = own if stage == name or record is None else record.making
        for library, version in making.versions.items():
            versions.setdefault(library, set()).add(version)
        differences = making.version_differences(making_of(plan.stage(stage), repository))
        if differences:
            accepted.append(accepted_sentence(stage, differences))
    return MadeWith({library: " and ".join(sorted(known)) for library, known in sorted(versions.items())}, accepted)
