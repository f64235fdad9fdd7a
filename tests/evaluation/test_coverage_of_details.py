"""How often the intervals of precision, F1, reliability and fairness hold the truth, by simulation.

The actors of a study differ in how well each emotion is recognised. The truth is what very many actors would show.
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from emofusion.evaluation.actors import Actors
from emofusion.evaluation.bootstrap import Resampling
from emofusion.evaluation.classes import class_table
from emofusion.evaluation.counts import Counts
from emofusion.evaluation.fairness import ACCURACY, METRICS
from emofusion.evaluation.fairness_intervals import fairness_ends
from emofusion.evaluation.reliability import reliability_table
from emofusion.evaluation.systems import Systems

STUDIES, EMOTIONS, CLIPS = 900, 4, 8
SHIFT = np.array([0.0, 1.2, -0.6, 0.4])  # of women, in logits of recognition
LEVEL = np.array([0.0, 0.5, 0.9, -0.4])  # of strong clips
BOTH = pytest.mark.parametrize(("men", "women"), [(12, 12), (5, 4)])


def logits_of(random, male, number):
    """Logits of recognition by actor and emotion (number, A, K)."""
    return 0.8 + random.normal(0, 0.6, (number, len(male), EMOTIONS)) + np.where(male[:, None], 0, SHIFT)


def confusion_of(random, logits):
    """Counts by actor, true and predicted emotion (number, A, K, K); clips of an emotion that is not recognised are
    taken for the others by chance."""
    right = 1 / (1 + np.exp(-logits))
    shares = np.repeat(((1 - right) / (EMOTIONS - 1))[..., None], EMOTIONS, axis=-1)
    shares[..., range(EMOTIONS), range(EMOTIONS)] = right
    return random.multinomial(CLIPS, shares)


def rates(confusion):
    """Precision and F1 of each emotion, and the true and false positive rates and shares, of all actors together."""
    summed = confusion.sum(axis=-3)
    right, taken = np.diagonal(summed, axis1=-2, axis2=-1), summed.sum(axis=-2)
    shown, whole = summed.sum(axis=-1), summed.sum(axis=(-2, -1))[..., None]
    figures = {"precision": right / taken, "f1": 2 * right / (shown + taken), "true": right / shown}
    return figures | {
        "false": (taken - right) / (whole - shown),
        "share": taken / whole,
        "all": right.sum(-1) / whole[..., 0],
    }


def differences_of(first, second):
    """The absolute differences of two confusions (K, K), in the columns of `fairness_ends`."""
    one, other = rates(first[None]), rates(second[None])
    gaps = {name: np.abs(one[name] - other[name]) for name in ("true", "false", "share", "all")}
    odds = np.maximum(gaps["true"], gaps["false"])
    return np.concatenate([[gaps["all"]], np.stack([gaps["share"], odds, gaps["true"]], axis=-1).ravel()])


def many(random, men, women, of=lambda logits: logits):
    """The summed confusions of very many men and women, (2, K, K), as many of each as in the studies."""
    half = 40_000
    drawn = confusion_of(random, of(logits_of(random, np.repeat([True, False], half), 1)))[0]
    return np.stack([drawn[:half].sum(axis=0) * men, drawn[half:].sum(axis=0) * women])


@cache
def study(men, women):
    """The share of studies whose interval holds the truth: by figure, the mean over emotions."""
    random, male = np.random.default_rng(men), np.arange(men + women) < men
    mixed = rates(many(random, men, women))
    names = [f"e{number}" for number in range(EMOTIONS)]
    genders = np.where(male, "male", "female")
    actors = pd.DataFrame({"actor": [f"a{number:02d}" for number in range(len(male))], "gender": genders})
    held = {name: [] for name in ("precision", "recall", "f1")}
    for confusion in confusion_of(random, logits_of(random, male, STUDIES)):
        nothing = np.zeros(0, dtype=int)
        systems = Systems(["one"], names, actors, nothing, nothing, nothing[None], np.zeros((1, 0, EMOTIONS)), nothing)
        counts = Counts(confusion.sum(axis=-1), confusion[None], {})
        table = class_table(systems, counts, Resampling.of(genders, 1000, 0, 0.95))
        for name, truth in (("precision", mixed["precision"]), ("recall", mixed["true"]), ("f1", mixed["f1"])):
            held[name].append(((table[f"{name}_low"] <= truth) & (truth <= table[f"{name}_high"])).mean())
    return {name: float(np.mean(values)) for name, values in held.items()}


@BOTH
@pytest.mark.parametrize("figure", ["precision", "recall", "f1"])
def test_an_interval_of_a_class_holds_the_truth_as_often_as_said(men, women, figure):
    assert 0.93 < study(men, women)[figure] < 0.97


def held_by_metric(clips, confusion, genders, truth):
    """The share of studies whose interval holds the true difference; the mean over emotions."""
    low, high = fairness_ends(clips, confusion, Actors(genders, 0.95))
    held = ((low <= truth) & (truth <= high)).mean(axis=0)
    metrics = {metric: float(held[1 + number :: len(METRICS)].mean()) for number, metric in enumerate(METRICS)}
    return metrics | {ACCURACY: float(held[0])}


def of_two_genders(random, men, women):
    male = np.arange(men + women) < men
    confusion = confusion_of(random, logits_of(random, male, 3000))
    sides, genders = np.stack([male, ~male])[..., None], np.where(male, "male", "female")
    truth = differences_of(*many(random, men, women))
    return held_by_metric(
        CLIPS * (sides & np.ones(EMOTIONS, bool)), confusion[:, None] * sides[..., None], genders, truth
    )


def of_two_levels_of_the_same_people(random, men, women):
    """Strong clips of an actor are as hard as normal ones of the actor, but for the level and a little more."""
    male = np.arange(men + women) < men
    normal = logits_of(random, male, 3000)
    strong = normal + LEVEL + random.normal(0, 0.3, normal.shape)
    confusion = np.stack([confusion_of(random, logits) for logits in (normal, strong)], axis=1)
    pairs = [lambda logits: logits, lambda logits: logits + LEVEL + random.normal(0, 0.3, logits.shape)]
    truth = differences_of(*(many(random, men, women, of).sum(axis=0) for of in pairs))
    clips = np.full((2, men + women, EMOTIONS), CLIPS)
    return held_by_metric(clips, confusion, np.where(male, "male", "female"), truth)


@BOTH
@pytest.mark.parametrize("groups", [of_two_genders, of_two_levels_of_the_same_people])
def test_an_interval_of_a_fairness_metric_holds_the_truth_as_often_as_said(men, women, groups):
    for metric, held in groups(np.random.default_rng(men), men, women).items():
        # equalized odds are held by two intervals together (Bonferroni)
        assert 0.93 < held < (0.975 if metric == "equalized_odds_difference" else 0.97), metric


@BOTH
def test_an_interval_of_a_reliability_bin_holds_the_truth_as_often_as_said(men, women):
    """Studies are systems on the same clips. A bin has any number of clips of an actor, about four."""
    random, studies, number = np.random.default_rng(men), 2000, 16
    actor = np.repeat(np.arange(men + women), number)
    genders = np.where(np.arange(men + women) < men, "male", "female")
    people = pd.DataFrame({"actor": [f"a{one:02d}" for one in range(men + women)], "gender": genders})
    place = random.integers(4, size=(studies, len(actor)))
    skill = random.beta(4, 2, (studies, men + women, 4))[np.arange(studies)[:, None], actor, place]
    predicted = np.where(random.random(skill.shape) < skill, 0, 1)
    confidence = (place + 0.5) / 4
    truth, names = np.zeros_like(actor), [f"s{one}" for one in range(studies)]
    posteriors = np.stack([confidence, 0 * confidence], axis=-1)
    systems = Systems(names, ["e0", "e1"], people, actor, truth, predicted, posteriors, actor)
    table = reliability_table(systems, Actors(genders), 4)
    assert len(table) == 4 * studies
    assert 0.93 < ((table["low"] <= 2 / 3) & (table["high"] >= 2 / 3)).mean() < 0.97
