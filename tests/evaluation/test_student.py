"""Intervals over actors without resamples, against formulas by hand and what must hold for any of them."""

import numpy as np
import pytest
from scipy.stats import beta, norm, t

from emofusion.evaluation.actors import Actors, Share, share_of
from emofusion.evaluation.student import (
    deviations,
    deviations_of_rows,
    size_interval,
    standard_error,
    student_interval,
)

GENDERS = np.array(["female"] * 5 + ["male"] * 3)
WOMEN = GENDERS == "female"


def kish(clips: np.ndarray) -> float:
    """The effective number of people as a share of their number (Kish 1965)."""
    return float(clips.sum() ** 2 / (len(clips) * (clips**2).sum()))


def without(counts: np.ndarray, clips: np.ndarray, actor: int) -> float:
    """The ratio Σ counts / Σ clips without an actor."""
    return (counts.sum() - counts[actor]) / (clips.sum() - clips[actor])


def plain_error(counts: np.ndarray, clips: np.ndarray) -> float:
    """Of the ratio Σ counts / Σ clips, women and men as strata: the jackknife by a plain loop."""
    number, variance = len(clips), 0.0
    for members in (WOMEN, ~WOMEN):
        left = [(number - 1) / number * without(counts, clips, actor) for actor in np.flatnonzero(members)]
        mean = sum(left) / len(left)
        variance += len(left) / (len(left) - 1) * sum((one - mean) ** 2 for one in left)
    return float(np.sqrt(variance))


def test_the_interval_of_an_accuracy_is_students_on_the_scale_of_logits():
    random = np.random.default_rng(1)
    clips = random.integers(5, 30, 8)
    correct = random.binomial(clips, 0.8, (4, 8))
    low, high = Actors(GENDERS, 0.9).accuracy(correct, clips)
    for row in range(4):
        q = (correct[row].sum() + 0.5) / (clips.sum() + 1)
        half = t.ppf(0.95, 6 * kish(clips)) * plain_error(correct[row], clips) / (q * (1 - q))
        logits = np.log(q / (1 - q)) + np.array([-half, half])
        assert [low[row], high[row]] == pytest.approx(list(1 / (1 + np.exp(-logits))))
    assert ((low > 0) & (low < high) & (high < 1)).all()


def test_the_interval_of_a_difference_is_students():
    random = np.random.default_rng(2)
    clips = random.integers(5, 30, 8)
    differences = random.integers(-3, 6, (4, 8))
    middle = differences.sum(axis=1) / clips.sum()
    ends = Actors(GENDERS).difference(middle, deviations(differences, clips), clips)
    for row in range(4):
        half = t.ppf(0.975, 6 * kish(clips)) * plain_error(differences[row], clips)
        assert [end[row] for end in ends] == pytest.approx([middle[row] - half, middle[row] + half])
    alternating, nine = np.array([9, -9, 9, -9, 9, -9, 9, -9]), np.full(8, 9)
    wide = Actors(GENDERS, 0.99).difference(np.array(0.0), deviations(alternating, nine), nine)
    assert np.ravel(wide).tolist() == [-1, 1]
    same = Actors(GENDERS).difference(np.array(0.2), deviations(np.full(8, 2), np.full(8, 10)), nine)
    assert np.ravel(same).tolist() == [0.2, 0.2]


def test_deviations_are_how_a_ratio_moves_without_an_actor():
    """Of accuracy, average recall, and single emotions; some actors do not show an emotion."""
    random = np.random.default_rng(4)
    clips = random.integers(0, 6, (8, 3))
    clips[:, 2] = 0
    correct = random.binomial(clips, 0.7, (2, 8, 3))
    away = deviations_of_rows(correct, clips, np.array([True, True, True]))
    for system in range(2):
        for actor in range(8):
            of_emotion = []
            for emotion in range(2):
                counts, whole = correct[system, :, emotion], clips[:, emotion]
                number = (whole > 0).sum()
                moved = (number - 1) / number * (counts.sum() / whole.sum() - without(counts, whole, actor))
                of_emotion.append(moved)
            counts, whole = correct[system].sum(axis=1), clips.sum(axis=1)
            overall = 7 / 8 * (counts.sum() / whole.sum() - without(counts, whole, actor))
            expected = [overall, np.mean(of_emotion), *of_emotion]
            assert away[system, :4, actor] == pytest.approx(expected)
    assert np.isnan(away[:, 4]).all()


