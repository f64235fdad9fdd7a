"""What made a report: its key, the state of the code, the run in MLflow, and the versions of the libraries."""

import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True)
class Provenance:
    """What made a report.

    key: the key of the report's stage. commit: see `commit`. mlflow_run: id of the run, None where runs are not
    tracked. versions: library → version, of all stages that the report rests on; see `all_versions`. accepted: a
    sentence for each result that other versions of libraries have made than those that are installed, and that was
    taken because `accept_other_versions` is true.
    """

    key: str
    commit: str
    mlflow_run: str | None = None
    versions: dict[str, str] = field(default_factory=dict)
    accepted: list[str] = field(default_factory=list)

    def facts(self) -> dict[str, str]:
        """Heading → text, for the page."""
        return {"Key": self.key, "Commit": self.commit, "MLflow run": self.mlflow_run or "not tracked"}

    def versions_in_words(self) -> str:
        """Such as `numpy 2.3.4, torch 2.9.0`; empty where no version is known."""
        return ", ".join(f"{library} {version}" for library, version in sorted(self.versions.items()))


def all_versions(stages: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The versions of all stages in one map, library → version; several versions of one are joined by `and`."""
    versions: dict[str, list[str]] = {}
    for stage in stages:
        for library, version in stage.items():
            if version not in versions.setdefault(library, []):
                versions[library].append(version)
    return {library: " and ".join(sorted(versions[library])) for library in sorted(versions)}


def commit() -> str:
    """The commit of the checkout that holds the package, with a remark where tracked files differ from it.

    Outside a checkout, or without Git, it says so.
    """
    try:
        return _git("rev-parse", "HEAD") + (" with changes" if _git("status", "--porcelain", "-uno") else "")
    except (OSError, subprocess.CalledProcessError):
        return "not in a git checkout"


def _git(*words: str) -> str:
    command = ["git", "-C", str(PACKAGE), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
