"""How often the tests of groups reject a true null hypothesis, and their intervals hold the truth, by simulation.

The studies of a batch are systems on the same clips, so that they share the permutations.
"""

import numpy as np
import pandas as pd
import pytest

from emofusion.evaluation.groups import group_tables
from emofusion.evaluation.systems import Systems
from emofusion.settings.experiment import Evaluation

BATCHES, SIZE, EMOTIONS = 10, 200, 2  # 2000 studies
REJECTED = 0.06


def studied(levels, of_people, deviations, clips=10, mean=0.75):
    """The tables `group_gaps` and `group_tests` of many studies in which no level is harder than another.

    levels: the level of each actor, or the levels of every actor where they vary within people. deviations: how much
    people differ by level. clips: of each actor, level and emotion.
    """
    random, found = np.random.default_rng(11), []
    cells = [(actor, level) for actor, own in enumerate(levels) for level in ([own] if of_people else own)]
    cells = [(*cell, emotion) for cell in cells for emotion in range(EMOTIONS)]
    actor, level, truth = np.repeat(cells, clips, axis=0).T
    people = pd.DataFrame({"actor": [f"a{n:02}" for n in range(len(levels))], "gender": "female"})
    names = np.array([f"c{n}" for n in range(len(actor))])
    of_clip = people["actor"].to_numpy()[actor]
    facts = pd.DataFrame({"clip": names, "actor": of_clip, "level": np.array(["x", "y", "z"])[level]})
    for batch in range(BATCHES):
        if of_people:
            size = mean * (1 - mean) / np.array(deviations) ** 2 - 1
            skill = random.beta(mean * size, (1 - mean) * size, (SIZE, len(levels), len(deviations)))
        else:  # a level is a little harder for some, and easier for others
            own = random.normal(0, 1, (SIZE, len(levels), 1)) * np.array(deviations)
            skill = np.clip(mean + own + random.normal(0, 0.05, (SIZE, len(levels), len(deviations))), 0, 1)
        right = random.random((SIZE, len(actor))) < skill[:, actor, level]
        posteriors = np.zeros((SIZE, 1, EMOTIONS))
        systems = Systems(
            [f"s{n}" for n in range(SIZE)],
            ["angry", "happy"],
            people,
            actor,
            truth,
            np.where(right, truth, 1 - truth),
            posteriors,
            names,
        )
        settings = Evaluation(groups=["level"], permutations=300, seed=batch)
        tables = group_tables(systems, facts, settings)
        found.append([tables[name].query("emotion == 'all'") for name in ("group_gaps", "group_tests")])
    return [pd.concat(tables, ignore_index=True) for tables in zip(*found, strict=True)]


@pytest.mark.parametrize(
    ("levels", "of_people"),
    [
        ([0] * 12 + [1] * 12, True),
        ([0] * 5 + [1] * 4, True),
        ([0] * 12 + [1] * 8 + [2] * 4, True),
        ([0] * 3 + [1] * 3 + [2] * 3, True),
        ([(0, 1)] * 24, False),
        ([(0, 1)] * 9, False),
        ([(0, 1, 2)] * 24, False),
        ([(0, 1, 2)] * 9, False),
    ],
)
def test_groups_that_spread_alike_are_seldom_told_apart(levels, of_people):
    gaps, tests = studied(levels, of_people, (0.1, 0.1, 0.1))
    assert (tests["p"] <= 0.05).mean() <= REJECTED and (gaps["p"] <= 0.05).mean() <= REJECTED
    assert 0.93 < ((gaps["low"] <= 0) & (gaps["high"] >= 0)).mean() < 0.97


@pytest.mark.parametrize(
    ("levels", "deviations"),
    [
        ([0] * 12 + [1] * 12, (0.04, 0.14)),
        ([0] * 5 + [1] * 4, (0.04, 0.14)),
        ([0] * 5 + [1] * 4, (0.14, 0.04)),
        ([0] * 12 + [1] * 4, (0.04, 0.14)),
        ([0] * 12 + [1] * 8 + [2] * 4, (0.04, 0.1, 0.16)),
        ([0] * 6 + [1] * 6 + [2] * 6, (0.04, 0.1, 0.16)),
    ],
)
@pytest.mark.parametrize("mean", [0.6, 0.9])
def test_groups_that_spread_unequally_are_seldom_told_apart(levels, deviations, mean):
    """A permutation alone rejects in up to 17 of 100 studies here; see `groups`."""
    shrunk = np.array(deviations) * (1 if mean < 0.9 else 0.7)  # near the ceiling they cannot differ as much
    gaps, tests = studied(levels, True, shrunk, clips=30, mean=mean)
    assert (tests["p"] <= 0.05).mean() <= REJECTED and (gaps["p"] <= 0.05).mean() <= REJECTED
    if mean < 0.9:  # an interval that is symmetric is too short near the ceiling
        assert 0.93 < ((gaps["low"] <= 0) & (gaps["high"] >= 0)).mean() < 0.97
