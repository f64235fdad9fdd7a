"""Rules in use, fitted on all clips of an experiment."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from emofusion.fusion.common.deployed import DeployedRule
from emofusion.fusion.linear import Linear
from emofusion.fusion.log_linear import LogLinear
from emofusion.fusion.majority import Majority
from emofusion.fusion.stacked import Stacked
from emofusion.plan.settings import FusionSettings
from emofusion.predictions.table import Aligned

CLASSES, MODALITIES = ["a", "b", "c"], ["speech", "face"]


def aligned(number: int, seed: int) -> Aligned:
    """Clips of six actors; the speech is better than the face."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, 3, number)
    logits = random.normal(0, 1, (2, number, 3)) + np.array([2.0, 1.0])[:, None, None] * np.eye(3)[truth]
    clips = pd.DataFrame({"clip": [f"c{one}" for one in range(number)], "emotion": np.array(CLASSES)[truth]})
    clips = clips.assign(corpus="x", actor=[f"p{one % 6}" for one in range(number)], gender="female")
    clips = clips.assign(fold=np.arange(number) % 3, split="test")
    known, present = np.ones((2, 3), dtype=bool), np.ones((2, number), dtype=bool)
    return Aligned(clips, CLASSES, MODALITIES, softmax(logits, axis=2), known, present, CLASSES, {})


def settings(**weights: float) -> FusionSettings:
    return FusionSettings("", [], weights or {"speech": 0.7, "face": 0.3}, 10, "auto")


@pytest.mark.parametrize("rule", [Linear(), LogLinear(), Majority(), Stacked()])
def test_posteriors_are_fused_and_calibrated(rule):
    """No temperature has a lower log loss on the clips that the rule learnt from."""
    examples = aligned(300, 0)
    fused = DeployedRule(rule, settings(), examples).fuse(examples)
    truth = examples.clips["emotion"].map(CLASSES.index).to_numpy()

    def loss(log_temperature):
        logs = np.log(fused) / np.exp(log_temperature)
        return -log_softmax(logs, axis=1)[np.arange(300), truth].mean()

    best = minimize(lambda x: loss(x[0]), [0.0], method="Nelder-Mead").x[0]
    assert np.exp(best) == pytest.approx(1, abs=0.02) and fused.sum(axis=1) == pytest.approx(1)


def test_the_exponents_are_those_with_the_lowest_log_loss():
    examples, new = aligned(300, 0), aligned(20, 1)
    truth = examples.clips["emotion"].map(CLASSES.index).to_numpy()
    logs = np.log(examples.posteriors)

    def loss(exponents):
        return -log_softmax(np.tensordot(exponents, logs, 1), axis=1)[np.arange(300), truth].mean()

    best = minimize(loss, [1.0, 1.0], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-12}).x
    expected = softmax(np.tensordot(best, np.log(new.posteriors), 1), axis=1)
    assert DeployedRule(LogLinear(), settings(), examples).fuse(new) == pytest.approx(expected, abs=1e-3)


def test_a_clip_without_a_modality_has_the_calibrated_posterior_of_the_other():
    examples, new = aligned(300, 0), aligned(4, 1)
    new = replace(new, present=np.array([[True, True, False, True], [True, False, True, True]]))
    rule = DeployedRule(Linear(), settings(), examples)
    fused, complete = rule.fuse(new), rule.fuse(replace(new, present=np.ones((2, 4), dtype=bool)))
    assert fused[[0, 3]] == pytest.approx(complete[[0, 3]], abs=1e-12)
    for clip, modality in ((1, 0), (2, 1)):
        alone, _ = rule.fitted(np.array([modality]))
        tempered = new.posteriors[modality, clip] ** (1 / alone.parameters["temperature"])
        assert fused[clip] == pytest.approx(tempered / tempered.sum(), abs=1e-9)


def test_the_weights_are_those_of_the_settings():
    examples, new = aligned(300, 0), aligned(5, 1)
    rule = DeployedRule(Linear(), settings(), examples, calibrated=False)
    moved = DeployedRule(Linear(), settings(speech=0.2, face=0.8), examples, calibrated=False)
    assert rule.fuse(new) == pytest.approx(0.7 * new.posteriors[0] + 0.3 * new.posteriors[1])
    assert moved.fuse(new) == pytest.approx(0.2 * new.posteriors[0] + 0.8 * new.posteriors[1])


def test_a_class_that_no_present_modality_knows_has_the_posterior_0():
    examples, new = aligned(300, 0), aligned(3, 1)
    known = np.array([[True, True, False], [True, True, True]])

    def without(table):
        values = table.posteriors.copy()
        values[0, :, 2] = 0
        return replace(table, posteriors=values / values.sum(axis=2, keepdims=True), known=known)

    new = replace(without(new), present=np.array([[True, True, True], [False, True, True]]))
    fused = DeployedRule(Linear(), settings(), without(examples)).fuse(new)
    assert fused[0, 2] == 0 and (fused[1:, 2] > 0).all() and fused.sum(axis=1) == pytest.approx(1)
