"""How many clips and actors stand behind each row of the tables.

Every accuracy is k/n, rounded. All columns of a row have the same n, and few n allow all their values. They are fewer
where the corpus says how many clips an actor has, as one number of actors has to explain all rows of a group. This is
the GRIM test (Brown and Heathers 2017, "The GRIM test", Social Psychological and Personality Science 8), applied where
the counts are unknown.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from math import prod

from emofusion.audit.published import EVERYONE, Paper
from emofusion.audit.rounding import chance, numerators

# A row gets another number of actors than its group only if that explains at least so many more printed values: a
# single misprint is easily explained by some other number.
GAIN = 2
# Where nothing is known of the corpus, some large number of clips explains any printed values. A number that would
# explain arbitrary values with a greater probability than this is weak evidence: no cell is called wrong because of it.
WEAK = 0.05
COMBINATIONS = 20_000  # how many combinations of the groups' numbers are tried for a row


@dataclass(frozen=True)
class Count:
    """How many clips stand behind a row.

    actors: how many actors have these clips, None where that is unknown. stated: whether the paper states the clips.
    differs: whether they are of another number of actors than the other rows of the group. weak: whether another number
    of clips is as credible.
    """

    clips: int
    actors: int | None = None
    stated: bool = False
    differs: bool = False
    weak: bool = False


@dataclass
class Inference:
    """What was inferred of a paper's tables.

    counts: (group, emotion) → Count. actors: group → number of actors. alternatives: other numbers of actors that
    explain as many cells.
    """

    counts: dict[tuple[str, str], Count] = field(default_factory=dict)
    actors: dict[str, int] = field(default_factory=dict)
    alternatives: list[dict[str, int]] = field(default_factory=list)


def infer(paper: Paper) -> Inference:
    """The smallest numbers that explain the most cells; a cell that no such number explains is disregarded."""
    inference = Inference()
    families = {emotion: _family(paper, emotion) for emotion in paper.emotions}
    if paper.actors:
        _find_actors(paper, families, inference)
    for emotion, groups in families.items():
        best, sure = _best(paper, emotion, groups, {g: options(paper, g, emotion) for g in groups})
        apart = False
        if inference.actors:
            each = paper.clips_per_actor[emotion]
            joint = {group: paper.clips.get((group, emotion), inference.actors[group] * each) for group in groups}
            apart = _explained(paper, emotion, best) - _explained(paper, emotion, joint) >= GAIN
            best = best if apart else joint
        for group, clips in best.items():
            stated = (group, emotion) in paper.clips
            actors = clips // paper.clips_per_actor[emotion] if paper.actors else None
            weak = not stated and not paper.actors and (not sure or luck(paper, group, emotion, clips) > WEAK)
            differs = apart and actors != inference.actors[group]
            inference.counts[group, emotion] = Count(clips, actors, stated, differs, weak)
        if (EVERYONE, emotion) in paper.rows and EVERYONE not in groups:
            parts = [inference.counts[group, emotion] for group in groups]
            whole = groups == paper.groups
            inference.counts[EVERYONE, emotion] = _together(paper, emotion, parts) if whole else _alone(paper, emotion)
    return inference


def options(paper: Paper, group: str, emotion: str) -> list[int]:
    """The numbers of clips that a row may have, as far as is known without its printed values."""
    if (group, emotion) in paper.clips:
        return [paper.clips[group, emotion]]
    if paper.actors:
        most = sum(paper.actors.values()) if group == EVERYONE else paper.actors[group]
        return [actors * paper.clips_per_actor[emotion] for actors in range(1, most + 1)]
    return list(range(1, paper.maximum + 1))


def pooled(paper: Paper, emotion: str, column: str, clips: dict[str, int]) -> range | None:
    """The numbers of correct clips that the groups' cells may add up to; None where a cell fits no number.

    clips: group → clips of the row.
    """
    low = high = 0
    for group, number in clips.items():
        if column not in paper.rows[group, emotion]:
            return None
        correct = numerators(paper.rows[group, emotion][column], number, paper.scale)
        if not correct:
            return None
        low, high = low + correct[0], high + correct[-1]
    return range(low, high + 1)


def agrees(paper: Paper, emotion: str, column: str, clips: dict[str, int]) -> bool:
    """Whether the first table's cell can be what the groups' cells add up to."""
    together = pooled(paper, emotion, column, clips)
    possible = numerators(paper.rows[EVERYONE, emotion][column], sum(clips.values()), paper.scale)
    return together is not None and max(together[0], possible.start) < min(together[-1] + 1, possible.stop)


def luck(paper: Paper, group: str, emotion: str, clips: int) -> float:
    """How likely it is that some number up to `clips` explains by chance as many of a row's values as `clips` does.

    Values of 0 and 100 % do not count, as every number explains them.
    """
    values = set(paper.rows[group, emotion].values()) - {0, paper.scale}
    fitting = sum(bool(numerators(value, clips, paper.scale)) for value in values)
    return chance(len(values), fitting, clips, paper.scale * 10**paper.decimals + 1)


def _together(paper: Paper, emotion: str, parts: list[Count]) -> Count:
    """The count of the first table's row, where the second table has the rows of all groups, `parts`."""
    clips = paper.clips.get((EVERYONE, emotion))
    actors = sum(part.actors or 0 for part in parts) if paper.actors else None
    differs, weak = any(part.differs for part in parts), clips is None and any(part.weak for part in parts)
    return Count(clips or sum(part.clips for part in parts), actors, clips is not None, differs, weak)


