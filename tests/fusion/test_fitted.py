"""Rules with parameters: do they find what made the data, and do they lower the loss that they say they lower?"""

import numpy as np
import pytest
from scipy.optimize import check_grad, minimize_scalar
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss as reference_loss
from sklearn.preprocessing import StandardScaler

from emofusion.corpora.ravdess.names import EMOTIONS
from emofusion.evaluation.metrics.calibration_error import CalibrationError
from emofusion.fusion.common import exponents, weighted
from emofusion.fusion.common.calibrated import Calibrated, temperature
from emofusion.fusion.common.exponents import BySpeaker, Exponents
from emofusion.fusion.common.losses import log_loss
from emofusion.fusion.common.rules import Members, Pool
from emofusion.fusion.common.stacking import Stacking
from emofusion.fusion.common.weighted import ByAccuracy, PerEmotion, Tuned
from emofusion.predictions.pools import log_posteriors, pool, simplex


@pytest.fixture(scope="module")
def clips() -> tuple[Members, np.ndarray]:
    """600 clips of 12 actors, three members of falling skill; the first is overconfident by a factor of 3."""
    random = np.random.default_rng(5)
    truth = random.integers(0, 8, 600)
    logits = [skill * np.eye(8)[truth] + random.normal(size=(600, 8)) for skill in (2.0, 1.2, 0.5)]
    logits[0] *= 3
    return Members(softmax(logits, axis=2), np.repeat([f"a{n}" for n in range(12)], 50), ["one", "two", "three"]), truth


def test_log_loss_is_scikit_learns(clips):
    members, truth = clips
    assert log_loss(members.posteriors[1], truth) == pytest.approx(reference_loss(truth, members.posteriors[1]))


def test_a_temperature_finds_the_factor_of_overconfidence():
    random = np.random.default_rng(0)
    right = random.dirichlet(np.full(5, 0.5), 4000)
    truth = np.array([random.choice(5, p=row) for row in right])
    overconfident = softmax(3 * log_posteriors(right), axis=1)
    assert temperature(overconfident, truth) == pytest.approx(3, rel=0.05)


@pytest.mark.parametrize("name", ["linear", "product"])
def test_a_calibrated_pool_predicts_as_the_pool_does_with_the_lowest_loss_of_all_temperatures(clips, name):
    members, truth = clips
    plain = Pool(name, np.array([0.5, 0.3, 0.2]))
    rule = Calibrated(plain).fit(members, truth)
    pooled, fused = plain.fuse(members), rule.fuse(members)
    np.testing.assert_array_equal(fused.argmax(axis=1), pooled.argmax(axis=1))
    powers = pooled ** (1 / rule.parameters["temperature"])
    np.testing.assert_allclose(fused, powers / powers.sum(axis=1, keepdims=True), atol=1e-9)
    tried = [log_loss(softmax(np.log(pooled) / t, axis=1), truth) for t in np.geomspace(0.1, 10, 400)]
    assert log_loss(fused, truth) == pytest.approx(min(tried), rel=1e-4) and min(tried) < log_loss(pooled, truth) - 0.01


@pytest.mark.parametrize("count", [2, 3])
def test_a_calibrated_mean_of_calibrated_members_is_calibrated(count):
    """Members that are calibrated themselves: their mean is too cautious, and a temperature for each mends nothing."""
    random = np.random.default_rng(4)
    truth = random.integers(0, 8, 6000)
    noise = random.normal(size=(count, 6000, 8))
    members = Members(softmax(2.0 * np.eye(8)[truth] + noise, axis=2), np.arange(6000) % 20, [*"abc"[:count]])
    members = Members(
        np.stack([softmax(log_posteriors(m) / temperature(m, truth), axis=1) for m in members.posteriors]),
        members.actors,
        members.modalities,
    )

    def error(posteriors: np.ndarray) -> float:
        metric = CalibrationError()
        return float(metric.value(metric.terms(posteriors, truth, posteriors.argmax(axis=1)).sum(axis=0), len(truth)))

    pooled = Pool("linear").fuse(members)
    fused = Calibrated(Pool("linear")).fit(members, truth).fuse(members)
    assert max(error(member) for member in members.posteriors) < 0.03 and error(pooled) > 0.2 and error(fused) < 0.05


@pytest.mark.parametrize("name", ["linear", "product"])
def test_the_tuned_weights_recognise_most_clips_of_the_grid(clips, name, monkeypatch):
    members, truth = clips
    monkeypatch.setattr(weighted, "CHUNK", 3 * truth.size * 8)  # in several parts
    rule = Tuned(name, 10).fit(members, truth)
    fused = [pool(name, members.posteriors, weights) for weights in simplex(3, 10)]
    correct = np.array([(posteriors.argmax(axis=1) == truth).sum() for posteriors in fused])
    assert (rule.fuse(members).argmax(axis=1) == truth).sum() == correct.max()
    losses = [log_loss(fused[index], truth) for index in np.flatnonzero(correct == correct.max())]
    assert log_loss(rule.fuse(members), truth) == pytest.approx(min(losses))
    assert sum(rule.parameters.values()) == pytest.approx(1)


