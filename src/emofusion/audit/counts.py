"""Infer how many clips and actors each row of the tables is based on.

Every accuracy is a rounded fraction k/n of n clips. All columns of a row have the same n, and only few n can explain
all their values. Even fewer are possible if the number of clips of each actor is known, because one number of actors
must explain all rows of a group. This is the GRIM test (Brown and Heathers 2017, "The GRIM test", Social Psychological
and Personality Science 8), applied to unknown counts.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from math import prod

from emofusion.audit.published import EVERYONE, Paper
from emofusion.audit.rounding import chance, numerators

# A row gets another number of actors than its group only if this explains at least this number of further printed
# values. Some other number can easily explain a single misprint.
GAIN = 2
# If nothing is known about the corpus, some large number of clips explains any printed values. A number is weak
# evidence if it would explain arbitrary values with a larger probability than this. No cell is called wrong because of
# weak evidence.
WEAK = 0.05
COMBINATIONS = 20_000  # the largest number of combinations of the groups' numbers that are tried for a row


@dataclass(frozen=True)
class Count:
    """The number of clips of a row.

    actors: the number of actors who have these clips; None where it is unknown. stated: whether the paper states the
    number of clips. differs: whether the number of actors is another one than in the other rows of the group. weak:
    whether another number of clips is equally credible.
    """

    clips: int
    actors: int | None = None
    stated: bool = False
    differs: bool = False
    weak: bool = False


@dataclass
class Inference:
    """The numbers that were inferred from a paper's tables.

    counts: (group, emotion) → Count. actors: group → the number of actors. alternatives: other numbers of actors, by
    group, that explain equally many cells.
    """

    counts: dict[tuple[str, str], Count] = field(default_factory=dict)
    actors: dict[str, int] = field(default_factory=dict)
    alternatives: list[dict[str, int]] = field(default_factory=list)


def infer(paper: Paper) -> Inference:
    """Infer the smallest numbers that explain the most cells. Cells that they do not explain have no influence."""
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
            of_groups = [inference.counts[group, emotion] for group in groups]
            has_all_groups = groups == paper.groups
            inference.counts[EVERYONE, emotion] = (
                _together(paper, emotion, of_groups) if has_all_groups else _alone(paper, emotion)
            )
    return inference


def options(paper: Paper, group: str, emotion: str) -> list[int]:
    """The numbers of clips that are possible for a row, without regard to its printed values."""
    if (group, emotion) in paper.clips:
        return [paper.clips[group, emotion]]
    if paper.actors:
        most = sum(paper.actors.values()) if group == EVERYONE else paper.actors[group]
        return [actors * paper.clips_per_actor[emotion] for actors in range(1, most + 1)]
    return list(range(1, paper.maximum + 1))


def pooled(paper: Paper, emotion: str, column: str, clips: dict[str, int]) -> range | None:
    """The possible sums of correct clips over the groups' cells; None where a cell is not printed or is impossible.

    clips: group → the number of clips of the row.
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
    """Whether the first table's cell can be the sum of the groups' cells. clips: group → number of clips."""
    together = pooled(paper, emotion, column, clips)
    possible = numerators(paper.rows[EVERYONE, emotion][column], sum(clips.values()), paper.scale)
    return together is not None and max(together[0], possible.start) < min(together[-1] + 1, possible.stop)


def luck(paper: Paper, group: str, emotion: str, clips: int) -> float:
    """The probability that some number up to `clips` explains by chance as many of a row's values as `clips` does.

    Values of 0 and 100 % do not count, because every number explains them.
    """
    values = set(paper.rows[group, emotion].values()) - {0, paper.scale}
    fitting = sum(bool(numerators(value, clips, paper.scale)) for value in values)
    return chance(len(values), fitting, clips, paper.scale * 10**paper.decimals + 1)


def _together(paper: Paper, emotion: str, groups: list[Count]) -> Count:
    """The count of the first table's row, where the second table has a row for each group. groups: their counts."""
    clips = paper.clips.get((EVERYONE, emotion))
    actors = sum(group.actors or 0 for group in groups) if paper.actors else None
    differs, weak = any(group.differs for group in groups), clips is None and any(group.weak for group in groups)
    return Count(clips or sum(group.clips for group in groups), actors, clips is not None, differs, weak)


def _alone(paper: Paper, emotion: str) -> Count:
    """The count of the first table's row, where the second table lacks the rows of some groups."""
    clips = _best(paper, emotion, [EVERYONE], {EVERYONE: options(paper, EVERYONE, emotion)})[0][EVERYONE]
    stated = (EVERYONE, emotion) in paper.clips
    actors = clips // paper.clips_per_actor[emotion] if paper.actors else None
    weak = not stated and not paper.actors and luck(paper, EVERYONE, emotion, clips) > WEAK
    return Count(clips, actors, stated, weak=weak)


def _family(paper: Paper, emotion: str) -> list[str]:
    """The groups whose numbers are inferred together: those of the second table, or `all` where it has none."""
    groups = [group for group in paper.groups if (group, emotion) in paper.rows]
    return groups or [EVERYONE]


def _fits(paper: Paper, group: str, emotion: str, clips: int) -> int:
    """How many different values of a row can be fractions of this number of clips."""
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
    """How many values of an emotion's rows, in both tables, these numbers of clips explain."""
    return sum(_fits(paper, group, emotion, n) for group, n in clips.items()) + _agreeing(paper, emotion, clips)


def _best(paper: Paper, emotion: str, groups: list[str], numbers: dict[str, list[int]]) -> tuple[dict[str, int], bool]:
    """The best numbers of clips for an emotion's rows, and whether all combinations were tried.

    The best numbers explain the most values in the groups' cells. Among these, they explain the most values in the
    first table. Among these, they are the smallest. numbers: group → the possible numbers.
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
    """How many values of a group's rows this number of actors explains."""
    return sum(
        _fits(paper, group, emotion, paper.clips.get((group, emotion), actors * paper.clips_per_actor[emotion]))
        for emotion in emotions
    )


def _top(numbers: Iterable[int], score: Callable[[int], int]) -> list[int]:
    """The numbers with the highest score, in their order."""
    scores = {number: score(number) for number in numbers}
    highest = max(scores.values())
    return [number for number, value in scores.items() if value == highest]
