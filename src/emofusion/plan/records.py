"""Records: a file beside each result that says what made the result.

A result is current while its record agrees with the present code, library versions, threads and precision, with the
content of its inputs, and with the result's own files. Settings need no comparison: the result's key contains them.
"""

import hashlib
import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from emofusion.plan.digests import DigestMemory, digest_of_tree, files_of
from emofusion.whole_files import write_whole

RECORD = "record.json"
# Snakemake deletes a declared output, such as the record, before it runs the job again. This copy stays, so that the
# job can see that the result is complete already.
LAST_RECORD = ".last_record.json"


@dataclass(frozen=True)
class Making:
    """What a result depends on besides its settings and inputs: code, library versions, threads and precision.

    A result is current only while these are the same.

    code: fingerprint of the modules that the stage runs. versions: library → version. threads: the number of threads
    of the computation. precision: its floating-point precision, `full` or `half`.
    """

    code: str
    versions: dict[str, str]
    threads: int
    precision: str

    def differences(self, other: "Making") -> list[str]:
        """The differences in code, threads and precision, in words.

        This object describes how a result was made; `other` describes how it would be made now.
        """
        differences = ["other code"] if self.code != other.code else []
        if self.threads != other.threads:
            differences.append(f"{self.threads} threads instead of {other.threads}")
        if self.precision != other.precision:
            differences.append(f"{self.precision} precision instead of {other.precision}")
        return differences

    def version_differences(self, other: "Making") -> list[str]:
        """The libraries whose versions differ, such as `numpy 2.1.0 instead of 2.2.0`."""
        names = sorted({*self.versions, *other.versions})
        return [
            f"{name} {self.versions.get(name, 'absent')} instead of {other.versions.get(name, 'absent')}"
            for name in names
            if self.versions.get(name) != other.versions.get(name)
        ]


@dataclass(frozen=True)
class Source:
    """A file from outside `results/`: its size in bytes, its modification time in ns, and a digest of its content."""

    size: int
    time: int
    digest: str


@dataclass(frozen=True)
class Record:
    """What made a result.

    stage: `kind/key`. settings: the settings that decide the key. making: see `Making`. inputs: role → the stages that
    were read, each as [stage, content]. sources: path → file that was read from outside `results/`. outputs: file →
    [size in bytes, digest]. content: one digest of outputs and sources; the records of later stages refer to it.
    made: the time at which the result was complete. seconds: how long the job took. accepted: sentences that a report
    shows about results of other library versions that it depends on; empty for other stages. cpu_seconds, peak_mib,
    host: see `meter.Cost`; None in records of earlier versions.
    """

    stage: str
    settings: Any
    making: Making
    inputs: dict[str, list[list[str]]]
    sources: dict[str, Source]
    outputs: dict[str, list[Any]]
    content: str
    made: str
    seconds: float
    accepted: list[str]
    cpu_seconds: float | None = None
    peak_mib: float | None = None
    host: str | None = None

    @classmethod
    def read(cls, path: Path) -> "Record | None":
        """Read a record; None where the file is missing or is not a complete record, for example a truncated copy."""
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            values["making"] = Making(**values["making"])
            values["sources"] = {name: Source(**source) for name, source in values["sources"].items()}
            return cls(**values)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, path: Path) -> None:
        """Write the record. An interruption never leaves a part of it under its name."""
        write_whole(path, json.dumps(asdict(self), indent=1, ensure_ascii=False))


def outputs_of(folder: Path, names: Iterable[str]) -> dict[str, list[Any]]:
    """Output → [size in bytes, digest]. An output is a file or a folder.

    Raises `FileNotFoundError` where an output is missing.
    """
    return {name: list(digest_of_tree(folder / name)) for name in names}


def kept_outputs_of(folder: Path, names: Iterable[str]) -> dict[str, list[Any]]:
    """Size in bytes of each folder that is there, without a digest: they are large, and made from sources alone."""
    there = [name for name in names if (folder / name).is_dir()]
    return {name: [sum(file.stat().st_size for file in files_of(folder / name)), ""] for name in there}


def outputs_are_whole(folder: Path, outputs: dict[str, list[Any]]) -> bool:
    """Whether every output exists with its recorded size. The content of the files is not read."""
    for name, (size, _) in outputs.items():
        path = folder / name
        try:
            present_size = sum(file.stat().st_size for file in (files_of(path) if path.is_dir() else [path]))
        except OSError:
            return False
        if present_size != size:
            return False
    return True


def content_of(outputs: dict[str, list[Any]], sources: dict[str, Source]) -> str:
    """One digest of a result: of its outputs, and of the files from outside `results/` that it refers to."""
    text = json.dumps([outputs, {path: source.digest for path, source in sources.items()}], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def read_sources(paths: Iterable[Path], memory: DigestMemory) -> dict[str, Source]:
    """Path → size, modification time and digest of each file. Raises `OSError` where a file cannot be read."""
    paths = list(paths)
    # taken before the files are read, so that a change during the reading is noticed later
    status = {path: path.stat() for path in paths}
    digests = memory.digests(paths)
    return {str(path): Source(status[path].st_size, status[path].st_mtime_ns, digests[path]) for path in paths}


def now() -> str:
    """The present time as text, such as `2026-03-01 12:00:00 UTC`."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
