"""Records: what made a result, written beside it, and whether that still holds.

A result is current while its record agrees with the present code, library versions, threads and precision, with the
content of what it was made from, and with its own files. Settings need no comparison: they are in the result's key.
"""

import hashlib
import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from emofusion.plan.digests import DigestMemory, digest_of_tree, files_of

RECORD = "record.json"
# Snakemake deletes a declared output before it runs its job again; this copy tells the job what is there already.
LAST_RECORD = ".last_record.json"


@dataclass(frozen=True)
class Making:
    """What a result is made with, besides settings and inputs: it has to be the same for a result to be current.

    code: fingerprint of the modules that the stage runs. versions: library → version. threads, precision: of the
    arithmetic.
    """

    code: str
    versions: dict[str, str]
    threads: int
    precision: str

    def differences(self, other: "Making") -> list[str]:
        """In words, what differs between this, which made a result, and `other`, which would make it now."""
        said = ["other code"] if self.code != other.code else []
        if self.threads != other.threads:
            said.append(f"{self.threads} threads instead of {other.threads}")
        if self.precision != other.precision:
            said.append(f"{self.precision} precision instead of {other.precision}")
        return said

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
    """A file from outside of `results/`: its size in bytes, its time in ns, and a digest of its content."""

    size: int
    time: int
    digest: str


@dataclass(frozen=True)
class Record:
    """What made a result.

    stage: `kind/key`. settings: as they decide the key. making: see `Making`. inputs: role → the stages that were read,
    each with its content. sources: path → file read from elsewhere. outputs: file → [size, digest]. content: one
    digest of outputs and sources, by which later stages know the result. made, seconds: when, and how long it took.
    accepted: of a report alone, the results of other library versions that it rests on, which it tells its readers.
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

    @classmethod
    def read(cls, path: Path) -> "Record | None":
        """The record in a file; None where it is not one, as when a copy was cut off."""
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
            held["making"] = Making(**held["making"])
            held["sources"] = {name: Source(**source) for name, source in held["sources"].items()}
            return cls(**held)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, path: Path) -> None:
        """Write the record, whole or not at all."""
        partial = path.with_name(path.name + ".partial")
        partial.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False), encoding="utf-8")
        partial.replace(path)


def outputs_of(folder: Path, names: Iterable[str]) -> dict[str, list[Any]]:
    """Size in bytes and digest of each output, a file or a folder; raises `FileNotFoundError` where one is missing."""
    return {name: list(digest_of_tree(folder / name)) for name in names}


def kept_outputs_of(folder: Path, names: Iterable[str]) -> dict[str, list[Any]]:
    """Size in bytes of each folder that is there, without a digest: they are large, and made from sources alone."""
    there = [name for name in names if (folder / name).is_dir()]
    return {name: [sum(file.stat().st_size for file in files_of(folder / name)), ""] for name in there}


def outputs_are_whole(folder: Path, outputs: dict[str, list[Any]]) -> bool:
    """Whether the files are there with their sizes; their content is not read."""
    for name, (size, _) in outputs.items():
        path = folder / name
        try:
            present = sum(file.stat().st_size for file in (files_of(path) if path.is_dir() else [path]))
        except OSError:
            return False
        if present != size:
            return False
    return True


def content_of(outputs: dict[str, list[Any]], sources: dict[str, Source]) -> str:
    """One digest of a result: of its outputs, and of the files from elsewhere that it points to."""
    text = json.dumps([outputs, {path: source.digest for path, source in sources.items()}], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def read_sources(paths: Iterable[Path], memory: DigestMemory) -> dict[str, Source]:
    """Path → file, with the digest of its content."""
    paths = list(paths)
    status = {path: path.stat() for path in paths}  # before they are read: a change while reading is then noticed
    digests = memory.digests(paths)
    return {str(path): Source(status[path].st_size, status[path].st_mtime_ns, digests[path]) for path in paths}


def now() -> str:
    """The time in words, UTC."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
