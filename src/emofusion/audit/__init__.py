"""An audit of a paper's published tables: on how many clips they are based, and which values are impossible."""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from emofusion.audit.claims import claim_findings
from emofusion.audit.counts import infer
from emofusion.audit.findings import COLUMNS, Finding, agreement_findings, cell_findings, count_findings
from emofusion.audit.gaps import gap_findings, overall_findings
from emofusion.audit.page import page
from emofusion.audit.published import Paper, only_one, read_paper

__all__ = ["Finding", "audit", "only_one", "write_audit", "write_findings"]


def audit(published: dict[str, Any]) -> list[Finding]:
    """Find out what a paper's tables imply.

    Args:
        published: the content of a file in `conf/published/`.

    Returns:
        Findings of the kinds actors, count, possible, impossible, doubtful, agreement, disagreement, unchecked,
        overall, resolution, gap, claim and counterexample, in this order; docs/audit.md explains them.

    Raises:
        EmofusionError: the file has an error. The message names the setting.
    """
    return _findings(published)[1]


def write_audit(published: dict[str, Any], table: str | Path, html: str | Path) -> None:
    """Write the findings as the CSV file `table` and as the page `html`. The same input gives the same bytes.

    published: the content of a file in `conf/published/`. Raises `EmofusionError` where it has an error.
    """
    paper, findings = _findings(published)
    write_findings(findings, Path(table))
    Path(html).write_text(page(paper, findings), encoding="utf-8")


def write_findings(findings: Iterable[Finding], path: Path) -> None:
    """Write a CSV file with one row for each finding, and with the columns of `Finding`."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([getattr(finding, column) for column in COLUMNS] for finding in findings)


def _findings(published: dict[str, Any]) -> tuple[Paper, list[Finding]]:
    """The paper as it was read, and all findings."""
    paper = read_paper(published)
    inference = infer(paper)
    from_counts = (count_findings, cell_findings, agreement_findings, overall_findings, gap_findings)
    findings = [finding for find in from_counts for finding in find(paper, inference)]
    return paper, [*findings, *claim_findings(paper)]
