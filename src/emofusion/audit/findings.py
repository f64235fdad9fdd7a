"""What the tables imply, one finding a row: counts, cells that are possible or not, tables that agree or not."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from emofusion.audit.counts import Count, Inference, agrees, luck, options, pooled
from emofusion.audit.published import EVERYONE, Paper
from emofusion.audit.rounding import neighbours, numerators, rounded


@dataclass(frozen=True)
class Finding:
    """`printed` and `expected` are in the paper's unit; `clips`, `actors` and `correct` are empty where unknown."""

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
    """Kinds `actors` (one a group) and `count` (one a row of a table)."""
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
            actors = "" if count.actors is None else count.actors
            yield Finding("count", text, paper.table(group), group, emotion, clips=count.clips, actors=actors)


def _count_text(paper: Paper, inference: Inference, group: str, emotion: str, count: Count) -> str:
    text = f"{paper.place(group, emotion)}: {_several(count.clips, 'clip')}"
    if count.stated:
        return f"{text}, as the paper states."
    if count.actors is not None:
        text += f", {_several(count.actors, 'actor')} at {paper.clips_per_actor[emotion]} each"
        if count.own and group in inference.actors:
            usual = inference.actors[group] * paper.clips_per_actor[emotion]
            values = dict.fromkeys(paper.rows[group, emotion].values())
            misfits = [paper.show(value) for value in values if not numerators(value, usual, paper.scale)]
            text += (
                f", not {inference.actors[group]} as in other rows: {' and '.join(misfits)} cannot be of {usual} clips"
            )
        return f"{text}."
    if group == EVERYONE and group not in inference.actors and paper.groups:
        return f"{text}, {paper.labels['table2']}'s together{', which are weak evidence' if count.weak else ''}."
    text += " are the fewest that explain the row"
    misfits = [v for v in set(paper.rows[group, emotion].values()) if not numerators(v, count.clips, paper.scale)]
    text += ", " + " and ".join(map(paper.show, sorted(misfits))) + " left aside" if misfits else ""
    if count.weak:
        chance = luck(paper, group, emotion, count.clips)
        text += f"; weak evidence, as arbitrary values would find so small a number with a chance of {chance:.0%}"
    return f"{text}."


def cell_findings(paper: Paper, inference: Inference) -> Iterator[Finding]:
    """Kinds `possible`, `impossible` and `doubtful`: whether each cell is a fraction of the clips behind its row.

    Doubtful: another number of clips, less likely or as likely, would explain it together with the rest of its row.
    """
    for (group, emotion), row in paper.rows.items():
        count = inference.counts[group, emotion]
        for column, value in row.items():
            where = _where(paper, group, emotion, column, value, count)
            place, printed = paper.place(group, emotion, column), paper.show(value)
            found = numerators(value, count.clips, paper.scale)
            if found:
                correct = found[0] if len(found) == 1 else f"{found[0]}–{found[-1]}"
                text = f"{place}: {printed} is {correct}/{count.clips}."
                yield Finding("possible", text, **where, correct=correct, expected=printed)
                continue
            near = [_fraction(paper, k, count.clips) for k in neighbours(value, count.clips, paper.scale)]
            text = (
                f"{place}: {printed} is no fraction of {_several(count.clips, 'clip')}; next to it: {', '.join(near)}"
            )
            others = [] if count.stated else options(paper, group, emotion)
            whole = [n for n in others if all(numerators(v, n, paper.scale) for v in row.values())]
            if whole:
                text += f". {_several(whole[0], 'clip')} would explain the whole row"
            elif others and not any(numerators(value, n, paper.scale) for n in others):
                text += f". Nor of any other number of {_most(paper, others, emotion)}"
            yield Finding("doubtful" if whole or count.weak else "impossible", f"{text}.", **where, expected=near[0])


def agreement_findings(paper: Paper, inference: Inference) -> Iterator[Finding]:
    """Kinds `agreement`, `disagreement` and `unchecked`: the first table's cells against the second's together."""
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
            place, printed = paper.place(EVERYONE, emotion, column), paper.show(value)
            if any(column not in paper.rows[group, emotion] for group in groups):
                continue
            together = pooled(paper, emotion, column, clips)
            parts = [paper.rows[group, emotion][column] for group in groups]
            if together is None:
                mean = sum(Fraction(v) * n for v, n in zip(parts, clips.values(), strict=True)) / total / paper.scale
                expected = paper.show(rounded(mean, paper.decimals, paper.scale))
                text = (
                    f"{place}: {printed} cannot be checked, since a group's value is no fraction; the printed values "
                )
                text += f"alone, weighted by clips, make {expected}."
                yield Finding("unchecked", text, **where, expected=expected)
                continue
            correct = [numerators(v, n, paper.scale) for v, n in zip(parts, clips.values(), strict=True)]
            # of counts that are left open, any will do to show how the sum is made
            expected = paper.show(rounded(Fraction(together[0], total), paper.decimals, paper.scale))
            if len(together) > 1:
                expected += f" to {paper.show(rounded(Fraction(together[-1], total), paper.decimals, paper.scale))}"
            sums = " + ".join(str(k[0]) if len(k) == 1 else f"{k[0]}…{k[-1]}" for k in correct)
            sums = f"({sums})/{total}"
            exact = together[0] if len(together) == 1 else f"{together[0]}–{together[-1]}"
            where |= {"correct": exact, "expected": expected}
            second = paper.labels["table2"]
            if agrees(paper, emotion, column, clips):
                yield Finding("agreement", f"{place}: {printed} = {sums}, as {second} has it.", **where)
            elif count.weak:
                text = f"{place}: {printed} is not the {sums} of {second}, but the clips behind it are uncertain."
                yield Finding("unchecked", text, **where)
            else:
                made = " and ".join(f"{paper.show(v)} of {n}" for v, n in zip(parts, clips.values(), strict=True))
                text = f"{place}: {printed}, but {second}'s {made} make {sums} = {expected}."
                yield Finding("disagreement", text, **where)


def _where(paper: Paper, group: str, emotion: str, column: str, value: Decimal, count: Count) -> dict:
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
    return f"{correct}/{clips} = {paper.show(rounded(Fraction(correct, clips), paper.decimals, paper.scale))}"


def _most(paper: Paper, numbers: list[int], emotion: str) -> str:
    most = numbers[-1]
    return f"actors up to {most // paper.clips_per_actor[emotion]}" if paper.actors else f"clips up to {most}"


def _several(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
