"""Intervals over actors without resamples, against formulas by hand and what must hold for any of them."""

import numpy as np
import pytest
from scipy.stats import beta, t

from emofusion.evaluation.actors import Actors
from emofusion.evaluation.student import deviations, deviations_of_rows, standard_error

GENDERS = np.array(["female"] * 5 + ["male"] * 3)
WOMEN = GENDERS == "female"


def plain_error(counts: np.ndarray, clips: np.ndarray) -> float:
    """Of the ratio Σ counts / Σ clips, women and men as strata, by a plain loop (Cochran 1977, section 6.4)."""
    ratio, variance = counts.sum() / clips.sum(), 0.0
    for members in (WOMEN, ~WOMEN):
        away = [counts[i] - ratio * clips[i] for i in np.flatnonzero(members)]
        mean = sum(away) / len(away)
        variance += len(away) / (len(away) - 1) * sum((one - mean) ** 2 for one in away)
    return float(np.sqrt(variance) / clips.sum())


def test_the_interval_of_an_accuracy_is_students_on_the_scale_of_logits():
    random = np.random.default_rng(1)
    clips = random.integers(5, 30, 8)
    correct = random.binomial(clips, 0.8, (4, 8))
    low, high = Actors(GENDERS, 0.9).accuracy(correct, clips)
    for row in range(4):
        q = (correct[row].sum() + 0.5) / (clips.sum() + 1)
        half = t.ppf(0.95, 6) * plain_error(correct[row], clips) / (q * (1 - q))
        logits = np.log(q / (1 - q)) + np.array([-half, half])
        assert [low[row], high[row]] == pytest.approx(list(1 / (1 + np.exp(-logits))))
    assert ((low > 0) & (low < high) & (high < 1)).all()


def test_the_interval_of_a_difference_is_students():
    random = np.random.default_rng(2)
    clips = random.integers(5, 30, 8)
    differences = random.integers(-3, 6, (4, 8))
    middle = differences.sum(axis=1) / clips.sum()
    ends = Actors(GENDERS).difference(middle, deviations(differences, clips), clips > 0)
    for row in range(4):
        half = t.ppf(0.975, 6) * plain_error(differences[row], clips)
        assert [end[row] for end in ends] == pytest.approx([middle[row] - half, middle[row] + half])
    alternating, nine = np.array([9, -9, 9, -9, 9, -9, 9, -9]), np.full(8, 9)
    wide = Actors(GENDERS, 0.99).difference(np.array(0.0), deviations(alternating, nine), nine > 0)
    assert np.ravel(wide).tolist() == [-1, 1]
    same = Actors(GENDERS).difference(np.array(0.2), deviations(np.full(8, 2), np.full(8, 10)), nine > 0)
    assert np.ravel(same).tolist() == [0.2, 0.2]


def test_deviations_are_how_a_ratio_moves_with_an_actors_clips():
    """The derivative by an actor's weight, by central differences: of accuracy, average recall, and single emotions."""
    random = np.random.default_rng(4)
    clips = random.integers(0, 6, (8, 3))
    clips[:, 2] = 0
    correct = random.binomial(clips, 0.7, (2, 8, 3))
    averaged = np.array([True, True, True])

    def rows(weights: np.ndarray) -> np.ndarray:
        right, whole = np.einsum("a,sak->sk", weights, correct), weights @ clips
        with np.errstate(invalid="ignore"):
            recall = right / whole
        return np.column_stack([right.sum(axis=1) / whole.sum(), recall[:, :2].mean(axis=1), recall])

    away, step = deviations_of_rows(correct, clips, averaged), 1e-6
    for actor in range(8):
        change = step * np.eye(8)[actor]
        slope = (rows(1 + change) - rows(1 - change)) / (2 * step)
        np.testing.assert_allclose(away[..., actor], slope, atol=1e-8)
    assert np.isnan(away[:, 4]).all()
    np.testing.assert_allclose(away[:, :4].sum(axis=-1), 0, atol=1e-15)


def test_recognised_and_missed_are_mirror_images():
    random = np.random.default_rng(3)
    clips = random.integers(1, 9, 8)
    correct = np.concatenate([random.binomial(clips, 0.9, (20, 8)), [clips, 0 * clips, clips // 2]])
    low, high = Actors(GENDERS).accuracy(correct, clips)
    mirrored = Actors(GENDERS).accuracy(clips - correct, clips)
    np.testing.assert_allclose([1 - high, 1 - low], mirrored, atol=1e-12)


def test_where_every_clip_is_recognised_the_interval_ends_at_one_and_is_as_wide_as_few_clips_are():
    clips = np.full(8, 8)
    low, high = Actors(GENDERS).accuracy(np.stack([clips, 0 * clips]), clips)
    assert high[0] == 1 and low[1] == 0 and low[0] == pytest.approx(1 - high[1])
    exact = beta.ppf(0.025, 64, 1)  # Clopper and Pearson 1934, for 64 independent clips
    assert 0.75 < low[0] < exact  # wider, because few actors were seen
    more = Actors(GENDERS).accuracy(100 * clips, 100 * clips)[0]
    assert low[0] < more < 1


def test_actors_without_a_clip_do_not_count_and_too_few_actors_have_no_interval():
    clips, correct = np.array([4, 6, 5, 0, 0, 0, 0, 0]), np.array([[1, 5, 3, 0, 0, 0, 0, 0]])
    fewer = Actors(GENDERS[:3]).accuracy(correct[:, :3], clips[:3])
    np.testing.assert_allclose(Actors(GENDERS).accuracy(correct, clips), fewer, rtol=1e-12)
    assert standard_error(deviations(correct, clips), clips > 0, (~WOMEN).astype(np.int64))[1] == 2
    two = np.array([4, 6, 0, 0, 0, 0, 0, 0])
    assert np.isnan(Actors(GENDERS).accuracy(correct, two)).all()
    assert np.isnan(Actors(GENDERS).difference(np.zeros(1), deviations(correct, two), two > 0)).all()
