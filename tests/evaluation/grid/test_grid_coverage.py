"""How often the intervals of a grid hold the truth, and how often its tests err, by simulation."""

import numpy as np
import pytest
from scipy.special import stdtrit

from emofusion.evaluation.flips import sign_flips
from emofusion.evaluation.grid.contrasts import simultaneous
from emofusion.evaluation.grid.crossed import crossed, within

STUDIES = 2000


def males(actors):
    return np.arange(actors) % 2 == 1


# deviations in points of actors, seeds and the rest; the share of studies whose interval holds the true mean
@pytest.mark.parametrize(
    ("actors", "seeds", "deviations", "least", "most"),
    [
        *((actors, seeds, (10, 1, 5), 0.93, 0.97) for actors in (8, 24) for seeds in (2, 3, 5)),
        *((actors, seeds, (10, 2, 5), 0.93, 0.97) for actors in (8, 24) for seeds in (2, 3, 5)),
        *((actors, 3, (5, 1, 10), 0.93, 0.975) for actors in (8, 24)),  # few clips: the rest is greatest
        *((actors, 3, (2, 0, 16), 0.93, 0.975) for actors in (8, 24)),  # nothing but the rest: a little too wide
        (24, 4, (10, 0, 5), 0.93, 0.97),  # seeds that make no difference: actors decide
        (24, 5, (3, 3, 5), 0.93, 0.97),  # seeds that make as great a difference as actors
        (24, 3, (10, 5, 5), 0.93, 0.97),
        (24, 2, (10, 5, 5), 0.88, 0.94),  # the limit of two seeds: too narrow where seeds decide
    ],
)  # fmt: skip
def test_the_interval_over_seeds_and_actors_holds_the_true_mean(actors, seeds, deviations, least, most):
    random, held = np.random.default_rng(1), 0
    of_actor, of_seed, of_rest = deviations
    for _ in range(STUDIES):
        values = random.normal(0, of_actor, (1, actors)) + random.normal(0, of_seed, (seeds, 1))
        found = crossed(values + random.normal(0, of_rest, (seeds, actors)), males(actors), 0.95)
        held += found.low <= 0 <= found.high
    assert least < held / STUDIES < most


@pytest.mark.parametrize("actors", [8, 9, 24])
def test_joint_intervals_hold_all_true_differences_together(actors):
    """Fifteen settings that share half of their noise, as settings with one of two models in common do."""
    random, held, male = np.random.default_rng(2), 0, males(actors)
    for _ in range(400):
        values = random.normal(0, 5, (1, actors)) + random.normal(0, 5, (15, actors))
        away = within(values, male)
        error = np.sqrt((away**2).sum(axis=1) / (actors - 2) / actors)
        factor = simultaneous(away, actors - 2, 0.95, 400, 0)
        held += (np.abs(values.mean(axis=1)) <= factor * error).all()
    assert 0.92 < held / 400 < 0.98


def test_true_null_hypotheses_are_seldom_rejected_together_with_real_differences():
    """Of ten differences two are real: the adjusted test errs in 5 of 100 studies at most, a plain one in many."""
    random, adjusted, plain, studies = np.random.default_rng(3), 0, 0, 3000
    for study in range(studies):
        values = random.normal(0, 5, (1, 12)) + random.normal(0, 5, (10, 12))
        values[:2] += 20
        p, p_max_t = sign_flips(values, 300, study)
        adjusted += (p_max_t[2:] <= 0.05).any()
        plain += (p[2:] <= 0.05).any()
        assert (p_max_t[:2] < 0.05).all()
    assert adjusted / studies <= 0.06 and plain / studies > 0.2


@pytest.mark.parametrize("actors", [9, 24])
def test_joint_intervals_hold_main_effects_and_interactions_together(actors):
    """Of a grid of three factors with two levels each, as averages over pairs and over quadruples of settings."""
    signs = np.array([[1 - 2 * (setting >> factor & 1) for setting in range(8)] for factor in range(3)])
    effects = np.stack([*signs / 4, *(signs[one] * signs[two] / 2 for one, two in ((0, 1), (0, 2), (1, 2)))])
    random, held, single, male = np.random.default_rng(4), 0, 0, males(actors)
    for _ in range(1000):
        contrasts = effects @ random.normal(0, 5, (8, actors))
        away = within(contrasts, male)
        error = np.sqrt((away**2).sum(axis=1) / (actors - 2) / actors)
        size = np.abs(contrasts.mean(axis=1)) / error
        held += (size <= simultaneous(away, actors - 2, 0.95, 400, 0)).all()
        single += (size <= stdtrit(actors - 2, 0.975)).mean()
    assert 0.93 < held / 1000 < 0.97 and 0.93 < single / 1000 < 0.97
