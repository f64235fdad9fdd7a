"""What a run has found, in a few lines of plain text. This module is quick to import: it needs no pandas."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from emofusion.errors import EmofusionError
from emofusion.reporting.rounding import percentage

MOST_CELLS = 10


def headline(folder: Path) -> list[str]:
    """The lines that a run of one experiment ends with.

    The first line has the accuracy of the configured fusion and of each modality alone, with their intervals, and the
    numbers of test clips and actors. Then come the report's warnings and the path of its page.

    folder: where the report is published. Raises `EmofusionError` where no whole report is there.
    """
    about, rules = _read(folder)
    return [_figures(about, rules), *_warnings(about), f"report: {folder / 'report.html'} ({_brackets(about)})"]


def headline_of_cells(folders: Sequence[Path], cells: Path) -> list[str]:
    """The lines that a run of several cells ends with: one for each of the first ten cells, in the command's order.

    No cell is singled out, neither the best nor the worst: that would be a choice on test clips.

    folders: where each cell's report is published. cells: the table of all cells. Raises `EmofusionError` where one of
    the first ten reports is not whole.
    """
    lines, warnings, level = [], [], ""
    for folder in folders[:MOST_CELLS]:
        about, rules = _read(folder)
        lines.append(_figures(about, rules, folder.name))
        warnings += _warnings(about)
        level = _brackets(about)
    more = len(folders) - MOST_CELLS
    if more > 0:
        lines.append(f"and {more} more {'cell' if more == 1 else 'cells'}")
    return [*lines, *dict.fromkeys(warnings), f"cells: {cells} ({level})"]


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
    """What the report says of itself, and the rows of rules.csv by their rule."""
    try:
        # written last: without it the publication is not whole
        json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
        about: dict[str, Any] = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        with (folder / "rules.csv").open(encoding="utf-8", newline="") as file:
            rules = {row["rule"]: row for row in csv.DictReader(file)}
        return about, {name: rules[name] for name in (about["rule"], *about["modalities"])}
    except (OSError, ValueError, KeyError) as error:
        raise EmofusionError(
            f"{folder} holds no whole report ({error}); run the workflow again to publish it"
        ) from error


def _figures(about: dict[str, Any], rules: dict[str, dict[str, str]], cell: str = "") -> str:
    """The accuracies of one report in one line; `cell` is the cell's name, if there are several."""
    configured = rules[about["rule"]]
    counts = f"of {configured['clips']} clips, {configured['actors']} actors"
    name = f"{about['experiment']}, {cell}" if cell else about["experiment"]
    alone = [f"{modality} {_accuracy(rules[modality])}" for modality in about["modalities"]]
    if len(alone) == 1:  # nothing is fused
        return f"{name}: {alone[0]} {counts}"
    return f"{name}: fusion ({about['fusion']}) {_accuracy(configured)} {counts}; {', '.join(alone)}"


def _accuracy(row: dict[str, str]) -> str:
    """Such as `60.26 % [52.1, 68.0]`; without brackets where there is no interval."""
    ends = [row["accuracy_low"], row["accuracy_high"]]
    interval = f" [{', '.join(percentage(float(end), 1) for end in ends)}]" if all(ends) else ""
    return f"{percentage(float(row['accuracy']))} %{interval}"


def _warnings(about: dict[str, Any]) -> list[str]:
    """The report's warnings as lines."""
    return [f"note: {line}" for line in about["warnings"]]


def _brackets(about: dict[str, Any]) -> str:
    """What the numbers in brackets are."""
    return f"in brackets {about['confidence'] * 100:g} % intervals, by bootstrap over actors"
