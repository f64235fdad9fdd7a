"""What a paper says of its tables, held against them. A claim is data: its words, and what would have to hold."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import product

from emofusion.audit.findings import Finding
from emofusion.audit.published import EVERYONE, Paper
from emofusion.audit.rounding import rounded
from emofusion.errors import EmofusionError

KINDS = ("better", "higher", "smaller_gap")
KEYS = {*KINDS, "quote", "where", "than", "emotions", "columns", "groups"}


def claim_findings(paper: Paper) -> Iterator[Finding]:
    """Kinds `claim` (one a claim, with its verdict) and `counterexample` (one a cell that is against it).

    `better`: a column is above each column in `than`, in all `groups` (`all`: the first table). `higher`: a group is
    above the group or groups in `than`, in all `columns`. `smaller_gap`: the distance of two `groups` is smaller in one
    column than in each column in `than`. Each holds for the named `emotions`, or for all.

    Raises `EmofusionError` that names the claim and what in it is unknown to the tables.
    """
    for number, claim in enumerate(paper.claims, 1):
        _check(paper, claim, f"published.claims[{number}]")
        kind = next(kind for kind in KINDS if kind in claim)
        cases = list({"better": _better, "higher": _higher, "smaller_gap": _smaller_gap}[kind](paper, claim))
        against = [case for case in cases if not case[0]]
        said = f"Claim {number}, “{claim['quote']}”" + (f" ({claim['where']})" if claim.get("where") else "")
        verdict = (
            f"holds in {len(cases) - len(against)} of {len(cases)} comparisons" if cases else "is not in the tables"
        )
        if kind == "smaller_gap":
            verdict += _mean_gaps(paper, claim)
        yield Finding("claim", f"{said}: {verdict}.", expected=f"{len(cases) - len(against)} of {len(cases)}")
        for _, finding in against:
            yield finding(f"claim {number}")


def _better(paper: Paper, claim: dict) -> Iterator:
    groups = claim.get("groups") or [EVERYONE, *paper.groups]
    for group, emotion, other in product(groups, _emotions(paper, claim), claim["than"]):
        row, column = paper.rows.get((group, emotion), {}), claim["better"]
        if column in row and other in row:
            place = paper.place(group, emotion)
            yield (
                row[column] > row[other],
                _against(
                    paper, (paper.table(group), group, emotion, column), place, column, row[column], other, row[other]
                ),
            )


def _higher(paper: Paper, claim: dict) -> Iterator:
    for emotion, column, other in product(
        _emotions(paper, claim), claim.get("columns") or paper.columns, claim["than"]
    ):
        one = paper.rows.get((claim["higher"], emotion), {}).get(column)
        two = paper.rows.get((other, emotion), {}).get(column)
        if one is not None and two is not None:
            where = ("table2", claim["higher"], emotion, column)
            place = f"{paper.labels['table2']}, {paper.say(emotion)}, {paper.say(column)}"
            yield one > two, _against(paper, where, place, claim["higher"], one, other, two)


def _smaller_gap(paper: Paper, claim: dict) -> Iterator:
    for emotion, other in product(_emotions(paper, claim), claim["than"]):
        one, two = (_gap(paper, claim, emotion, column) for column in (claim["smaller_gap"], other))
        if one is not None and two is not None:
            where = ("table2", " - ".join(_pair(paper, claim)), emotion, claim["smaller_gap"])
            place = f"{paper.labels['table2']}, {paper.say(emotion)}, gap"
            yield one < two, _against(paper, where, place, claim["smaller_gap"], one, other, two)


def _against(paper: Paper, where: tuple, place: str, one: str, value: Decimal, other: str, than: Decimal):
    table, group, emotion, column = where

    def finding(number: str) -> Finding:
        relation = "the same as" if value == than else "below" if value < than else "above"
        both = f"{paper.say(one)} {paper.show(value)}, {relation} {paper.say(other)} {paper.show(than)}"
        text = f"Against {number}: {place}: {both}."
        return Finding("counterexample", text, table, group, emotion, column, f"{value:f}", expected=f"{than:f}")

    return finding


def _mean_gaps(paper: Paper, claim: dict) -> str:
    means = []
    for column in [claim["smaller_gap"], *claim["than"]]:
        gaps = [gap for e in _emotions(paper, claim) if (gap := _gap(paper, claim, e, column)) is not None]
        if gaps:
            mean = rounded(Fraction(sum(gaps)) / len(gaps) / paper.scale, paper.decimals, paper.scale)
            means.append(f"{paper.say(column)} {mean}")
    return f"; the mean size of the gap is {', '.join(means)}{' points' if paper.scale == 100 else ''}" if means else ""


def _gap(paper: Paper, claim: dict, emotion: str, column: str) -> Decimal | None:
    values = [paper.rows.get((group, emotion), {}).get(column) for group in _pair(paper, claim)]
    return None if None in values else abs(values[0] - values[1])


def _pair(paper: Paper, claim: dict) -> list[str]:
    return (claim.get("groups") or paper.groups)[:2]


def _emotions(paper: Paper, claim: dict) -> list[str]:
    return claim.get("emotions") or paper.emotions


def _check(paper: Paper, claim: dict, name: str) -> None:
    if not isinstance(claim, dict) or sum(kind in claim for kind in KINDS) != 1 or not claim.get("quote"):
        raise EmofusionError(f"{name}={claim}: a claim has a quote and one of {', '.join(KINDS)}")
    if unknown := sorted(set(claim) - KEYS):
        raise EmofusionError(f"{name}.{unknown[0]}: no such setting; known here: {', '.join(sorted(KEYS))}")
    for key in ("than", "emotions", "columns", "groups"):
        if not isinstance(claim.get(key, []), list) or (key == "than" and not claim.get(key)):
            raise EmofusionError(f"{name}.{key}={claim.get(key)}: a list of names")
    groups, columns = [EVERYONE, *paper.groups], paper.columns
    sides = groups if "higher" in claim else columns
    for key, known in (
        *((kind, sides) for kind in KINDS),
        ("than", sides),
        ("emotions", paper.emotions),
        ("columns", columns),
        ("groups", groups),
    ):
        given = claim.get(key) or []
        for item in given if isinstance(given, list) else [given]:
            if item not in known:
                raise EmofusionError(f"{name}.{key}: {item} is not in the tables; there are {', '.join(known)}")
