"""The code, library versions, threads and precision that a stage would be made with now."""

from functools import cache
from pathlib import Path

from emofusion.plan.fingerprint import code_fingerprint
from emofusion.plan.plan_file import PlannedStage
from emofusion.plan.records import Making
from emofusion.plan.stage import KINDS
from emofusion.plan.versions import library_versions

SCRIPTS = Path("workflow") / "scripts"


def making_of(stage: PlannedStage, repository: Path) -> Making:
    """The code, library versions, threads and precision that a result of the stage would be made with now.

    repository: the folder that holds `workflow/scripts`.
    """
    script = repository / SCRIPTS / f"{KINDS[stage.kind].script}.py"
    return Making(_code(stage.modules, script), _versions(stage.modules, script), stage.threads, stage.precision)


@cache
def _code(modules: tuple[str, ...], script: Path) -> str:
    return code_fingerprint(*modules, scripts=(script,))


@cache
def _versions(modules: tuple[str, ...], script: Path) -> dict[str, str]:
    return library_versions(*modules, scripts=(script,))
