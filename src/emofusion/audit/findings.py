"""The findings about single rows and cells: counts, possible and impossible values, and agreement of the tables."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from emofusion.audit.counts import Count, Inference, agrees, luck, options, pooled
from emofusion.audit.published import EVERYONE, Paper
from emofusion.audit.rounding import neighbours, numerators, rounded


@dataclass(frozen=True)
class Finding:
    """One finding, a row of findings.csv.

    kind: see `emofusion.audit.audit`. finding: a sentence. table, group, emotion, column: the location in the tables.
    printed: the printed value. expected: the value that it should have; both are in the paper's unit. clips, actors,
    correct: numbers of clips, actors and correct clips; empty where they are unknown.
    """

    kind: str
    finding: str
    table: str = ""
    group: str = ""
    emotion: str = ""
    column: str = ""
    printed: str = ""
    clips: int | str = ""
    actors: int | str = ""
    correct: int | str = ""
    expected: str = ""


COLUMNS = (
    "kind",
    "table",
    "group",
    "emotion",
    "column",
    "printed",
    "clips",
    "actors",
    "correct",
    "expected",
    "finding",
)


def count_findings(paper: Paper, inference: Inference) -> Iterator[Finding]:
    """Findings of the kinds `actors` (one for each group) and `count` (one for each row of a table)."""
    for group, actors in inference.actors.items():
        most = sum(paper.actors.values()) if group == EVERYONE else paper.actors[group]
        cells = [
            bool(numerators(value, actors * paper.clips_per_actor[emotion], paper.scale))
            for (row_group, emotion), row in paper.rows.items()
            if row_group == group
            for value in row.values()
        ]
        text = (
            f"{_several(actors, 'actor')} of {paper.corpus} ({most} there) explain {sum(cells)} of {len(cells)} cells "
            f"of {paper.say(group) if group != EVERYONE else paper.labels['table1']}, more than any smaller number"
        )
        if others := sorted({other[group] for other in inference.alternatives} - {actors}):
            text += f"; {' or '.join(map(str, others))} would explain as many"
        yield Finding("actors", f"{text}.", paper.table(group), group, actors=actors)
    for (group, emotion), count in inference.counts.items():
        if (group, emotion) in paper.rows:
            text = _count_text(paper, inference, group, emotion, count)
            known = "" if count.actors is None else count.actors
            yield Finding("count", text, paper.table(group), group, emotion, clips=count.clips, actors=known)


def _count_text(paper: Paper, inference: Inference, group: str, emotion: str, count: Count) -> str:
    """The sentence about a row: how many clips it is based on, and why."""
    text = f"{paper.location(group, emotion)}: {_several(count.clips, 'clip')}"
    if count.stated:
        return f"{text}, as the paper states."
    if count.actors is not None:
        text += f", {_several(count.actors, 'actor')} at {paper.clips_per_actor[emotion]} each"
        if count.differs and group in inference.actors:
            usual = inference.actors[group] * paper.clips_per_actor[emotion]
            values = dict.fromkeys(paper.rows[group, emotion].values())
            unexplained = [paper.show(value) for value in values if not numerators(value, usual, paper.scale)]
            text += f", not {inference.actors[group]} as in other rows: "
            text += f"{' and '.join(unexplained)} cannot be of {usual} clips"
        return f"{text}."
    if group == EVERYONE and group not in inference.actors and paper.groups:
        return f"{text}, {paper.labels['table2']}'s together{', which are weak evidence' if count.weak else ''}."
    text += " are the fewest that explain the row"
    row = set(paper.rows[group, emotion].values())
    misfits = sorted(value for value in row if not numerators(value, count.clips, paper.scale))
    text += ", without " + " and ".join(map(paper.show, misfits)) if misfits else ""
    if count.weak:
        chance = luck(paper, group, emotion, count.clips)
        text += f"; weak evidence, since arbitrary values have so small a number with a chance of {chance:.0%}"
    return f"{text}."


def cell_findings(paper: Paper, inference: Inference) -> Iterator[Finding]:
    """Findings of the kinds `possible`, `impossible` and `doubtful`: whether a cell is a fraction of its row's clips.

    A cell that is no such fraction is impossible. It is only doubtful if another number of clips, even a less likely
    one, would explain the whole row.
    """
    for (group, emotion), row in paper.rows.items():
        count = inference.counts[group, emotion]
        for column, value in row.items():
            where = _where(paper, group, emotion, column, value, count)
            location, printed = paper.location(group, emotion, column), paper.show(value)
            fitting = numerators(value, count.clips, paper.scale)
            if fitting:
                correct = fitting[0] if len(fitting) == 1 else f"{fitting[0]}–{fitting[-1]}"
                text = f"{location}: {printed} is {correct}/{count.clips}."
                yield Finding("possible", text, **where, correct=correct, expected=printed)
                continue
            near = [_fraction(paper, k, count.clips) for k in neighbours(value, count.clips, paper.scale)]
            text = f"{location}: {printed} is no fraction of {_several(count.clips, 'clip')}"
            text += f"; next to it: {', '.join(near)}"
            others = [] if count.stated else options(paper, group, emotion)
            explain_row = [n for n in others if all(numerators(v, n, paper.scale) for v in row.values())]
            if explain_row:
                text += f". {_several(explain_row[0], 'clip')} would explain the whole row"
            elif others and not any(numerators(value, n, paper.scale) for n in others):
                text += f". It is no fraction of any other number of {_most(paper, others, emotion)} either"
            kind = "doubtful" if explain_row or count.weak else "impossible"
            yield Finding(kind, f"{text}.", **where, expected=near[0])


def agreement_findings(paper: Paper, inference: Inference) -> Iterator[Finding]:
    """Findings of the kinds `agreement`, `disagreement` and `unchecked`.

    They compare a cell of the first table with the sum of the groups' cells in the second table.
    """
    for emotion in paper.emotions:
        row = paper.rows.get((EVERYONE, emotion), {})
        groups = [group for group in paper.groups if (group, emotion) in paper.rows]
        if not row or not groups or groups != paper.groups:
            continue
        count = inference.counts[EVERYONE, emotion]
        clips = {group: inference.counts[group, emotion].clips for group in groups}
        total = sum(clips.values())
        for column, value in row.items():
            where = _where(paper, EVERYONE, emotion, column, value, count)
            location, printed = paper.location(EVERYONE, emotion, column), paper.show(value)
            if any(column not in paper.rows[group, emotion] for group in groups):
                continue
            together = pooled(paper, emotion, column, clips)
            values = [paper.rows[group, emotion][column] for group in groups]
            if together is None:
                products = [Fraction(v) * n for v, n in zip(values, clips.values(), strict=True)]
                mean = sum(products, Fraction(0)) / total / paper.scale
                expected = paper.show(rounded(mean, paper.decimals, paper.scale))
                text = f"{location}: {printed} cannot be checked, since a group's value is no fraction; "
                text += f"the mean of the printed values, weighted by clips, is {expected}."
                yield Finding("unchecked", text, **where, expected=expected)
                continue
            correct = [numerators(v, n, paper.scale) for v, n in zip(values, clips.values(), strict=True)]
            expected = paper.show(rounded(Fraction(together[0], total), paper.decimals, paper.scale))
            if len(together) > 1:
                expected += f" to {paper.show(rounded(Fraction(together[-1], total), paper.decimals, paper.scale))}"
            sums = " + ".join(str(k[0]) if len(k) == 1 else f"{k[0]}…{k[-1]}" for k in correct)
            sums = f"({sums})/{total}"
            exact = together[0] if len(together) == 1 else f"{together[0]}–{together[-1]}"
            where |= {"correct": exact, "expected": expected}
            second = paper.labels["table2"]
            if agrees(paper, emotion, column, clips):
                yield Finding("agreement", f"{location}: {printed} = {sums}, which agrees with {second}.", **where)
            elif count.weak:
                text = f"{location}: {printed} is not {sums} from {second}, but the number of clips is uncertain."
                yield Finding("unchecked", text, **where)
            else:
                addends = " and ".join(f"{paper.show(v)} of {n}" for v, n in zip(values, clips.values(), strict=True))
                text = f"{location}: {printed}, but {addends} in {second} give {sums} = {expected}."
                yield Finding("disagreement", text, **where)


def _where(paper: Paper, group: str, emotion: str, column: str, value: Decimal, count: Count) -> dict[str, Any]:
    """The fields of a finding that describe its cell."""
    return {
        "table": paper.table(group),
        "group": group,
        "emotion": emotion,
        "column": column,
        "printed": f"{value:f}",
        "clips": count.clips,
        "actors": "" if count.actors is None else count.actors,
    }


def _fraction(paper: Paper, correct: int, clips: int) -> str:
    """A fraction with its value, such as `42/72 = 58.33 %`."""
    return f"{correct}/{clips} = {paper.show(rounded(Fraction(correct, clips), paper.decimals, paper.scale))}"


def _most(paper: Paper, numbers: list[int], emotion: str) -> str:
    """The range of the numbers of clips that were tried, in words."""
    most = numbers[-1]
    return f"actors up to {most // paper.clips_per_actor[emotion]}" if paper.actors else f"clips up to {most}"


def _several(number: int, noun: str) -> str:
    """A number with its noun in the singular or plural."""
    return f"{number} {noun}" + ("" if number == 1 else "s")
