"""How often the intervals of precision, F1, reliability and fairness hold the truth, by simulation.

The actors of a study differ in how well each emotion is recognised. The truth is what very many actors would show.
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from emofusion.evaluation.bootstrap import Resampling
from emofusion.evaluation.classes import class_table
from emofusion.evaluation.counts import Counts
from emofusion.evaluation.fairness import METRICS
from emofusion.evaluation.fairness_intervals import fairness_ends
from emofusion.evaluation.systems import Systems

STUDIES, EMOTIONS, CLIPS = 300, 4, 8
SHIFT = np.array([0.0, 1.2, -0.6, 0.4])  # of women, in logits of recognition


def confusion_of(random, male, number):
    """Counts by actor, true and predicted emotion (number, A, K, K); clips of an emotion that is not recognised are
    taken for the others by chance."""
    logits = 0.8 + random.normal(0, 0.6, (number, len(male), EMOTIONS)) + np.where(male[:, None], 0, SHIFT)
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


@cache
def study(men, women):
    """The share of studies whose interval holds the truth: by figure, the mean over emotions."""
    random, male = np.random.default_rng(men), np.arange(men + women) < men
    half = 40_000
    many = confusion_of(random, np.repeat([True, False], half), 1)[0]
    of_men, of_women = rates(many[:half]), rates(many[half:])
    # as many men and women as in the studies
    mixed = rates(np.stack([many[:half].sum(axis=0) * men, many[half:].sum(axis=0) * women]))
    gaps = {name: np.abs(of_men[name] - of_women[name]) for name in ("true", "false", "share", "all")}
    odds = np.maximum(gaps["true"], gaps["false"])
    fair = np.concatenate([[gaps["all"]], np.stack([gaps["share"], odds, gaps["true"]], axis=-1).ravel()])
    names = [f"e{number}" for number in range(EMOTIONS)]
    genders = np.where(male, "male", "female")
    actors = pd.DataFrame({"actor": [f"a{number:02d}" for number in range(len(male))], "gender": genders})
    held = {name: [] for name in ("precision", "recall", "f1", "fairness")}
    for confusion in confusion_of(random, male, STUDIES):
        nothing = np.zeros(0, dtype=int)
        systems = Systems(["one"], names, actors, nothing, nothing, nothing[None], np.zeros((1, 0, EMOTIONS)), nothing)
        counts = Counts(confusion.sum(axis=-1), confusion[None], {})
        resampling = Resampling.of(genders, 1000, 0, 0.95)
        table = class_table(systems, counts, resampling)
        for name, truth in (("precision", mixed["precision"]), ("recall", mixed["true"]), ("f1", mixed["f1"])):
            held[name].append(((table[f"{name}_low"] <= truth) & (truth <= table[f"{name}_high"])).mean())
        low, high = fairness_ends(systems, counts, resampling)
        held["fairness"].append((low[0] <= fair) & (fair <= high[0]))
    found = {name: float(np.mean(values)) for name, values in held.items() if name != "fairness"}
    by_column = np.mean(held["fairness"], axis=0)
    metrics = {metric: float(by_column[1 + number :: 3].mean()) for number, metric in enumerate(METRICS)}
    return found | metrics | {"accuracy_difference": float(by_column[0])}


@pytest.mark.parametrize(("men", "women"), [(12, 12), (5, 4)])
@pytest.mark.parametrize("figure", ["precision", "recall", "f1", *METRICS, "accuracy_difference"])
def test_an_interval_holds_the_truth_as_often_as_said(men, women, figure):
    # a folded interval of a difference near 0 cannot be missed from below; equalized odds are held by two intervals
    least, most = {"precision": (0.91, 0.97), "recall": (0.91, 0.97), "f1": (0.93, 0.97)}.get(figure, (0.93, 0.99))
    assert least < study(men, women)[figure] < most
