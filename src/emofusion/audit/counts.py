"""How many clips and actors stand behind each row of the tables: what their fractions leave open.

Every accuracy is k/n rounded. The numbers n that all columns of a row allow are few; where the corpus says how many
clips an actor has, they are fewer; and one number of actors has to explain all rows of a group. After the GRIM test
(Brown and Heathers 2017, "The GRIM test", Social Psychological and Personality Science 8), for counts that are unknown.
"""

from dataclasses import dataclass, field
from itertools import product
from math import prod

from emofusion.audit.published import EVERYONE, Paper
from emofusion.audit.rounding import chance, numerators

# A row has another number of actors than its group only if that explains so many more printed values: one value alone,
# a misprint, is soon explained by some number.
GAIN = 2
# Where nothing is known of the corpus, some large number explains whatever is printed: one that arbitrary values would
# find more often than this is weak evidence, and no cell is called wrong because of it.
WEAK = 0.05
COMBINATIONS = 20_000  # of the groups' numbers, tried for a row


@dataclass(frozen=True)
class Count:
    """`own`: other actors than the rest of the group. `weak`: another number of clips may as well be true."""

    clips: int
    actors: int | None = None
    stated: bool = False
    own: bool = False
    weak: bool = False


@dataclass
class Inference:
    """`counts`: (group, emotion) → Count. `actors`: group → number; `alternatives`: other numbers, in the order of
    `actors`, that explain as many cells."""

    counts: dict[tuple[str, str], Count] = field(default_factory=dict)
    actors: dict[str, int] = field(default_factory=dict)
    alternatives: list[dict[str, int]] = field(default_factory=list)


def infer(paper: Paper) -> Inference:
    """The smallest numbers that explain the most cells. A cell that fits no number is left aside, not obeyed."""
    found = Inference()
    families = {emotion: _family(paper, emotion) for emotion in paper.emotions}
    if paper.actors:
        _find_actors(paper, families, found)
    for emotion, groups in families.items():
        best, sure = _best(paper, emotion, groups, {g: options(paper, g, emotion) for g in groups})
        own = False
        if found.actors:
            each = paper.clips_per_actor[emotion]
            joint = {group: paper.clips.get((group, emotion), found.actors[group] * each) for group in groups}
            own = _explained(paper, emotion, best) - _explained(paper, emotion, joint) >= GAIN
            best = best if own else joint
        for group, clips in best.items():
            stated = (group, emotion) in paper.clips
            actors = clips // paper.clips_per_actor[emotion] if paper.actors else None
            weak = not stated and not paper.actors and (not sure or luck(paper, group, emotion, clips) > WEAK)
            found.counts[group, emotion] = Count(clips, actors, stated, own and actors != found.actors[group], weak)
        if (EVERYONE, emotion) in paper.rows and EVERYONE not in groups:
            parts = [found.counts[group, emotion] for group in groups]
            whole = groups == paper.groups
            found.counts[EVERYONE, emotion] = _together(paper, emotion, parts) if whole else _alone(paper, emotion)
    return found


def options(paper: Paper, group: str, emotion: str) -> list[int]:
    """The numbers of clips that a row may have before its fractions are looked at."""
    if (group, emotion) in paper.clips:
        return [paper.clips[group, emotion]]
    if paper.actors:
        most = sum(paper.actors.values()) if group == EVERYONE else paper.actors[group]
        return [actors * paper.clips_per_actor[emotion] for actors in range(1, most + 1)]
    return list(range(1, paper.maximum + 1))


def pooled(paper: Paper, emotion: str, column: str, clips: dict[str, int]) -> range | None:
    """The counts of correct clips that the groups' cells make together; None where one of them fits no count."""
    low = high = 0
    for group, number in clips.items():
        if column not in paper.rows[group, emotion]:
            return None
        found = numerators(paper.rows[group, emotion][column], number, paper.scale)
        if not found:
            return None
        low, high = low + found[0], high + found[-1]
    return range(low, high + 1)


def agrees(paper: Paper, emotion: str, column: str, clips: dict[str, int]) -> bool:
    """Whether the first table's cell can be what the groups' cells make together."""
    together = pooled(paper, emotion, column, clips)
    own = numerators(paper.rows[EVERYONE, emotion][column], sum(clips.values()), paper.scale)
    return together is not None and max(together[0], own.start) < min(together[-1] + 1, own.stop)


def luck(paper: Paper, group: str, emotion: str, clips: int) -> float:
    """How likely it is that so small a number explains by chance as much of a row as this one does. 0 and 100 %, which
    every number explains, do not count."""
    values = set(paper.rows[group, emotion].values()) - {0, paper.scale}
    fitting = sum(bool(numerators(value, clips, paper.scale)) for value in values)
    return chance(len(values), fitting, clips, paper.scale * 10**paper.decimals + 1)


