"""Findings from several cells: overall accuracy, and gaps between groups with their uncertainty."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations
from math import comb, sqrt

from emofusion.audit.counts import Inference
from emofusion.audit.findings import Finding
from emofusion.audit.published import Paper
from emofusion.audit.rounding import numerators, rounded

Z = 1.959964  # 95 % of a normal distribution lie within this number of standard deviations around the mean


def overall_findings(paper: Paper, inference: Inference) -> Iterator[Finding]:
    """Findings of the kind `overall`, one for each group and column.

    They state the accuracy on all clips of the group together, and the mean of the printed values over emotions.
    """
    for group in dict.fromkeys(group for group, _ in paper.rows):
        rows = {emotion: row for (row_group, emotion), row in paper.rows.items() if row_group == group}
        for column in paper.columns:
            printed = {emotion: row[column] for emotion, row in rows.items() if column in row}
            counted = {
                emotion: count for emotion in printed if (count := exact(paper, inference, group, emotion, column))
            }
            if not counted:
                continue
            correct, clips = (sum(values) for values in zip(*counted.values(), strict=True))
            share = paper.show(rounded(Fraction(correct, clips), paper.decimals, paper.scale))
            mean = Fraction(sum(printed.values())) / len(printed) / paper.scale
            left_out = [paper.say(emotion) for emotion in printed if emotion not in counted]
            text = (
                f"{paper.location(group, '', column)}: {correct} of {clips} clips, {share}"
                + (f", without {' and '.join(left_out)}, whose count is unknown" if left_out else "")
                + f"; the mean of the {len(printed)} printed emotions (unweighted average recall) is "
                + f"{paper.show(rounded(mean, paper.decimals, paper.scale))}."
            )
            where = {"table": paper.table(group), "group": group, "column": column}
            yield Finding("overall", text, **where, clips=clips, correct=correct, expected=share)


def gap_findings(paper: Paper, inference: Inference) -> Iterator[Finding]:
    """Findings of the kinds `gap` (for each column and emotion whose counts are known) and `resolution`.

    A resolution states the smallest p value that is possible with so few actors.
    """
    for first, second in combinations(paper.groups, 2):
        pair = f"{first} - {second}"
        if first in inference.actors and second in inference.actors:
            yield _resolution(paper, inference, first, second, pair)
        for emotion in paper.emotions:
            for column in paper.columns:
                counts1 = exact(paper, inference, first, emotion, column)
                counts2 = exact(paper, inference, second, emotion, column)
                if not (counts1 and counts2):
                    continue
                low, high = (paper.scale * bound for bound in newcombe(*counts1, *counts2))
                gap = paper.scale * (counts1[0] / counts1[1] - counts2[0] / counts2[1])
                p, decimals = fisher(*counts1, *counts2), paper.decimals
                # what is rounded to 0 has no minus sign
                shown = [f"{round(value, decimals) + 0.0:+.{decimals}f}" for value in (gap, low, high)]
                size = f"{shown[0]} ({shown[1]} to {shown[2]}), p = {p:.2g}"
                text = (
                    f"{paper.labels['table2']}, {paper.say(emotion)}, {paper.say(column)}: {paper.say(first)} "
                    f"{counts1[0]}/{counts1[1]}, {paper.say(second)} {counts2[0]}/{counts2[1]}: the gap, its 95 % "
                    f"interval and Fisher's exact p are {size}, if clips were independent."
                )
                clips, correct = counts1[1] + counts2[1], counts1[0] + counts2[0]
                where = {"table": "table2", "group": pair, "emotion": emotion, "column": column}
                yield Finding("gap", text, **where, clips=clips, correct=correct, expected=size)


def exact(paper: Paper, inference: Inference, group: str, emotion: str, column: str) -> tuple[int, int] | None:
    """The number of correct clips and of all clips of a cell.

    None where the cell is not printed, or where no number or several numbers of correct clips fit it.
    """
    value = paper.rows.get((group, emotion), {}).get(column)
    if value is None or inference.counts[group, emotion].weak:
        return None
    clips = inference.counts[group, emotion].clips
    fitting = numerators(value, clips, paper.scale)
    return (fitting[0], clips) if len(fitting) == 1 else None


def wilson(correct: int, clips: int) -> tuple[float, float]:
    """The low and high end of the 95 % interval of the share correct / clips (Wilson 1927), as fractions."""
    share, spread = correct / clips, Z * Z / clips
    centre, half = share + spread / 2, Z * sqrt(share * (1 - share) / clips + spread / (4 * clips))
    return (centre - half) / (1 + spread), (centre + half) / (1 + spread)


def newcombe(correct1: int, clips1: int, correct2: int, clips2: int) -> tuple[float, float]:
    """The 95 % interval of the difference of two independent shares (Newcombe 1998, method 10), as fractions.

    correct1, clips1: of the first share. correct2, clips2: of the second, which is subtracted.
    """
    share1, share2 = correct1 / clips1, correct2 / clips2
    (low1, high1), (low2, high2) = wilson(correct1, clips1), wilson(correct2, clips2)
    gap = share1 - share2
    return gap - sqrt((share1 - low1) ** 2 + (high2 - share2) ** 2), gap + sqrt(
        (high1 - share1) ** 2 + (share2 - low2) ** 2
    )


def fisher(correct1: int, clips1: int, correct2: int, clips2: int) -> float:
    """The two-sided p value of Fisher's exact test: the probability of all tables that are at most as likely as this.

    correct1, clips1: of the first group. correct2, clips2: of the second group.
    """
    correct = correct1 + correct2
    ways = {
        k: comb(clips1, k) * comb(clips2, correct - k)
        for k in range(max(0, correct - clips2), min(clips1, correct) + 1)
    }
    return float(Fraction(sum(way for way in ways.values() if way <= ways[correct1]), sum(ways.values())))


def _resolution(paper: Paper, inference: Inference, first: str, second: str, pair: str) -> Finding:
    """The finding that states the smallest possible p value with the actors of two groups."""
    actors1, actors2 = inference.actors[first], inference.actors[second]
    ways = comb(actors1 + actors2, actors1)
    text = (
        f"Clips of one actor are not independent, so the p of a gap is too small and its interval too narrow. With "
        f"{actors1} actors ({paper.say(first)}) and {actors2} ({paper.say(second)}), no test of actors against actors "
        f"can reach a two-sided p below {min(2, ways)}/{ways} = {min(2, ways) / ways:.2g}, even if every actor of one "
        f"group is above every actor of the other."
    )
    return Finding("resolution", text, "table2", pair, actors=actors1 + actors2)
