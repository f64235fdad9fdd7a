"""Compare the claims of a paper's text with its tables.

A claim is a map with its words (`quote`), and with the comparison that must hold if the claim is true.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any

from emofusion.audit.findings import Finding
from emofusion.audit.published import EVERYONE, Paper
from emofusion.audit.rounding import rounded
from emofusion.errors import EmofusionError

KINDS = ("better", "higher", "smaller_gap")
Claim = dict[str, Any]
# whether a comparison holds, and a function from the claim's number in words to the finding that contradicts it
Case = tuple[bool, Callable[[str], Finding]]
KEYS = {*KINDS, "quote", "where", "than", "emotions", "columns", "groups"}


def claim_findings(paper: Paper) -> Iterator[Finding]:
    """Findings of the kinds `claim` (its verdict) and `counterexample` (a cell that contradicts it).

    A claim has one of these kinds. It is about the `emotions` that it names, or about all emotions:
        better: a column is above each column in `than`, in all `groups` (`all` is the first table).
        higher: a group is above each group in `than`, in all `columns`.
        smaller_gap: two `groups` are closer to each other in a column than in each column in `than`.

    Raises `EmofusionError` where a claim is not complete, or names something that is not in the tables.
    """
    for number, claim in enumerate(paper.claims, 1):
        _check(paper, claim, f"published.claims[{number}]")
        kind = next(kind for kind in KINDS if kind in claim)
        cases = list({"better": _better, "higher": _higher, "smaller_gap": _smaller_gap}[kind](paper, claim))
        contradictions = [case for case in cases if not case[0]]
        words = f"Claim {number}, “{claim['quote']}”" + (f" ({claim['where']})" if claim.get("where") else "")
        verdict = (
            f"holds in {len(cases) - len(contradictions)} of {len(cases)} comparisons"
            if cases
            else "is not in the tables"
        )
        if kind == "smaller_gap":
            verdict += _mean_gaps(paper, claim)
        yield Finding("claim", f"{words}: {verdict}.", expected=f"{len(cases) - len(contradictions)} of {len(cases)}")
        for _, finding in contradictions:
            yield finding(f"claim {number}")


def _better(paper: Paper, claim: Claim) -> Iterator[Case]:
    """The comparisons of a claim `better`."""
    groups = claim.get("groups") or [EVERYONE, *paper.groups]
    for group, emotion, other in product(groups, _emotions(paper, claim), claim["than"]):
        row, column = paper.rows.get((group, emotion), {}), claim["better"]
        if column in row and other in row:
            location = paper.location(group, emotion)
            yield (
                row[column] > row[other],
                _against(
                    paper,
                    (paper.table(group), group, emotion, column),
                    location,
                    column,
                    row[column],
                    other,
                    row[other],
                ),
            )


def _higher(paper: Paper, claim: Claim) -> Iterator[Case]:
    """The comparisons of a claim `higher`."""
    for emotion, column, other in product(
        _emotions(paper, claim), claim.get("columns") or paper.columns, claim["than"]
    ):
        value = paper.rows.get((claim["higher"], emotion), {}).get(column)
        than = paper.rows.get((other, emotion), {}).get(column)
        if value is not None and than is not None:
            where = ("table2", claim["higher"], emotion, column)
            location = f"{paper.labels['table2']}, {paper.say(emotion)}, {paper.say(column)}"
            yield value > than, _against(paper, where, location, claim["higher"], value, other, than)


def _smaller_gap(paper: Paper, claim: Claim) -> Iterator[Case]:
    """The comparisons of a claim `smaller_gap`."""
    for emotion, other in product(_emotions(paper, claim), claim["than"]):
        gap, than = (_gap(paper, claim, emotion, column) for column in (claim["smaller_gap"], other))
        if gap is not None and than is not None:
            where = ("table2", " - ".join(_pair(paper, claim)), emotion, claim["smaller_gap"])
            location = f"{paper.labels['table2']}, {paper.say(emotion)}, gap"
            yield gap < than, _against(paper, where, location, claim["smaller_gap"], gap, other, than)


def _against(
    paper: Paper,
    where: tuple[str, str, str, str],
    location: str,
    name: str,
    value: Decimal,
    other: str,
    than: Decimal,
) -> Callable[[str], Finding]:
    """A function from the claim's number in words to the finding that contradicts the claim.

    where: table, group, emotion and column of the value. location: the same in words. name, other: the two columns or
    groups that are compared; their values are `value` and `than`.
    """
    table, group, emotion, column = where

    def finding(number: str) -> Finding:
        relation = "the same as" if value == than else "below" if value < than else "above"
        both = f"{paper.say(name)} {paper.show(value)}, {relation} {paper.say(other)} {paper.show(than)}"
        text = f"Against {number}: {location}: {both}."
        return Finding("counterexample", text, table, group, emotion, column, f"{value:f}", expected=f"{than:f}")

    return finding


def _mean_gaps(paper: Paper, claim: Claim) -> str:
    """The end of a sentence with the mean size of the gap in each column of a claim `smaller_gap`."""
    means = []
    for column in [claim["smaller_gap"], *claim["than"]]:
        gaps = [gap for e in _emotions(paper, claim) if (gap := _gap(paper, claim, e, column)) is not None]
        if gaps:
            mean = rounded(Fraction(sum(gaps, Decimal(0))) / len(gaps) / paper.scale, paper.decimals, paper.scale)
            means.append(f"{paper.say(column)} {mean}")
    return f"; the mean size of the gap is {', '.join(means)}{' points' if paper.scale == 100 else ''}" if means else ""


def _gap(paper: Paper, claim: Claim, emotion: str, column: str) -> Decimal | None:
    """The size of the gap between the claim's two groups; None where a value is not printed."""
    first, second = (paper.rows.get((group, emotion), {}).get(column) for group in _pair(paper, claim))
    return None if first is None or second is None else abs(first - second)


def _pair(paper: Paper, claim: Claim) -> list[str]:
    """The two groups of a claim `smaller_gap`."""
    groups: list[str] = claim.get("groups") or paper.groups
    return groups[:2]


def _emotions(paper: Paper, claim: Claim) -> list[str]:
    """The emotions that a claim is about."""
    emotions: list[str] = claim.get("emotions") or paper.emotions
    return emotions


def _check(paper: Paper, claim: Claim, name: str) -> None:
    """Raise `EmofusionError` where a claim is not complete, or names something that is not in the tables."""
    if not isinstance(claim, dict) or sum(kind in claim for kind in KINDS) != 1 or not claim.get("quote"):
        raise EmofusionError(f"{name}={claim}: a claim must have a quote, and one of {', '.join(KINDS)}")
    if unknown := sorted(set(claim) - KEYS):
        raise EmofusionError(f"{name}.{unknown[0]}: no such setting; known here: {', '.join(sorted(KEYS))}")
    for key in ("than", "emotions", "columns", "groups"):
        if not isinstance(claim.get(key, []), list) or (key == "than" and not claim.get(key)):
            raise EmofusionError(f"{name}.{key}={claim.get(key)}: this must be a list of names, written [first,second]")
    groups, columns = [EVERYONE, *paper.groups], paper.columns
    sides = groups if "higher" in claim else columns
    for key, known in (
        *((kind, sides) for kind in KINDS),
        ("than", sides),
        ("emotions", paper.emotions),
        ("columns", columns),
        ("groups", groups),
    ):
        named = claim.get(key) or []
        for item in named if isinstance(named, list) else [named]:
            if item not in known:
                raise EmofusionError(f"{name}.{key}: {item} is not in the tables; there are {', '.join(known)}")
