"""A paper's published tables audited: how many clips stand behind them, which cells agree, and which cannot be."""

import csv
from collections.abc import Iterable
from pathlib import Path

from emofusion.audit.claims import claim_findings
from emofusion.audit.counts import infer
from emofusion.audit.findings import COLUMNS, Finding, agreement_findings, cell_findings, count_findings
from emofusion.audit.gaps import gap_findings, overall_findings
from emofusion.audit.page import page
from emofusion.audit.published import only_one, read_paper

__all__ = ["Finding", "audit", "only_one", "write_audit", "write_findings"]


def audit(published: dict) -> list[Finding]:
    """What a paper's tables imply, by kind: actors, count, possible, impossible, doubtful, agreement, disagreement,
    unchecked, overall, resolution, gap, claim, counterexample.

    published: the content of a file in `conf/published/`. Raises `EmofusionError` that names what is wrong with it.
    """
    return _findings(published)[1]


def write_audit(published: dict, table: str | Path, html: str | Path) -> None:
    """Write the findings as CSV and as a page; the same input gives the same bytes."""
    paper, found = _findings(published)
    write_findings(found, Path(table))
    Path(html).write_text(page(paper, found), encoding="utf-8")


def write_findings(findings: Iterable[Finding], path: Path) -> None:
    """One row a finding, the columns of `Finding`."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([getattr(finding, column) for column in COLUMNS] for finding in findings)


def _findings(published: dict):
    paper = read_paper(published)
    inference = infer(paper)
    of_counts = (count_findings, cell_findings, agreement_findings, overall_findings, gap_findings)
    found = [finding for kind in of_counts for finding in kind(paper, inference)]
    return paper, [*found, *claim_findings(paper)]
