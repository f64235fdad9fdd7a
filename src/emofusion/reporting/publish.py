"""Publishing a report: copying its files to the folder where people look for it, without leaving older ones behind."""

import json
import shutil
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

PROVENANCE, PUBLISHED = "provenance.json", "published.json"
# The files of a report, by which older publications are known that have no `published.json`.
KNOWN = (
    *(f"table{number}.{ending}" for number in (1, 2) for ending in ("csv", "md")),
    *(
        f"{name}.csv"
        for name in (
            "annotations",
            "comparison",
            "confusion",
            "fairness",
            "gender",
            "marks",  # what annotations.csv was called
            "narrowed",
            "pairs",
            "parameters",
            "rules",
            "subsets",
            "sweep",
            "sweep_confusion",
            "sweep_gaps",
        )
    ),
    "confusion_*.png",
    "curves_*.png",
    "sweep.png",
    "report.html",
    "summary.md",
    "summary.json",
)
# Tables of the cells of an earlier command, which a report that is published beside them is no cell of.
OF_CELLS = ("cells.csv", "cells_pairs.csv")


def publish(report: Path, folder: Path, provenance: dict[str, Any]) -> list[Path]:
    """Copy a report's files into a folder, in place of those that were published there before.

    Files of an earlier publication that the new report does not have are deleted, and so are tables that compare the
    cells of an earlier command. Files of anybody else stay. `provenance.json` and `published.json` are written last.

    Args:
        report: folder of the report; hidden files in it, such as Snakemake's, are left out.
        folder: where the report is published; it is made if need be.
        provenance: what the report was made from, written as `provenance.json`.

    Returns:
        The files of the publication, sorted by name; `provenance.json` and `published.json` are among them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = sorted(path for path in report.iterdir() if path.is_file() and not path.name.startswith("."))
    names = sorted({*(path.name for path in files), PROVENANCE, PUBLISHED})
    earlier = _published_before(folder)
    # whatever interrupts the copying, the next publication knows all files that may lie here
    _write_json(folder / PUBLISHED, {"files": sorted({*earlier, *names})})
    for name in earlier - set(names):
        (folder / name).unlink(missing_ok=True)
    (folder / PROVENANCE).unlink(missing_ok=True)
    for path in files:
        partial = folder / f"{path.name}.partial"
        shutil.copyfile(path, partial)
        partial.replace(folder / path.name)
    _write_json(folder / PROVENANCE, provenance)
    _write_json(folder / PUBLISHED, {"files": names})
    return [folder / name for name in names]


def _published_before(folder: Path) -> set[str]:
    """The names of the files that earlier publications have left in a folder, and of the tables of cells there."""
    present = {path.name for path in folder.iterdir() if path.is_file()}
    try:
        listed = set(json.loads((folder / PUBLISHED).read_text(encoding="utf-8"))["files"])
    except (OSError, ValueError, KeyError, TypeError):  # there is none, or not a whole one
        listed = {name for name in present if any(fnmatch(name, pattern) for pattern in KNOWN)}
    partial = {name for name in present if name.removesuffix(".partial") in listed}
    return present & {*listed, *partial, *OF_CELLS, PROVENANCE, PUBLISHED}


def _write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a file of JSON, whole or not at all."""
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(path)
