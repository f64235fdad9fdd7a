"""Intervals over actors without resamples, against formulas by hand and what must hold for any of them."""

import numpy as np
import pytest
from scipy.stats import beta, t

from emofusion.evaluation.bootstrap import Resampling
from emofusion.evaluation.student import logit_interval, student_interval

WOMEN = np.array([True] * 5 + [False] * 3)
STRATA = (~WOMEN).astype(np.int64)


def standard_error(counts: np.ndarray, clips: np.ndarray) -> float:
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
    low, high = logit_interval(correct, clips, STRATA, 0.9)
    for row in range(4):
        q = (correct[row].sum() + 0.5) / (clips.sum() + 1)
        half = t.ppf(0.95, 6) * standard_error(correct[row], clips) / (q * (1 - q))
        logits = np.log(q / (1 - q)) + np.array([-half, half])
        assert [low[row], high[row]] == pytest.approx(list(1 / (1 + np.exp(-logits))))
    assert ((0 < low) & (low < high) & (high < 1)).all()


def test_the_interval_of_a_difference_is_students():
    random = np.random.default_rng(2)
    clips = random.integers(5, 30, 8)
    differences = random.integers(-3, 6, (4, 8))
    ends = student_interval(differences, clips, STRATA, 0.95)
    for row in range(4):
        half = t.ppf(0.975, 6) * standard_error(differences[row], clips)
        middle = differences[row].sum() / clips.sum()
        assert [end[row] for end in ends] == pytest.approx([middle - half, middle + half])
    wide = student_interval(np.array([[9, -9, 9, -9, 9, -9, 9, -9]]), np.full(8, 9), STRATA, 0.99)
    assert np.ravel(wide).tolist() == [-1, 1]
    assert np.ravel(student_interval(np.full((1, 8), 2), np.full(8, 10), STRATA, 0.95)).tolist() == [0.2, 0.2]


def test_recognised_and_missed_are_mirror_images():
    random = np.random.default_rng(3)
    clips = random.integers(1, 9, 8)
    correct = np.concatenate([random.binomial(clips, 0.9, (20, 8)), [clips, 0 * clips, clips // 2]])
    low, high = logit_interval(correct, clips, STRATA, 0.95)
    mirrored = logit_interval(clips - correct, clips, STRATA, 0.95)
    np.testing.assert_allclose([1 - high, 1 - low], mirrored, atol=1e-12)


def test_where_every_clip_is_recognised_the_interval_ends_at_one_and_is_as_wide_as_few_clips_are():
    clips = np.full(8, 8)
    low, high = logit_interval(np.stack([clips, 0 * clips]), clips, STRATA, 0.95)
    assert high[0] == 1 and low[1] == 0 and low[0] == pytest.approx(1 - high[1])
    exact = beta.ppf(0.025, 64, 1)  # Clopper and Pearson 1934, for 64 independent clips
    assert 0.75 < low[0] < exact  # wider, because few actors were seen
    more = logit_interval(np.stack([100 * clips]), 100 * clips, STRATA, 0.95)[0]
    assert low[0] < more[0] < 1


def test_actors_without_a_clip_do_not_count_and_too_few_actors_have_no_interval():
    resampling = Resampling.of(["female"] * 5 + ["male"] * 3, 10, 0, 0.95)
    clips = np.array([4, 6, 5, 0, 0, 0, 0, 0])
    correct = np.array([[1, 5, 3, 0, 0, 0, 0, 0]])
    fewer = logit_interval(correct[:, :3], clips[:3], np.zeros(3, dtype=np.int64), 0.95)
    np.testing.assert_array_equal(resampling.accuracy(correct, clips), fewer)
    differs = student_interval(correct[:, :3], clips[:3], np.zeros(3, dtype=np.int64), 0.95)
    np.testing.assert_array_equal(resampling.difference(correct, clips), differs)
    two = np.array([4, 6, 0, 0, 0, 0, 0, 0])
    assert np.isnan(resampling.accuracy(correct, two)).all() and np.isnan(resampling.difference(correct, two)).all()
