"""A modality that lacks a class must not veto it under rules that multiply posteriors."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax
from scipy.stats import gmean

from emofusion.corpora.ravdess.names import EMOTIONS
from emofusion.evaluation.tally import tally
from emofusion.fusion.common.calibrated import Calibrated, temperature
from emofusion.fusion.common.exponents import BySpeaker, Exponents
from emofusion.fusion.common.fuse import fuse
from emofusion.fusion.common.rules import Members, Pool
from emofusion.fusion.common.weighted import Tuned
from emofusion.plan.settings import FusionSettings
from emofusion.predictions.pools import completed_logs, log_posteriors, pool
from emofusion.predictions.table import labels
from emofusion.settings.registry import kinds
from emofusion.tables import unknown_to

SURE = np.array([0.1, 0.6, 0.3])  # knows all of three classes
KNOWN = np.array([[True, True, True], [True, False, True]])


def two(lacking: list[float]) -> np.ndarray:
    """One clip, as one modality sees it that knows all classes, and another one that lacks the second."""
    return np.array([[SURE], [lacking]])


def test_the_share_of_the_class_comes_from_the_modality_that_knows_it():
    logs = completed_logs(two([0.8, 0.0, 0.2]), KNOWN)
    np.testing.assert_allclose(np.exp(logs[:, 0]), [SURE, [0.4 * 0.8, 0.6, 0.4 * 0.2]])
    fused = pool("product", two([0.8, 0.0, 0.2]), np.array([0.5, 0.5]), KNOWN)
    expected = gmean([SURE, [0.32, 0.6, 0.08]], axis=0)
    np.testing.assert_allclose(fused[0], expected / expected.sum())
    assert fused.argmax() == 1 and pool("product", two([0.8, 0.0, 0.2]), np.array([0.5, 0.5])).argmax() != 1


def test_where_all_classes_are_known_nothing_changes_to_the_last_bit():
    posteriors = np.random.default_rng(0).dirichlet(np.ones(4), (3, 20))
    every = np.ones((3, 4), dtype=bool)
    np.testing.assert_array_equal(completed_logs(posteriors, every), log_posteriors(posteriors))
    weights = np.array([0.2, 0.3, 0.5])
    np.testing.assert_array_equal(pool("product", posteriors, weights, every), pool("product", posteriors, weights))


def test_the_modality_alone_is_what_it_says_itself():
    for lacking in ([0.8, 0.0, 0.2], [1e-9, 0.0, 1 - 1e-9]):
        fused = pool("product", two(lacking), np.array([[0.0, 1.0], [1.0, 0.0]]), KNOWN)
        np.testing.assert_allclose(fused[:, 0], [lacking, SURE], rtol=1e-12)


def test_modalities_that_lack_different_classes_veto_none():
    known = np.array([[True, True, False], [True, False, True], [True, True, True]])
    posteriors = np.array([[[0.1, 0.9, 0]], [[0.1, 0, 0.9]], [[0.1, 0.45, 0.45]]])
    done = np.exp(completed_logs(posteriors, known))[:, 0]
    # odds against the common classes: third against first and second of the first modality
    third = (0.9 + 0.45) / (0.1 + 0.1 + 0.45)
    np.testing.assert_allclose(done[0], np.array([0.1, 0.9, third]) / (1 + third))
    np.testing.assert_allclose(done.sum(axis=1), 1)
    np.testing.assert_allclose(done[2], posteriors[2, 0])
    np.testing.assert_allclose(done[0], done[1][[0, 2, 1]])


def test_modalities_without_a_common_class_count_alike():
    known = np.array([[True, False], [False, True]])
    done = np.exp(completed_logs(np.array([[[1.0, 0.0]], [[0.0, 1.0]]]), known))
    np.testing.assert_allclose(done, 0.5)


@pytest.fixture
def members() -> tuple[Members, np.ndarray]:
    """800 clips of 8 people and 4 classes; the second modality is better, and lacks class 1."""
    random = np.random.default_rng(2)
    truth = random.integers(0, 4, 800)
    logits = np.stack([skill * np.eye(4)[truth] + random.normal(size=(800, 4)) for skill in (1.5, 3.0)])
    logits[1, :, 1] = -np.inf
    known = np.array([[True] * 4, [True, False, True, True]])
    return Members(softmax(logits, axis=2), np.arange(800) % 8, ["speech", "face"], known), truth


RULES = [
    lambda: Pool("product"),
    lambda: Tuned("product", 10),
    lambda: Calibrated(Pool("product")),
    Exponents,
    lambda: Exponents(gated=True),
    lambda: BySpeaker(Exponents()),
]


@pytest.mark.parametrize("rule", RULES)
def test_every_product_recognises_the_class_that_one_modality_lacks(members, rule):
    several, truth = members
    fused = rule().fit(several, truth).fuse(several)
    np.testing.assert_allclose(fused.sum(axis=1), 1)
    right = fused.argmax(axis=1) == truth
    alone = several.posteriors[0].argmax(axis=1) == truth
    assert right[truth == 1].mean() > 0.9 * alone[truth == 1].mean() and right.mean() > alone.mean() + 0.1


def test_a_sweep_is_the_pool_at_every_weight(members):
    several, truth = members
    grid = np.array([[0.0, 1.0], [0.3, 0.7], [1.0, 0.0]])
    counted = tally(several.posteriors, ["product"], grid, several.actors, truth, several.known)
    for number, weights in enumerate(grid):
        predicted = pool("product", several.posteriors, weights, several.known).argmax(axis=1)
        assert counted.correct[number].sum() == (predicted == truth).sum()
        assert counted.confusion[number, 1, 1] == ((predicted == 1) & (truth == 1)).sum()
    assert counted.confusion[0, :, 1].sum() == 0 < counted.confusion[1, 1, 1]


def test_a_calibrated_pool_recognises_a_class_that_a_member_lacks_as_the_pool_does(members):
    several, truth = members
    for name in ("linear", "product"):
        rule = Calibrated(Pool(name)).fit(several, truth)
        pooled = Pool(name).fuse(several)
        assert rule.parameters["temperature"] == pytest.approx(temperature(pooled, truth))
        np.testing.assert_array_equal(rule.fuse(several).argmax(axis=1), pooled.argmax(axis=1))
        assert (pooled.argmax(axis=1) == 1).any()


def test_a_class_that_no_modality_knows_is_never_recognised_and_keeps_its_place(three):
    tables = {name: three[name].drop(columns="logit_calm", errors="ignore") for name in ("speech", "face")}
    tables["speech"].insert(list(tables["speech"]).index("logit_happy"), "logit_calm", -np.inf)
    rules = [kinds("fusion")[name]() for name in ("linear", "product_equal", "log_linear", "stacked", "majority")]
    fused = fuse(tables, FusionSettings("linear", rules, {"speech": 0.5, "face": 0.5}, 10, "auto")).rules
    assert [c for c in fused if c.startswith("logit_")] == [f"logit_{emotion}" for emotion in EMOTIONS]
    assert unknown_to(fused) == ["calm"]


def test_published_posteriors_without_the_calm_of_the_face(published_posteriors):
    speech, face = published_posteriors
    weights = {"speech": 0.5, "face": 0.5}
    rules = [kinds("fusion")[name]() for name in ("product_equal", "linear_equal")]
    settings = FusionSettings("product_equal", rules, weights, 10, "auto")
    figures = {}
    for name, table in {"all": face, "without": face.drop(columns="logit_calm")}.items():
        fused = fuse({"speech": speech, "face": table}, settings).predictions("product_equal")
        right = pd.Series(labels(fused) == fused["emotion"].to_numpy())
        figures[name] = [right.sum(), right[(fused["emotion"] == "calm").to_numpy()].sum()]
    assert figures == {"all": [1256, 166], "without": [1246, 158]}  # of 1440, and of 192 calm ones
