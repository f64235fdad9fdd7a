"""Publications: the reports in `results/reports/`, and whether they show what the present command asks for.

A publication is a folder with the file `published.json`. This file has a digest of what the publication shows (`shows`)
and its files with size, time and digest (`files`). A file that is deleted or edited later makes the publication stale.
"""

import json
import os
import time
import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from emofusion.errors import EmofusionError
from emofusion.plan.currency import Currency, same_sources
from emofusion.plan.digests import DigestMemory, digest_of_file
from emofusion.plan.fingerprint import code_fingerprint
from emofusion.plan.making import SCRIPTS
from emofusion.plan.plan_file import PlanFile
from emofusion.plan.records import RECORD, Record, Source
from emofusion.plan.stage import short_hash
from emofusion.whole_files import write_whole

PUBLISHED = "published.json"
CELLS = "cells.json"  # does for the summary of cells what `published.json` does for a report
REPORTS = "reports"


def shown_by_report(plan: PlanFile, place: str, contents: dict[str, str]) -> str:
    """A digest of what the published report of a cell shows.

    Args:
        plan: the plan of the cell.
        place: the cell's folder, relative to `results/reports`.
        contents: stage → digest of its result, for all stages that the report depends on.
    """
    stages = {name: contents[name] for name in plan.stages_of(place)}
    code = _code("emofusion.reporting.publish")
    return short_hash(json.dumps([stages, plan.cells[place].digest, code], sort_keys=True))


def shown_by_cells(plan: PlanFile, contents: dict[str, str], repository: Path) -> str:
    """A digest of what the summary of the cells of a command shows.

    Args:
        plan: the plan of the cells.
        contents: stage → digest of its result, for the report of each cell.
        repository: the folder that holds `workflow/scripts`.
    """
    cells = {place: [contents[cell.report], cell.digest, cell.factors] for place, cell in plan.cells.items()}
    code = code_fingerprint(scripts=(repository / SCRIPTS / "compare.py",))
    return short_hash(json.dumps([list(cells.items()), plan.facts["grid"], code], sort_keys=True))


@cache
def _code(module: str) -> str:
    return code_fingerprint(module)


def contents_of(plan: PlanFile, stages: Iterable[str], results: Path) -> dict[str, str]:
    """Stage → the digest of its result. Raises `EmofusionError` where a result has no record."""
    contents = {}
    for name in stages:
        record = Record.read(plan.stage(name).folder(results) / RECORD)
        if record is None:
            raise EmofusionError(f"{results / name} has no record of what made it; delete the folder")
        contents[name] = record.content
    return contents