def test_where_all_have_as_many_clips_an_actor_moves_a_ratio_by_its_own_distance():
    counts, clips = np.array([3, 5, 8, 2.0]), np.full(4, 8)
    np.testing.assert_allclose(deviations(counts, clips), (counts - counts.mean()) / 32, atol=1e-15)
    assert deviations(np.array([5.0]), np.array([8])).tolist() == [0]


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
    degrees = 2 * 15**2 / (3 * (4**2 + 6**2 + 5**2))  # three women, of whom some have more clips
    found = standard_error(deviations(correct, clips), clips, (~WOMEN).astype(np.int64))[1]
    assert found == pytest.approx(degrees)
    two = np.array([4, 6, 0, 0, 0, 0, 0, 0])
    assert np.isnan(Actors(GENDERS).accuracy(correct, two)).all()
    assert np.isnan(Actors(GENDERS).difference(np.zeros(1), deviations(correct, two), two)).all()


def sides(correct: np.ndarray, clips: np.ndarray, groups: list[np.ndarray]) -> list[Share]:
    """The arguments of `Actors.gap` for two groups of actors."""
    return [share_of(correct * of, clips * of) for of in groups]


def test_where_nobody_differs_a_gap_is_as_wide_as_independent_clips_are():
    clips = np.full(8, 10)
    correct = np.stack([clips, np.where(WOMEN, 10, 0), np.where(WOMEN, 10, [10, 10, 10, 10, 10, 10, 8, 5])])
    low, high = Actors(GENDERS).gap(*sides(correct, clips, [WOMEN, ~WOMEN]))
    centres = np.array([50.5 / 51, 30.5 / 31])
    parts = centres * (1 - centres) / [50, 30]
    degrees = parts.sum() ** 2 / (parts**2 / [4, 2]).sum()
    assert high[0] == -low[0] == pytest.approx(t.ppf(0.975, degrees) * np.sqrt(parts.sum()))
    assert low[1] < 1 == high[1]
    # women do not differ, men do
    away = np.array([10, 8, 5]) / 10
    parts = np.array([parts[0], away.var(ddof=1) / 3])
    degrees = parts.sum() ** 2 / (parts**2 / [4, 2]).sum()
    gap, half = 1 - away.mean(), t.ppf(0.975, degrees) * np.sqrt(parts.sum())
    assert [low[2], high[2]] == pytest.approx([gap - half, min(gap + half, 1)])
    everyone = np.ones(8, dtype=bool)
    within = Actors(GENDERS).within(*sides(correct[0], clips, [everyone, everyone]))
    assert within[1] == -within[0] == pytest.approx(t.ppf(0.975, 6) * np.sqrt(2 * 80.5 / 81 * 0.5 / 81 / 80))


@pytest.mark.parametrize("degrees", [3.0, 7.5, 22.0, np.inf])
@pytest.mark.parametrize("size", [0.0, 0.5, 1.5, 2.5, 4.0])
def test_the_interval_of_a_size_holds_it_in_exactly_95_of_100_studies(degrees, size):
    """Values deviate from δ as Student's t does, δ in standard errors. Folded at 0, up to 97.5 would be held."""
    values = norm() if np.isinf(degrees) else t(degrees)
    seen = size + values.rvs(100_000, random_state=np.random.default_rng(5))
    low, high = size_interval(0.01 * seen, np.full(100_000, 0.01), np.full(100_000, degrees), 0.95)
    assert 0.948 < ((low <= 0.01 * size) & (high >= 0.01 * size)).mean() < 0.952
    signed = student_interval(0.01 * seen, np.full(100_000, 0.01), np.full(100_000, degrees), 0.95)
    np.testing.assert_array_equal(low > 0, (signed[0] > 0) | (signed[1] < 0))
    np.testing.assert_allclose(high, np.maximum(-signed[0], signed[1]))
    assert (low <= np.abs(0.01 * seen)).all()


def test_a_gap_needs_three_people_on_each_side():
    random, clips = np.random.default_rng(5), np.full(8, 10)
    correct = random.binomial(10, 0.6, 8)
    few = np.arange(8) < 2
    actors = Actors(np.where(few, "x", "y"))
    assert np.isnan(actors.gap(*sides(correct, clips, [few, ~few]))).all()
    assert 0 < actors.gap_p(*sides(correct, clips, [few, ~few])) <= 1
    alone = np.arange(8) < 1
    assert np.isnan(Actors(np.where(alone, "x", "y")).gap_p(*sides(correct, clips, [alone, ~alone])))
    same = Actors(np.array(["male"] * 8))
    assert np.isnan(same.within(*sides(correct, clips, [few, ~few]))).all()
    assert np.isfinite(same.within(*sides(correct, clips, [np.arange(8) < 5, np.arange(8) > 2]))).all()
