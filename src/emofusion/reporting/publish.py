"""Publish a report: link its files into its published folder, and delete files of earlier publications there."""

import json
import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from emofusion.plan.shared_files import SHARED, link
from emofusion.reporting.grid.files import FILES, SOMETIMES
from emofusion.reporting.report_page.packing import library, library_name, unpacked, whole
from emofusion.whole_files import write_whole

PROVENANCE, PUBLISHED, PAGE = "provenance.json", "published.json", "report.html"
# The files of a report. They identify the files of older publications, which have no `published.json`.
KNOWN = (
    *(f"table{number}.{ending}" for number in (1, 2) for ending in ("csv", "md")),
    *(
        f"{name}.csv*"  # long tables are compressed
        for name in (
            "actors",
            "annotations",
            "beside",
            "classes",
            "comparison",
            "confusion",
            "fairness",
            "folds",
            "gender",
            "group_fairness",
            "group_gaps",
            "group_tests",
            "groups",
            "marks",  # the earlier name of annotations.csv
            "narrowed",
            "pairs",
            "parameters",
            "reliability",
            "rules",
            "subsets",
            "sweep",
            "sweep_confusion",
            "sweep_gaps",
            "trained",
            "variance",
        )
    ),
    "confusion_*.png",
    "curves_*.png",
    "reliability.png",
    "sweep.png",
    "report.html",
    "summary.md",
    "summary.json",
)
# The summary of an earlier command with several cells. A report in the same folder is not one of these cells.
OF_CELLS = (*FILES, *SOMETIMES, "cells_pairs.csv")


def publish(report: Path, folder: Path, provenance: dict[str, Any], results: Path, is_cell: bool) -> list[Path]:
    """Link a report's files into a folder. They replace the files of earlier publications there.

    Files of an earlier publication that the new report does not have are deleted. The summary of the cells of an
    earlier command is deleted too. All other files stay. `provenance.json` and `published.json` are written last.

    Args:
        report: the folder of the report. Hidden files, which Snakemake makes, are left out.
        folder: the folder for the published report; it is made if it does not exist.
        provenance: what the report was made from; it is written as `provenance.json`.
        results: the folder of all results.
        is_cell: whether it is a cell of a grid. Its page stays packed, and shares the library of the charts with the
            other cells. A single report's page is whole.

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
        if path.name == PAGE and not is_cell:
            page = whole(unpacked(path.read_text(encoding="utf-8")), library(results / SHARED))
            write_whole(folder / PAGE, page)
        else:
            link(path, folder / path.name)
    if is_cell:
        library(results / SHARED)
        link(results / SHARED / library_name(), folder.parent / library_name())
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
    # `_write` and `shared_files.link` write under these names first
    unfinished = {name: re.fullmatch(r"\.(.+)\.[0-9a-f]+\.partial|(.+)\.partial", name) for name in present}
    partial = {name for name, found in unfinished.items() if found and (found[1] or found[2]) in listed}
    return present & {*listed, *partial, *OF_CELLS, PROVENANCE, PUBLISHED}


def _write_json(path: Path, content: dict[str, Any]) -> None:
    write_whole(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