def provenance_of(plan: PlanFile, place: str, results: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """The content of a report's `provenance.json`, and stage → digest of its result for all stages that it depends on.

    Raises `EmofusionError` where a result has no record.
    """
    cell, stages = plan.cells[place], plan.stages_of(place)
    keys: dict[str, list[str]] = {}
    versions: dict[str, dict[str, str]] = {}
    made: dict[str, str] = {}
    for name in stages:
        keys.setdefault(plan.stage(name).kind, []).append(plan.stage(name).key)
        record = Record.read(plan.stage(name).folder(results) / RECORD)
        if record is not None:
            versions[name], made[name] = record.making.versions, record.made
    provenance = {
        "overrides": cell.overrides,
        "report": plan.stage(cell.report).key,
        "stages": {kind: sorted(names) for kind, names in sorted(keys.items())},
        "settings": plan.cell_settings(place),
        "versions": versions,
        "made": made,
    }
    return provenance, contents_of(plan, stages, results)


def published_tables(plan: PlanFile) -> list[dict[str, Any]]:
    """The tables of published papers that the cells name, each once."""
    tables = [plan.cell_settings(place)["published"] for place in plan.cells]
    return [table for number, table in enumerate(tables) if table not in tables[:number]]


def shown_by_audit(plan: PlanFile, repository: Path) -> str:
    """A digest of what the audit of published tables shows. repository: the folder that holds `workflow/scripts`."""
    code = code_fingerprint("emofusion.audit", scripts=(repository / SCRIPTS / "audit.py",))
    return short_hash(json.dumps([published_tables(plan), code], sort_keys=True))


def stale_audit(plan: PlanFile, results: Path, repository: Path) -> set[str]:
    """The audit's file `findings.csv`, if it exists and does not show what the present command asks for."""
    folder = results / REPORTS / "audit"
    current = _shows(folder / PUBLISHED, shown_by_audit(plan, repository), _memory(results))
    return set() if current or not (folder / "findings.csv").exists() else {str(folder / "findings.csv")}


def stale_publications(plan: PlanFile, currency: Currency, results: Path, repository: Path) -> set[str]:
    """One file of each publication that exists and does not show what the present command asks for.

    It is `provenance.json` for a report, and `cells.csv` for the summary of cells.
    """
    reports, stale, memory = results / REPORTS, set(), _memory(results)
    current = set(currency.content)
    for place, cell in plan.cells.items():
        complete = cell.report in current and set(plan.stages_of(place)) <= current
        expected = shown_by_report(plan, place, currency.content) if complete else None
        if expected is None or not _shows(reports / place / PUBLISHED, expected, memory):
            stale.add(str(reports / place / "provenance.json"))
    if plan.facts["grid"]:
        complete = all(cell.report in current for cell in plan.cells.values())
        expected = shown_by_cells(plan, currency.content, repository) if complete else None
        folder = reports / plan.folder
        if expected is None or not _shows(folder / CELLS, expected, memory):
            stale.add(str(folder / "cells.csv"))
    return {path for path in stale if Path(path).exists()}


def _shows(path: Path, expected: str, memory: DigestMemory) -> bool:
    """Whether a publication shows what is expected, and its files are as they were published."""
    held = read_publication(path)
    try:
        files = {str(path.parent / Path(name).name): Source(**file) for name, file in held["files"].items()}
    except (KeyError, TypeError, AttributeError):
        return False
    present = [Path(file) for file in files if Path(file).is_file()]
    return held.get("shows") == expected and not same_sources(files, present, memory)


def _file(path: Path) -> Source:
    status = path.stat()
    return Source(status.st_size, status.st_mtime_ns, digest_of_file(path))


def _memory(results: Path) -> DigestMemory:
    return DigestMemory(results / "plans" / "digests.sqlite")


def read_publication(path: Path) -> dict[str, Any]:
    """Read `published.json` or `cells.json`; an empty dictionary where the file is missing or cannot be read."""
    try:
        publication = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return publication if isinstance(publication, dict) else {}


def settle_times(files: Iterable[Path]) -> None:
    """Give files that bear a time of the future the present one, as those of a machine whose clock is wrong.

    Snakemake takes a job for failed whose output is older than an input. The times of results say nothing else.
    """
    present = time.time()
    for file in files:
        with suppress(OSError):  # it is not there, or it is somebody else's
            if file.stat().st_mtime > present:
                os.utime(file)


def note_stale(note: Path, stale: Iterable[str]) -> None:
    """Write the names of stale files into a note that is newer than each of them, even where a clock is wrong.

    Each note has different content, because Snakemake ignores a newer input whose content is the same as before.
    """
    files = sorted(stale)
    newest = max(Path(file).stat().st_mtime for file in files)
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text("\n".join([f"noted {uuid.uuid4().hex}", *files]) + "\n", encoding="utf-8")
    later = max(newest + 1, note.stat().st_mtime)
    os.utime(note, (later, later))


def mark(path: Path, shows: str, files: Iterable[str]) -> None:
    """Write `published.json` or `cells.json`. An interruption never leaves a part of it under its name.

    Args:
        path: the file to write.
        shows: the digest of what the publication shows.
        files: the names of the files that belong to it.
    """
    paths = [path.parent / Path(name).name for name in sorted(files) if name != path.name]
    held = {file.name: asdict(_file(file)) for file in paths}
    write_whole(path, json.dumps({"shows": shows, "files": held}, indent=1))


def tidy(reports: Path, published_in: str, places: Iterable[str]) -> None:
    """Delete the publications of an experiment or a grid that earlier commands made and this command does not make.

    It deletes only files that a publication lists, and folders that are empty after that.

    Args:
        reports: `results/reports`.
        published_in: the folder in `reports` of all that this command publishes, see `PlanFile.folder`.
        places: the folders, relative to `reports`, that this command publishes.
    """
    wanted, folder = set(places), reports / published_in
    compares_cells = wanted != {published_in}
    inside = folder.iterdir() if folder.is_dir() else ()
    places = [published_in, *(f"{published_in}/{path.name}" for path in inside)]
    for place in places:
        if place not in wanted and (reports / place / PUBLISHED).is_file():
            _delete(reports / place / PUBLISHED)
    if not compares_cells and (folder / CELLS).is_file():
        _delete(folder / CELLS)


def drop_earlier(publication: Path, files: Iterable[str]) -> None:
    """Delete the files that a `published.json` or `cells.json` lists and that it will not list any more.

    files: the names that it will list.
    """
    for name in {Path(name).name for name in read_publication(publication).get("files", [])} - set(files):
        (publication.parent / name).unlink(missing_ok=True)


def _delete(publication: Path) -> None:
    """Delete the files that a `published.json` or `cells.json` lists, this file, and its folder where it is empty."""
    for name in [*read_publication(publication).get("files", []), publication.name]:
        (publication.parent / Path(name).name).unlink(missing_ok=True)
    with suppress(OSError):  # the folder is not empty, or the job of another cell has deleted it
        publication.parent.rmdir()