def _alone(paper: Paper, emotion: str) -> Count:
    """The count of the first table's row, where the second table lacks the rows of some groups."""
    clips = _best(paper, emotion, [EVERYONE], {EVERYONE: options(paper, EVERYONE, emotion)})[0][EVERYONE]
    stated = (EVERYONE, emotion) in paper.clips
    actors = clips // paper.clips_per_actor[emotion] if paper.actors else None
    weak = not stated and not paper.actors and luck(paper, EVERYONE, emotion, clips) > WEAK
    return Count(clips, actors, stated, weak=weak)


def _family(paper: Paper, emotion: str) -> list[str]:
    """The groups whose numbers have to be inferred together: those of the second table, or the first table."""
    groups = [group for group in paper.groups if (group, emotion) in paper.rows]
    return groups or [EVERYONE]


def _fits(paper: Paper, group: str, emotion: str, clips: int) -> int:
    """How many different values of a row are fractions of so many clips."""
    return sum(bool(numerators(value, clips, paper.scale)) for value in set(paper.rows[group, emotion].values()))


def _agreeing(paper: Paper, emotion: str, clips: dict[str, int]) -> int:
    """How many different values of the first table's row agree with the groups' rows.

    It is one less where the paper states another total number of clips than the groups have together.
    """
    if EVERYONE in clips or set(clips) != set(paper.groups):
        return 0
    row = paper.rows.get((EVERYONE, emotion), {})
    values = {row[column] for column in row if agrees(paper, emotion, column, clips)}
    total = sum(clips.values())
    return len(values) - (paper.clips.get((EVERYONE, emotion), total) != total)


def _explained(paper: Paper, emotion: str, clips: dict[str, int]) -> int:
    """How many values of an emotion's rows these numbers of clips explain, in both tables."""
    return sum(_fits(paper, group, emotion, n) for group, n in clips.items()) + _agreeing(paper, emotion, clips)


def _best(paper: Paper, emotion: str, groups: list[str], numbers: dict[str, list[int]]) -> tuple[dict[str, int], bool]:
    """The best numbers of clips of an emotion's rows, and whether all combinations were tried.

    They explain the most values in the groups' own cells, then in the first table's cells, and then are the smallest.
    numbers: group → the numbers that it may have.
    """
    tops = [_top(numbers[group], partial(_fits, paper, group, emotion)) for group in groups]
    sure = prod(map(len, tops)) <= COMBINATIONS
    if not sure:
        tops = [top[: int(COMBINATIONS ** (1 / len(tops)))] for top in tops]
    possible = len(set(paper.rows.get((EVERYONE, emotion), {}).values()))
    best: dict[str, int] = {}
    most = float("-inf")
    for combination in sorted(product(*tops), key=lambda c: (sum(c), c)):
        clips = dict(zip(groups, combination, strict=True))
        agreeing = _agreeing(paper, emotion, clips)
        if agreeing > most:
            best, most = clips, agreeing
        if EVERYONE in groups or most == possible:
            break
    return best, sure


def _find_actors(paper: Paper, families: dict[str, list[str]], inference: Inference) -> None:
    """Infer each group's number of actors, and write it and its alternatives into the inference.

    families: emotion → see `_family`.
    """
    names = list(dict.fromkeys(group for groups in families.values() for group in groups))
    tops = []
    for group in names:
        emotions = [emotion for emotion, groups in families.items() if group in groups]
        most = sum(paper.actors.values()) if group == EVERYONE else paper.actors[group]
        tops.append(_top(range(1, most + 1), partial(_fits_actors, paper, group, emotions)))
    scored = []
    for combination in product(*tops):
        actors = dict(zip(names, combination, strict=True))
        score = sum(
            _agreeing(paper, emotion, {g: actors[g] * paper.clips_per_actor[emotion] for g in groups})
            for emotion, groups in families.items()
        )
        scored.append((-score, sum(combination), actors))
    scored.sort(key=lambda item: item[:2])
    inference.actors = scored[0][2]
    inference.alternatives = [actors for score, _, actors in scored[1:] if score == scored[0][0]]


def _fits_actors(paper: Paper, group: str, emotions: list[str], actors: int) -> int:
    """How many values of a group's rows so many actors explain."""
    return sum(
        _fits(paper, group, emotion, paper.clips.get((group, emotion), actors * paper.clips_per_actor[emotion]))
        for emotion in emotions
    )


def _top(numbers: Iterable[int], score: Callable[[int], int]) -> list[int]:
    """The numbers that have the highest score, in their order."""
    scores = {number: score(number) for number in numbers}
    highest = max(scores.values())
    return [number for number, value in scores.items() if value == highest]
