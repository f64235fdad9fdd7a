"""The audit as an HTML page. It loads nothing from the network, and no information depends on colour alone."""

from typing import Any

from jinja2 import Environment

from emofusion.audit.findings import Finding
from emofusion.audit.published import EVERYONE, Paper
from emofusion.audit.template import ITEMS, TEMPLATE


def page(paper: Paper, findings: list[Finding]) -> str:
    """The page as HTML. findings: all findings of `emofusion.audit.audit` for the same paper."""
    texts = {kind: [f.finding for f in findings if f.kind == kind] for kind in dict.fromkeys(f.kind for f in findings)}
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    html = environment.from_string(ITEMS + TEMPLATE).render(
        source=paper.source,
        labels=paper.labels,
        columns=[paper.say(column) for column in paper.columns],
        verdict=_verdict(paper, findings),
        wrong=[*texts.get("impossible", []), *texts.get("disagreement", [])],
        open=[*texts.get("doubtful", []), *texts.get("unchecked", [])],
        pooled=any(f.kind == "agreement" for f in findings),
        actors=texts.get("actors", []),
        grids=[_grid(paper, findings, group) for group in dict.fromkeys(group for group, _ in paper.rows)],
        odd=[f.finding for f in findings if f.kind == "count" and (", not " in f.finding or "weak" in f.finding)],
        overall=_overall(paper, findings),
        claims=_claims(findings),
        resolution=texts.get("resolution", []),
        gaps=_gaps(paper, findings),
        method=_method(paper),
    )
    return html.replace(" %", "\u00a0%").rstrip() + "\n"


def _verdict(paper: Paper, findings: list[Finding]) -> str:
    """The main findings in a few sentences."""
    number = {kind: sum(f.kind == kind for f in findings) for kind in {f.kind for f in findings}}
    cells = sum(number.get(kind, 0) for kind in ("possible", "impossible", "doubtful"))
    text = f"Of {cells} printed values, {number.get('impossible', 0)} cannot be a fraction of the clips behind them."
    if compared := sum(number.get(kind, 0) for kind in ("agreement", "disagreement", "unchecked")):
        text += (
            f" Of {compared} in {paper.labels['table1']}, {number.get('agreement', 0)} follow from "
            f"{paper.labels['table2']} and {number.get('disagreement', 0)} contradict it."
        )
    if actors := [f"{f.actors} {paper.say(f.group)}" for f in findings if f.kind == "actors" and f.group != EVERYONE]:
        text += f" The fewest actors that explain the most values: {', '.join(actors)}."
    if odd := [f for f in findings if f.kind == "count" and ", not " in f.finding]:
        rows = [f"{paper.location(f.group, f.emotion)} ({f.actors})" for f in odd]
        text += f" Some rows have another number: {'; '.join(rows)}."
    return text


def _grid(paper: Paper, findings: list[Finding], group: str) -> dict[str, Any]:
    """A table of the page: the printed values of a group, with the findings about each."""
    by_cell = {(f.kind, f.group, f.emotion, f.column): f for f in findings}
    rows = []
    for emotion in [emotion for row_group, emotion in paper.rows if row_group == group]:
        count = by_cell["count", group, emotion, ""]
        cells = [_cell(paper, by_cell, group, emotion, column) for column in paper.columns]
        rows.append({"emotion": paper.say(emotion), "clips": count.clips, "actors": count.actors, "cells": cells})
    title = paper.labels[paper.table(group)]
    return {"title": title if group == EVERYONE else f"{title}, {paper.say(group)}", "rows": rows}


def _cell(
    paper: Paper, by_cell: dict[tuple[str, str, str, str], Finding], group: str, emotion: str, column: str
) -> dict[str, Any]:
    """A cell of a table of printed values. by_cell: (kind, group, emotion, column) → finding."""
    value = paper.rows[group, emotion].get(column)
    if value is None:
        return {"value": "–", "notes": [], "wrong": False}
    possible = by_cell.get(("possible", group, emotion, column))
    doubtful = by_cell.get(("doubtful", group, emotion, column))
    disagreement = by_cell.get(("disagreement", group, emotion, column))
    wrong = not (possible or doubtful)
    notes = [f"{possible.correct}/{possible.clips}"] if possible else []
    notes += ["impossible"] if wrong else ["doubtful"] if doubtful else []
    if by_cell.get(("agreement", group, emotion, column)):
        correct = [by_cell["possible", part, emotion, column].correct for part in paper.groups]
        notes.append("=\u00a0" + "\u00a0+\u00a0".join(map(str, correct)))
    if disagreement:
        notes.append(f"{paper.labels['table2']}: {disagreement.expected}")
    return {"value": paper.show(value), "notes": notes, "wrong": wrong or bool(disagreement)}


def _overall(paper: Paper, findings: list[Finding]) -> list[tuple[str, ...]]:
    """The rows of the table of overall accuracies."""
    rows: list[tuple[str, ...]] = []
    for f in findings:
        if f.kind == "overall":
            location = paper.location(f.group, "").removesuffix(", ")
            mean = f.finding.rpartition(" is ")[2].rstrip(".")
            # the table names emotions that are missing in a sum, so that it is not compared with a complete sum
            _, _, lacking = f.finding.partition(", without ")
            basis = f"{f.correct}/{f.clips}" + (f" without {lacking.partition(',')[0]}" if lacking else "")
            rows.append((location, paper.say(f.column), f.expected, basis, mean))
    return rows


def _claims(findings: list[Finding]) -> list[tuple[tuple[str, str, str], list[str]]]:
    """For each claim: its number, its words and its verdict; and the sentences that contradict it."""
    claims: list[tuple[tuple[str, str, str], list[str]]] = []
    for finding in findings:
        if finding.kind == "claim":
            number, _, rest = finding.finding.partition(", ")
            words, _, verdict = rest.rpartition(": ")
            claims.append(((f"{number}.", f"{words}:", verdict), []))
        elif finding.kind == "counterexample":
            claims[-1][1].append(finding.finding.partition(": ")[2])
    return claims


def _gaps(paper: Paper, findings: list[Finding]) -> list[tuple[str, list[tuple[Any, ...]]]]:
    """For each pair of groups: its name, and the rows of its table of gaps."""
    pairs: dict[str, list[tuple[Any, ...]]] = {}
    for f in findings:
        if f.kind == "gap":
            gap, _, rest = f.expected.replace("-", "−").partition(" (")
            interval, _, p = rest.partition("), p = ")
            row = (paper.say(f.emotion), paper.say(f.column), f.clips, gap, interval, p)
            pairs.setdefault(f.group.replace(" - ", " − "), []).append(row)
    return list(pairs.items())


def _method(paper: Paper) -> str:
    """A sentence that explains how the number of clips was inferred."""
    if not paper.actors:
        return f"The smallest of these numbers, up to {paper.maximum}, is used; its multiples would fit as well."
    return (
        f"For {paper.corpus}, the number of clips that each actor has for each emotion is known. A row therefore has "
        f"the clips of a whole number of actors, and one number of actors must explain all rows of a group. The "
        f"smallest number that explains the most values is used."
    )
