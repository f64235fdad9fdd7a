"""The code, library versions, threads and precision that a stage would be made with now."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from emofusion.plan.fingerprint import code_fingerprint
from emofusion.plan.plan_file import PlannedStage
from emofusion.plan.records import Making
from emofusion.plan.stage import KINDS, LIBRARY
from emofusion.plan.versions import library_versions

SCRIPTS = Path("workflow") / "scripts"


def making_of(stage: PlannedStage, repository: Path) -> Making:
    """The code, library versions, threads and precision that a result of the stage would be made with now.

    repository: the folder that holds `workflow/scripts`.
    """
    script = repository / SCRIPTS / f"{KINDS[stage.kind].script}.py"
    code, named = code_of(stage.modules), [name for name in stage.modules if name.startswith(LIBRARY)]
    libraries = tuple(name.removeprefix(LIBRARY) for name in named)
    return Making(_code(code, script), _versions(code, libraries, script), stage.threads, stage.precision)


def code_of(modules: Iterable[str]) -> tuple[str, ...]:
    """The modules of a stage without the libraries that its settings name."""
    return tuple(name for name in modules if not name.startswith(LIBRARY))


@cache
def _code(modules: tuple[str, ...], script: Path) -> str:
    return code_fingerprint(*modules, scripts=(script,))


@cache
def _versions(modules: tuple[str, ...], libraries: tuple[str, ...], script: Path) -> dict[str, str]:
    return library_versions(*modules, scripts=(script,), also=libraries)
