"""The provenance of a report: its key, the commit of the code, its runs in MLflow, and the library versions."""

import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True)
class Provenance:
    """The provenance of a report.

    key: the key of the report's stage. commit: see the function `commit`. tracked: whether runs are
    tracked. versions: library → version, of all stages that the report depends on; see `all_versions`.
    accepted: a sentence for each result that other library versions than the installed ones made, and that is used
    because `accept_other_versions` is true.
    """

    key: str
    commit: str
    tracked: bool = False
    versions: dict[str, str] = field(default_factory=dict)
    accepted: list[str] = field(default_factory=list)

    def facts(self) -> dict[str, str]:
        """Heading → text, for the page."""
        run = f"tags.`emofusion.report` = '{self.key}'" if self.tracked else "not tracked"
        return {"Key": self.key, "Commit": self.commit, "MLflow": run}

    def versions_in_words(self) -> str:
        """The library versions as text, such as `numpy 2.3.4, torch 2.9.0`; empty where no version is known."""
        return ", ".join(f"{library} {version}" for library, version in sorted(self.versions.items()))


def all_versions(stages: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Library → version, over all stages. Several versions of a library are joined by `and`.

    stages: library → version, for each stage.
    """
    versions: dict[str, list[str]] = {}
    for stage in stages:
        for library, version in stage.items():
            if version not in versions.setdefault(library, []):
                versions[library].append(version)
    return {library: " and ".join(sorted(versions[library])) for library in sorted(versions)}


def commit() -> str:
    """The commit of the checkout that contains the package, with a remark where tracked files differ from it.

    Outside a checkout, or without Git, it is the text `not in a git checkout`.
    """
    try:
        return _git("rev-parse", "HEAD") + (" with changes" if _git("status", "--porcelain", "-uno") else "")
    except (OSError, subprocess.CalledProcessError):
        return "not in a git checkout"


def _git(*words: str) -> str:
    command = ["git", "-C", str(PACKAGE), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
