"""Publish a report: copy its files into its published folder, and delete files of earlier publications there."""

import json
import shutil
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from emofusion.reporting.grid.files import FILES

PROVENANCE, PUBLISHED = "provenance.json", "published.json"
# The files of a report. They identify the files of older publications, which have no `published.json`.
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
            "marks",  # the earlier name of annotations.csv
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
# The summary of an earlier command with several cells. A report in the same folder is not one of these cells.
OF_CELLS = (*FILES, "cells_pairs.csv")


def publish(report: Path, folder: Path, provenance: dict[str, Any]) -> list[Path]:
    """Copy a report's files into a folder. They replace the files of earlier publications there.

    Files of an earlier publication that the new report does not have are deleted. The summary of the cells of an
    earlier command is deleted too. All other files stay. `provenance.json` and `published.json` are written last.

    Args:
        report: the folder of the report. Hidden files, which Snakemake makes, are not copied.
        folder: the folder for the published report; it is made if it does not exist.
        provenance: what the report was made from; it is written as `provenance.json`.

    Returns:
        The files of the publication, sorted by name, with `provenance.json` and `published.json`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = sorted(path for path in report.iterdir() if path.is_file() and not path.name.startswith("."))
    names = sorted({*(path.name for path in files), PROVENANCE, PUBLISHED})
    earlier = _published_before(folder)
    # written first, so that after an interruption the next publication knows all files that may be here
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
    """The names of files in a folder that come from earlier publications, including the summary of cells."""
    present = {path.name for path in folder.iterdir() if path.is_file()}
    try:
        listed = set(json.loads((folder / PUBLISHED).read_text(encoding="utf-8"))["files"])
    except (OSError, ValueError, KeyError, TypeError):  # the file is missing or incomplete
        listed = {name for name in present if any(fnmatch(name, pattern) for pattern in KNOWN)}
    partial = {name for name in present if name.removesuffix(".partial") in listed}
    return present & {*listed, *partial, *OF_CELLS, PROVENANCE, PUBLISHED}


def _write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file. An interruption never leaves a part of it under its name."""
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(path)
