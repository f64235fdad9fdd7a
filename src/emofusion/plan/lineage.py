"""The library versions that made a result and all results that it depends on."""

from dataclasses import dataclass
from pathlib import Path

from emofusion.plan.making import making_of
from emofusion.plan.plan_file import PlanFile
from emofusion.plan.records import RECORD, Making, Record


@dataclass(frozen=True)
class MadeWith:
    """The library versions behind a result.

    versions: library → version; several versions are joined by `and`. accepted: a sentence for each result that other
    library versions made.
    """

    versions: dict[str, str]
    accepted: list[str]


def accepted_sentence(stage: str, differences: list[str]) -> str:
    """The sentence that a report shows about a result that other library versions made."""
    return f"{stage} was made with {', '.join(differences)}; accept_other_versions=true took it."


def made_with(plan: PlanFile, name: str, present: Making, results: Path, repository: Path) -> MadeWith:
    """The library versions that made a stage and all stages that it depends on.

    Args:
        plan: the plan of the stage.
        name: the stage, `kind/key`, whose job is running.
        present: the code, versions, threads and precision of the running job.
        results: the folder of the results.
        repository: the folder that holds `workflow/scripts`.
    """
    versions: dict[str, set[str]] = {}
    accepted = []
    for stage in plan.stages_behind(name):
        record = Record.read(plan.stage(stage).folder(results) / RECORD)
        making = present if stage == name or record is None else record.making
        for library, version in making.versions.items():
            versions.setdefault(library, set()).add(version)
        differences = making.version_differences(making_of(plan.stage(stage), repository))
        if differences:
            accepted.append(accepted_sentence(stage, differences))
    return MadeWith({library: " and ".join(sorted(known)) for library, known in sorted(versions.items())}, accepted)