def _together(paper: Paper, emotion: str, parts: list[Count]) -> Count:
    """The first table's row, of which the groups' are parts."""
    clips = paper.clips.get((EVERYONE, emotion))
    actors = sum(part.actors for part in parts) if paper.actors else None
    own, weak = any(part.own for part in parts), clips is None and any(part.weak for part in parts)
    return Count(clips or sum(part.clips for part in parts), actors, clips is not None, own, weak)


def _alone(paper: Paper, emotion: str) -> Count:
    """The first table's row, where the second has not all of its parts."""
    clips = _best(paper, emotion, [EVERYONE], {EVERYONE: options(paper, EVERYONE, emotion)})[0][EVERYONE]
    stated = (EVERYONE, emotion) in paper.clips
    actors = clips // paper.clips_per_actor[emotion] if paper.actors else None
    weak = not stated and not paper.actors and luck(paper, EVERYONE, emotion, clips) > WEAK
    return Count(clips, actors, stated, weak=weak)


def _family(paper: Paper, emotion: str) -> list[str]:
    """The groups whose numbers have to be found together: all of the second table, or the first table's row alone."""
    groups = [group for group in paper.groups if (group, emotion) in paper.rows]
    return groups or [EVERYONE]


def _fits(paper: Paper, group: str, emotion: str, clips: int) -> int:
    """How many different values of a row are fractions of so many clips."""
    return sum(bool(numerators(v, clips, paper.scale)) for v in set(paper.rows[group, emotion].values()))


def _agreeing(paper: Paper, emotion: str, clips: dict[str, int]) -> int:
    if EVERYONE in clips or set(clips) != set(paper.groups):
        return 0
    row = paper.rows.get((EVERYONE, emotion), {})
    right = {row[column] for column in row if agrees(paper, emotion, column, clips)}
    return len(right) - (paper.clips.get((EVERYONE, emotion), total := sum(clips.values())) != total)


def _explained(paper: Paper, emotion: str, clips: dict[str, int]) -> int:
    return sum(_fits(paper, group, emotion, n) for group, n in clips.items()) + _agreeing(paper, emotion, clips)


def _best(paper: Paper, emotion: str, groups: list[str], numbers: dict[str, list[int]]) -> tuple[dict[str, int], bool]:
    """For a row of all groups: most values in the groups' own cells, then in the first table's, then fewest clips."""
    tops = [_top(numbers[group], lambda n, group=group: _fits(paper, group, emotion, n)) for group in groups]
    sure = prod(map(len, tops)) <= COMBINATIONS
    if not sure:
        tops = [top[: int(COMBINATIONS ** (1 / len(tops)))] for top in tops]
    wanted = len(set(paper.rows.get((EVERYONE, emotion), {}).values()))
    best, most = None, float("-inf")
    for combination in sorted(product(*tops), key=lambda c: (sum(c), c)):
        clips = dict(zip(groups, combination, strict=True))
        agreeing = _agreeing(paper, emotion, clips)
        if agreeing > most:
            best, most = clips, agreeing
        if EVERYONE in groups or most == wanted:
            break
    return best, sure


def _find_actors(paper: Paper, families: dict[str, list[str]], found: Inference) -> None:
    names = list(dict.fromkeys(group for groups in families.values() for group in groups))
    tops = []
    for group in names:
        emotions = [emotion for emotion, groups in families.items() if group in groups]
        most = sum(paper.actors.values()) if group == EVERYONE else paper.actors[group]
        tops.append(
            _top(range(1, most + 1), lambda a, g=group, e=emotions: sum(_fits_actors(paper, g, x, a) for x in e))
        )
    scored = []
    for combination in product(*tops):
        actors = dict(zip(names, combination, strict=True))
        score = sum(
            _agreeing(paper, emotion, {g: actors[g] * paper.clips_per_actor[emotion] for g in groups})
            for emotion, groups in families.items()
        )
        scored.append((-score, sum(combination), actors))
    scored.sort(key=lambda item: item[:2])
    found.actors = scored[0][2]
    found.alternatives = [actors for score, _, actors in scored[1:] if score == scored[0][0]]


def _fits_actors(paper: Paper, group: str, emotion: str, actors: int) -> int:
    clips = paper.clips.get((group, emotion), actors * paper.clips_per_actor[emotion])
    return _fits(paper, group, emotion, clips)


def _top(numbers, score) -> list[int]:
    """The numbers that score highest, in their order."""
    scores = {number: score(number) for number in numbers}
    highest = max(scores.values())
    return [number for number, value in scores.items() if value == highest]
