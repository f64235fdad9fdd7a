"""The audit as a page that opens anywhere: nothing is fetched, and nothing is said by colour alone."""

from jinja2 import Environment

from emofusion.audit.findings import Finding
from emofusion.audit.published import EVERYONE, Paper

# in this module and not in a file beside it, so that the code's fingerprint has it too
TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The published tables, audited</title>
<style>
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 52rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.6rem; line-height: 1.2; } h2 { font-size: 1.25rem; margin: 2.2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .3rem; }
p, li { max-width: 44rem; } li { margin: .3rem 0; } ul { padding-left: 1.2rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .92rem; }
th, td { padding: .35rem .5rem; text-align: right; vertical-align: top; border-bottom: 1px solid #8886; }
th { border-bottom-color: currentColor; font-weight: 600; }
th:first-child, td:first-child, .left { text-align: left; }
tbody th { border-bottom-color: #8886; }
small { display: block; font-size: .8rem; }
.wrong { outline: 2px solid currentColor; outline-offset: -2px; font-weight: 600; }
.quote { font-style: italic; } .quiet { font-size: .9rem; }
@media (max-width: 30rem) {
  th, td { padding: .3rem .25rem; } table { font-size: .82rem; } small { font-size: .72rem; }
}
@media print { body { max-width: none; } tr, li { break-inside: avoid; } }
</style>
</head>
<body>
<h1>The published tables, audited</h1>
<p>{{ source }}</p>
<p>An accuracy is a number of clips divided by another, so a printed value leaves few numbers open. {{ verdict }}</p>

<h2>What cannot be</h2>
{{ items(wrong, "Nothing: every printed value is a fraction of the clips behind it, and the tables agree.") }}
{% if open %}
<h2>What remains open</h2>
{{ items(open, "") }}
{% endif %}

<h2>Clips and actors behind each cell</h2>
<p>Below each value: the clips recognised, of those tested.{% if pooled %} In
{{ labels.table1 }}, “=” shows that the groups' clips in {{ labels.table2 }} add up to it.{% endif %}</p>
{% if actors %}{{ items(actors, "") }}{% endif %}
{% for grid in grids %}
<h3>{{ grid.title }}</h3>
<div class="wide"><table>
<thead><tr><th scope="col">emotion</th><th scope="col">clips{% if actors %}<small>(actors)</small>{% endif %}</th>
{% for column in columns %}<th scope="col">{{ column }}</th>{% endfor %}</tr></thead>
<tbody>{% for row in grid.rows %}
<tr><th scope="row">{{ row.emotion }}</th><td>{{ row.clips }}{% if row.actors != "" %}
<small>({{ row.actors }})</small>{% endif %}</td>
{% for cell in row.cells %}<td{% if cell.wrong %} class="wrong"{% endif %}>{{ cell.value }}{% for note in cell.notes %}
<small>{{ note }}</small>{% endfor %}</td>{% endfor %}</tr>{% endfor %}
</tbody></table></div>
{% endfor %}
{% if odd %}<h3>Rows that stand apart</h3>{{ items(odd, "") }}{% endif %}

<h2>All emotions together</h2>
{{ items(overall, "No counts are known.") }}

{% if claims %}
<h2>What the text says of the tables</h2>
{% for claim, against in claims %}
<h3>{{ claim }}</h3>
{{ items(against, "") if against }}
{% endfor %}
{% endif %}

{% if gaps %}
<h2>Gaps between groups</h2>
{{ items(resolution, "") if resolution }}
<p class="quiet">Accuracy of the first group minus that of the second, with a 95 % interval (Newcombe's, from Wilson's)
and the p of Fisher's exact test, both as if clips were independent.</p>
{% for pair, rows in gaps %}
<h3>{{ pair }}</h3>
<div class="wide"><table>
<thead><tr><th scope="col">emotion</th><th scope="col" class="left">column</th><th scope="col">clips</th>
<th scope="col">gap (95 %), p</th></tr></thead>
<tbody>{% for row in rows %}
<tr><th scope="row">{{ row[0] }}</th><td class="left">{{ row[1] }}</td><td>{{ row[2] }}</td>
<td>{{ row[3] }}</td></tr>{% endfor %}
</tbody></table></div>
{% endfor %}
{% endif %}

<h2>How this was found</h2>
<p class="quiet">For each row, those numbers of clips are kept of which every printed value may be a rounded fraction; a
half may have been rounded up or to even. {{ method }} Where one value fits no number, it is reported and the others are
still used. A value that could be a fraction is not thereby right. Every finding is a row of findings.csv, beside this
page.</p>
</body>
</html>
"""
ITEMS = (
    "{% macro items(texts, otherwise) %}{% if texts %}<ul>{% for text in texts %}<li>{{ text }}</li>{% endfor %}</ul>"
    "{% elif otherwise %}<p>{{ otherwise }}</p>{% endif %}{% endmacro %}"
)


def page(paper: Paper, findings: list[Finding]) -> str:
    """The whole page, in HTML. findings: all of `emofusion.audit.audit`'s, of the same paper."""
    texts = {kind: [f.finding for f in findings if f.kind == kind] for kind in dict.fromkeys(f.kind for f in findings)}
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(ITEMS + TEMPLATE).render(
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
        overall=texts.get("overall", []),
        claims=_claims(findings),
        resolution=texts.get("resolution", []),
        gaps=_gaps(paper, findings),
        method=_method(paper),
    )


def _verdict(paper: Paper, findings: list[Finding]) -> str:
    number = {kind: sum(f.kind == kind for f in findings) for kind in {f.kind for f in findings}}
    cells = sum(number.get(kind, 0) for kind in ("possible", "impossible", "doubtful"))
    text = f"Of {cells} printed values, {number.get('impossible', 0)} can be no fraction of the clips behind them."
    if compared := sum(number.get(kind, 0) for kind in ("agreement", "disagreement", "unchecked")):
        text += (
            f" Of {compared} in {paper.labels['table1']}, {number.get('agreement', 0)} follow from "
            f"{paper.labels['table2']} and {number.get('disagreement', 0)} contradict it."
        )
    return text


def _grid(paper: Paper, findings: list[Finding], group: str) -> dict:
    by_cell = {(f.kind, f.group, f.emotion, f.column): f for f in findings}
    rows = []
    for emotion in [emotion for row_group, emotion in paper.rows if row_group == group]:
        count = by_cell["count", group, emotion, ""]
        cells = [_cell(paper, by_cell, group, emotion, column) for column in paper.columns]
        rows.append({"emotion": paper.say(emotion), "clips": count.clips, "actors": count.actors, "cells": cells})
    title = paper.labels[paper.table(group)]
    return {"title": title if group == EVERYONE else f"{title}, {paper.say(group)}", "rows": rows}


def _cell(paper: Paper, by_cell: dict, group: str, emotion: str, column: str) -> dict:
    value = paper.rows[group, emotion].get(column)
    if value is None:
        return {"value": "–", "notes": [], "wrong": False}
    found = {kind: by_cell.get((kind, group, emotion, column)) for kind in ("possible", "doubtful", "disagreement")}
    wrong = not (found["possible"] or found["doubtful"])
    notes = [f"{found['possible'].correct}/{found['possible'].clips}"] if found["possible"] else []
    notes += ["impossible"] if wrong else ["doubtful"] if found["doubtful"] else []
    if by_cell.get(("agreement", group, emotion, column)):
        parts = [by_cell["possible", part, emotion, column].correct for part in paper.groups]
        notes.append("= " + " + ".join(map(str, parts)))
    if found["disagreement"]:
        notes.append(f"{paper.labels['table2']}: {found['disagreement'].expected}")
    return {"value": paper.show(value), "notes": notes, "wrong": wrong or bool(found["disagreement"])}


def _claims(findings: list[Finding]) -> list[tuple[str, list[str]]]:
    claims: list[tuple[str, list[str]]] = []
    for finding in findings:
        if finding.kind == "claim":
            claims.append((finding.finding, []))
        elif finding.kind == "counterexample":
            claims[-1][1].append(finding.finding)
    return [(said, [text.partition(": ")[2] for text in against]) for said, against in claims]


def _gaps(paper: Paper, findings: list[Finding]) -> list[tuple[str, list[tuple]]]:
    pairs: dict[str, list[tuple]] = {}
    for f in findings:
        if f.kind == "gap":
            row = (paper.say(f.emotion), paper.say(f.column), f.clips, f.expected.replace("-", "−"))
            pairs.setdefault(f.group.replace(" - ", " − "), []).append(row)
    return list(pairs.items())


def _method(paper: Paper) -> str:
    if not paper.actors:
        return f"The smallest, up to {paper.maximum}, is taken; its multiples would do as well."
    return (
        f"Of {paper.corpus}, each actor's number of clips an emotion is known, so a row's clips are those of whole "
        f"actors, and one number of actors has to explain a group's rows; the smallest that explains most is taken."
    )