def test_weights_by_accuracy_are_in_proportion_to_it(clips):
    members, truth = clips
    accuracies = np.array([(member.argmax(axis=1) == truth).mean() for member in members.posteriors])
    rule = ByAccuracy().fit(members, truth)
    np.testing.assert_allclose(list(rule.parameters.values()), accuracies / accuracies.sum())


def test_weights_per_emotion_give_an_emotion_to_who_knows_it():
    """The first member sees only classes 0 and 1, the second only 2 and 3."""
    random = np.random.default_rng(2)
    truth = random.integers(0, 4, 800)
    logits = random.normal(size=(2, 800, 4))
    logits[0, :, :2] += 4 * np.eye(4)[truth][:, :2]
    logits[1, :, 2:] += 4 * np.eye(4)[truth][:, 2:]
    members = Members(softmax(logits, axis=2), np.array(["a"] * 800), ["one", "two"])
    rule = PerEmotion(list(EMOTIONS[:4]), ridge=1.0).fit(members, truth)
    weights = rule.weights
    assert (weights[0, :2] > 0.6).all() and (weights[1, 2:] > 0.6).all()
    np.testing.assert_allclose(weights.sum(axis=0), 1)
    assert rule.parameters["weight_one_calm"] == weights[0, 1]
    stiff = PerEmotion(list(EMOTIONS[:4]), ridge=1e6).fit(members, truth)
    np.testing.assert_allclose(stiff.fuse(members), Pool("linear").fuse(members), atol=1e-3)
    assert log_loss(rule.fuse(members), truth) < log_loss(stiff.fuse(members), truth)


def test_exponents_are_where_the_loss_is_least(clips):
    """Against a search along each exponent by itself: none can be bettered."""
    members, truth = clips
    rule = Exponents().fit(members, truth)
    fitted = np.array([rule.parameters[f"exponent_{name}"] for name in members.modalities])

    def loss(exponents: np.ndarray) -> float:
        return reference_loss(truth, softmax(np.tensordot(exponents, np.log(members.posteriors), 1), axis=1))

    for index in range(3):
        along = np.eye(3)[index]
        best = minimize_scalar(
            lambda step, along=along: loss(fitted + step * along), bounds=(-0.3, 0.3), method="bounded"
        )
        assert loss(fitted) == pytest.approx(best.fun, abs=1e-6)
    assert fitted[0] < fitted[1]  # the overconfident one is turned down
    np.testing.assert_allclose(
        rule.fuse(members), softmax(np.tensordot(fitted, np.log(members.posteriors), 1), axis=1), atol=1e-9
    )


def test_one_exponent_of_one_member_is_one_over_its_temperature(clips):
    members, truth = clips
    one = Members(members.posteriors[:1], members.actors, ["one"])
    exponent = Exponents().fit(one, truth).parameters["exponent_one"]
    assert 1 / exponent == pytest.approx(temperature(members.posteriors[0], truth), rel=1e-3)


def test_gated_exponents_have_the_gradient_they_say_and_lower_the_loss(clips, monkeypatch):
    members, truth = clips
    seen = {}

    def minimize(loss, start, **options):
        seen["loss"] = loss
        return original(loss, start, **options)

    original = exponents.minimize
    monkeypatch.setattr(exponents, "minimize", minimize)
    gated, plain = Exponents(gated=True).fit(members, truth), Exponents().fit(members, truth)
    gated = Exponents(gated=True).fit(members, truth)
    at = np.array([0.4, 0.3, 0.2, 0.5, -0.3, 0.1])
    assert check_grad(lambda v: seen["loss"](v)[0], lambda v: seen["loss"](v)[1], at) < 1e-5
    assert log_loss(gated.fuse(members), truth) <= log_loss(plain.fuse(members), truth) + 1e-9


def test_the_stack_is_a_logistic_regression_on_log_posteriors(clips):
    members, truth = clips
    rule = Stacking([0.1]).fit(members, truth)
    table = StandardScaler().fit_transform(np.hstack(list(np.log(members.posteriors))))
    reference = LogisticRegression(C=0.1, max_iter=1000).fit(table, truth).predict_proba(table)
    np.testing.assert_allclose(rule.fuse(members), reference, atol=1e-4)
    tuned = Stacking().fit(members, truth)
    assert tuned.parameters["inverse_penalty"] in (0.01, 0.1, 1.0)


def test_the_stack_never_recognises_what_it_has_not_seen(clips):
    members, truth = clips
    rule = Stacking().fit(members.where(truth != 3), truth[truth != 3])
    fused = rule.fuse(members)
    assert (fused[:, 3] == 0).all()
    np.testing.assert_allclose(fused.sum(axis=1), 1)


def test_centring_by_speaker_undoes_what_a_model_says_of_a_person(clips):
    members, truth = clips
    bias = np.random.default_rng(1).normal(size=(3, 12, 8)).repeat(50, axis=1)
    biased = Members(softmax(np.log(members.posteriors) + bias, axis=2), members.actors, members.modalities)
    rule = BySpeaker(Pool("product", np.array([0.2, 0.5, 0.3])))
    clean, undone = rule.fit(members, truth).fuse(members), rule.fuse(biased)
    np.testing.assert_allclose(undone, clean, atol=1e-6)
    worse = Pool("product", np.array([0.2, 0.5, 0.3])).fuse(biased)
    assert (undone.argmax(axis=1) == truth).mean() > (worse.argmax(axis=1) == truth).mean() + 0.05
