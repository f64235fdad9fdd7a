"""How often the intervals hold the truth, and how often the tests reject a true null hypothesis: by simulation.

Each kind of interval and test that a report prints is here, for 12 men and 12 women and for five men and four women.
An interval of 95 % should hold the true value in 93 to 97 of 100 studies, and a test reject in at most 6 of 100.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.special import nctdtrinc, stdtrit

from emofusion.evaluation.actors import Actors, share_of
from emofusion.evaluation.bootstrap import Resampling
from emofusion.evaluation.counts import Counts
from emofusion.evaluation.detectable import minimum_detectable_gap
from emofusion.evaluation.flips import sign_flips
from emofusion.evaluation.gender import find_gaps, gap_p, permuted_gaps
from emofusion.evaluation.narrowed import change_interval, change_tests, change_welch, narrowed_table
from emofusion.evaluation.paired import mcnemar
from emofusion.evaluation.permutation import holm, sign_flip
from emofusion.evaluation.student import deviations, deviations_of_rows
from emofusion.evaluation.systems import Systems

BOTH = pytest.mark.parametrize(("men", "women"), [(12, 12), (5, 4)])
HELD, REJECTED = (0.93, 0.97), 0.06


def people(men: int, women: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Each actor's gender, and whether the actor is a man."""
    genders = np.array(["male"] * men + ["female"] * women)
    return genders, genders == "male"


def rates(random: np.random.Generator, mean: Any, deviation: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    """Actors' accuracies, from a beta distribution with this mean and standard deviation."""
    size = mean * (1 - mean) / deviation**2 - 1
    return random.beta(mean * size, (1 - mean) * size, shape)


def held(ends: tuple[NDArray[Any], NDArray[Any]], truth: Any) -> float:
    """The share of intervals that hold the truth; a missing one does not."""
    return float(((ends[0] <= truth + 1e-12) & (ends[1] >= truth - 1e-12)).mean())


@BOTH
@pytest.mark.parametrize(
    ("clips", "mean", "deviation"),
    [(60, 0.6, 0.1), (60, 0.875, 0.06), (60, 0.98, 0.015), (8, 0.6, 0.1), (8, 0.875, 0.06), (8, 0.95, 0.03)],
)
def test_intervals_of_accuracies_near_the_ceiling_and_of_emotions_with_few_clips(men, women, clips, mean, deviation):
    genders, _ = people(men, women)
    random = np.random.default_rng(1)
    correct = random.binomial(clips, rates(random, mean, deviation, (12_000, men + women)))
    assert HELD[0] < held(Actors(genders).accuracy(correct, np.full(men + women, clips)), mean) < HELD[1]


@pytest.mark.parametrize(
    ("men", "women", "mean", "least"),
    [(12, 12, 0.9, 0.93), (5, 4, 0.9, 0.93), (12, 12, 0.95, 0.9), (5, 4, 0.95, 0.86)],
)
def test_intervals_of_accuracies_where_a_few_people_are_recognised_badly(men, women, mean, least):
    """People deviate by 10 points. At 95 % few of them are far below, and a study may show none of these.

    docs/fusion.md says so.
    """
    genders, _ = people(men, women)
    random = np.random.default_rng(15)
    correct = random.binomial(60, rates(random, mean, 0.1, (12_000, men + women)))
    found = held(Actors(genders).accuracy(correct, np.full(men + women, 60)), mean)
    assert least < found < HELD[1]
    assert mean < 0.95 or found < HELD[0]  # if this is mended, the docs are to say it


@BOTH
def test_intervals_of_accuracies_where_people_have_different_numbers_of_clips(men, women):
    genders, _ = people(men, women)
    random = np.random.default_rng(2)
    clips = random.integers(10, 60, men + women)
    correct = random.binomial(clips, rates(random, 0.8, 0.08, (12_000, men + women)))
    assert HELD[0] < held(Actors(genders).accuracy(correct, clips), 0.8) < HELD[1]


@BOTH
@pytest.mark.parametrize("spread", [0.5, 1.0])
def test_intervals_where_some_people_have_many_more_clips_than_others(men, women, spread):
    """Numbers of clips are lognormal, with this deviation: the greatest of 24 is 7 times the median for 1.0."""
    genders, male = people(men, women)
    random = np.random.default_rng(14)
    clips = np.maximum(1, np.round(30 * np.exp(spread * random.normal(0, 1, (12_000, men + women))))).astype(int)
    correct = random.binomial(clips, rates(random, 0.75, 0.1, clips.shape))
    sides = [share_of(correct * of, clips * of) for of in (male, ~male)]
    assert HELD[0] < held(Actors(genders).gap(*sides), 0) < HELD[1]
    assert HELD[0] < held(Actors(genders).accuracy(correct, clips), 0.75) < HELD[1]


@BOTH
@pytest.mark.parametrize(
    ("of_men", "of_women", "deviation", "clips"),
    [
        (0.6, 0.6, 0.1, 60), (0.7, 0.85, 0.08, 60), (0.875, 0.875, 0.06, 8), (0.95, 0.85, 0.04, 60),
        (0.75, 0.75, (0.04, 0.14), 60), (0.75, 0.75, (0.14, 0.04), 20),
    ],
)  # fmt: skip
def test_intervals_of_a_gap(men, women, of_men, of_women, deviation, clips):
    """People of both genders differ as much, or those of one gender much more."""
    genders, male = people(men, women)
    random, spread = np.random.default_rng(3), np.where(male, *np.broadcast_to(deviation, 2))
    correct = random.binomial(clips, rates(random, np.where(male, of_men, of_women), spread, (12_000, len(male))))
    sides = [share_of(correct * of, np.full(len(male), clips) * of) for of in (male, ~male)]
    ends = Actors(genders).gap(*sides)
    assert HELD[0] < held(ends, of_men - of_women) < HELD[1]


@BOTH
@pytest.mark.parametrize("better", [0.0, 0.05])
def test_intervals_and_tests_of_a_difference_of_two_systems(men, women, better):
    """Both systems find the same actors hard; who gains from the second one differs."""
    genders, _ = people(men, women)
    random = np.random.default_rng(4)
    first = rates(random, 0.7, 0.1, (6000, men + women))
    second = np.clip(first + better + random.normal(0, 0.05, first.shape), 0, 1)
    clips = np.full(men + women, 60)
    differences = random.binomial(60, second) - random.binomial(60, first)
    value = differences.sum(axis=1) / clips.sum()
    ends = Actors(genders).difference(value, deviations(differences, clips), clips)
    assert HELD[0] < held(ends, better) < HELD[1]
    if not better:
        assert (sign_flip(differences[:3000]) <= 0.05).mean() <= REJECTED


@BOTH
def test_mcnemar_is_for_other_clips_of_the_same_actors(men, women):
    """It keeps its level where the actors are given, and not where another study has other actors."""
    random = np.random.default_rng(5)
    first = rates(random, 0.7, 0.1, (men + women,))
    gains = np.clip(first + random.normal(0, 0.12, first.shape), 0, 1)
    chance = [gains * (1 - first), first * (1 - gains)]
    same = np.array([random.binomial(60, np.mean(chance, axis=0), (4000, men + women)).sum(axis=1) for _ in range(2)])
    assert (mcnemar(*same) <= 0.05).mean() <= REJECTED
    drawn = rates(random, 0.7, 0.1, (4000, men + women))
    others = np.clip(drawn + random.normal(0, 0.12, drawn.shape), 0, 1)
    seen = [random.binomial(60, one * (1 - two)).sum(axis=1) for one, two in ((others, drawn), (drawn, others))]
    assert (mcnemar(*seen) <= 0.05).mean() > 0.1


@BOTH
def test_of_many_rules_that_are_all_equally_good_max_t_finds_one_in_few_studies(men, women):
    """Ten rules that share most of their luck; Bonferroni's bound is far below the level then, and max-T is not."""
    random = np.random.default_rng(6)
    found, studies = 0, 4000
    for study in range(studies):
        common = random.normal(0, 1, men + women)
        rules = 0.8 * common + 0.6 * random.normal(0, 1, (10, men + women))
        found += sign_flips(rules, 300, study)[1].min() <= 0.05
    assert 0.04 < found / studies <= REJECTED


def recognised(
    men: int,
    women: int,
    before: tuple[float, float],
    after: tuple[float, float],
    number: int,
    deviations: tuple[float, float] = (0.07, 0.07),
) -> NDArray[Any]:
    """Recognised clips of 8 emotions in simulated studies, (2, studies, A, 8): before and after, 8 clips of each.

    before, after: the accuracy of men and that of women. deviations: by how much men and women differ among themselves;
    both systems agree on whom.
    """
    _, male = people(men, women)
    random = np.random.default_rng(7)
    own = random.normal(0, 1, (2, number, men + women))
    share = [own[0], 0.7 * own[0] + np.sqrt(0.51) * own[1]]
    skills = [
        np.where(male, *of) + np.where(male, *deviations) * z for of, z in zip((before, after), share, strict=True)
    ]
    return random.binomial(8, np.clip(skills, 0, 1)[..., None], (2, number, men + women, 8))


def scored(genders: NDArray[Any], correct: NDArray[Any]) -> tuple[Systems, Counts]:
    """Systems with these recognised clips, (S, A, 8), and their counts; the first half of the systems are before."""
    table = pd.DataFrame({"actor": [f"a{n:02}" for n in range(len(genders))], "gender": genders})
    names = [f"{when}{n}" for when in ("before", "after") for n in range(len(correct) // 2)]
    nothing = np.zeros((2, 0), dtype=int)
    systems = Systems(names, [*"abcdefgh"], table, *(nothing[0],) * 2, nothing, nothing[..., None], nothing[0])
    confusion = np.zeros((*correct.shape, 8), dtype=int)
    confusion[..., range(8), range(8)] = correct
    return systems, Counts(np.full((len(genders), 8), 8), confusion, {})


def narrowed_in(men: int, women: int, correct: NDArray[Any]) -> pd.DataFrame:
    """The row over all clips of the table `narrowed`, for each study."""
    genders, rows = people(men, women)[0], []
    for study in range(correct.shape[1]):
        systems, counts = scored(genders, correct[:, study])
        gaps, permuted = find_gaps(systems, counts), permuted_gaps(systems, counts, 250, study)
        rows.append(narrowed_table(systems, Actors(genders), gaps, ["before0"], permuted).iloc[0].to_dict())
    return pd.DataFrame(rows)


@BOTH
@pytest.mark.parametrize(
    ("before", "after"), [((0.6, 0.75), (0.7, 0.85)), ((0.6, 0.75), (0.75, 0.75)), ((0.5, 0.75), (0.8, 0.9))]
)
def test_intervals_of_the_change_of_a_gap(men, women, before, after):
    """A gap that stays, one that vanishes, and one that becomes smaller."""
    genders, number = people(men, women)[0], 3000
    gaps = find_gaps(*scored(genders, np.concatenate(recognised(men, women, before, after, number))))
    ends = change_interval(gaps, Actors(genders), np.arange(number, 2 * number), np.arange(number))
    truth = abs(np.subtract(*after)) - abs(np.subtract(*before))
    # both ends allow for both the difference and the sum, so that the interval of few people is a little too wide
    assert HELD[0] < held((ends[0][:, 0], ends[1][:, 0]), truth) < 0.975


@BOTH
@pytest.mark.parametrize("deviations", [(0.07, 0.07), (0.03, 0.12)])
@pytest.mark.parametrize(("before", "after"), [((0.5, 0.75), (0.5, 0.75)), ((0.6, 0.6), (0.65, 0.65))])
def test_verdicts_where_no_gap_has_changed(men, women, before, after, deviations):
    """One gap that stays as it is, and none at all; of all clips, and one or more of the emotions. 2000 studies.

    Women differ as much as men do, or much more.
    """
    batches, size = 20, 100
    correct, verdicts, gaps_found = recognised(men, women, before, after, batches * size, deviations), [], []
    for batch in range(batches):  # a batch has the same permutations
        of_batch = correct[:, batch * size : (batch + 1) * size]
        systems, counts = scored(people(men, women)[0], np.concatenate(of_batch))
        gaps, (permuted, exact) = find_gaps(systems, counts), permuted_gaps(systems, counts, 250, batch)
        over = Actors(people(men, women)[0])
        p = gap_p(systems, counts, over, gaps, (permuted, exact), 250, batch)
        gaps_found.append([p[:size, 0] <= 0.05, holm(p[:size, 2:]).min(axis=1) <= 0.05])  # all clips; any emotion
        pair = np.array([1]), np.array([0])
        for study in range(size):
            of_study, found = [study, size + study], []
            one = replace(
                gaps, **{name: getattr(gaps, name)[of_study] for name in ("male", "female", "away", "by_actor")}
            )
            for rows in (slice(0, 1), slice(2, None)):
                tests = change_tests(gaps.observed[of_study, rows], permuted[of_study, rows], exact, *pair)[1]
                welch = change_welch(one, over, *pair, rows, 250, study)[1]
                found.append(np.fmax(tests, welch).min() <= 0.05)
            verdicts.append(found)
    assert (np.mean(verdicts, axis=0) <= REJECTED).all()
    if before[0] == before[1]:
        assert (np.mean(gaps_found, axis=(0, 2)) <= REJECTED).all()


@pytest.mark.parametrize(("men", "women"), [(12, 12), (5, 4), (12, 4)])
@pytest.mark.parametrize("deviations", [(0.1, 0.1), (0.04, 0.14)])
def test_of_many_rules_whose_gaps_have_not_changed_one_gets_a_verdict_in_few_studies(men, women, deviations):
    """Fifteen rules and a modality with a gap of 20 points; each finds other people hard. 500 studies."""
    genders, male = people(men, women)
    random, found, studies, rules = np.random.default_rng(men), 0, 500, 15
    for study in range(studies):
        skill = np.where(male, 0.5, 0.7) + np.where(male, *deviations) * random.normal(0, 1, (rules + 1, men + women))
        correct = random.binomial(8, np.clip(skill, 0, 1)[..., None], (rules + 1, men + women, 8))
        systems, counts = scored(genders, correct)
        gaps, permuted = find_gaps(systems, counts), permuted_gaps(systems, counts, 250, study)
        table = narrowed_table(systems, Actors(genders), gaps, ["before0"], permuted)
        found += (table.loc[table["emotion"] == "all", "p_max_t"] <= 0.05).any()
    assert found / studies <= 0.07  # one standard error is 1 of 100 studies


@BOTH
def test_a_gap_that_fusion_removes_is_found_to_be_narrowed(men, women):
    found = narrowed_in(men, women, recognised(men, women, (0.5, 0.85), (0.8, 0.8), 40))
    assert (found["verdict"] == "narrowed").mean() > 0.8


@BOTH
@pytest.mark.parametrize(("mean", "deviation"), [(0.6, 0.1), (0.9, 0.05)])
def test_intervals_of_figures_that_are_functions_of_sums(men, women, mean, deviation):
    """Unweighted average recall and macro F1 (on the scale of logits), and a mean loss (of logarithms)."""
    genders, _ = people(men, women)
    random, number, emotions, clips = np.random.default_rng(8), 2000, 6, 8
    easier = np.array([-0.08, -0.04, 0.0, 0.0, 0.04, 0.06])

    def skills(shape: tuple[int, ...]) -> NDArray[Any]:
        return np.clip(rates(random, mean - 0.03, deviation, shape)[..., None] + easier, 0, 1)

    skill = skills((number, men + women))
    truth = skills((200_000,)).mean(axis=0)
    correct = random.binomial(clips, skill)
    taken = np.zeros_like(correct)
    for emotion in range(emotions):
        others = np.arange(emotions) != emotion
        shares = np.full(emotions - 1, 1 / (emotions - 1))
        taken[..., others] += random.multinomial(clips - correct[..., emotion], shares)
    resampling = Resampling.of(genders, 800, 0, 0.95)
    weights, shown = resampling.weights.astype(np.float32), np.full((number, men + women), clips * emotions)
    whole = (men + women) * clips

    def f1(right: NDArray[Any], wrong: NDArray[Any]) -> NDArray[Any]:
        return (2 * right / (right + wrong + whole)).mean(axis=-1)

    right, wrong = (np.einsum("ba,sak->sbk", weights, one, optimize=True) for one in (correct, taken))
    drawn_and_seen = {
        "recall": ((right / whole).mean(axis=-1), (correct.sum(axis=1) / whole).mean(axis=-1), truth.mean()),
        "f1": (
            f1(right, wrong),
            f1(correct.sum(axis=1), taken.sum(axis=1)),
            f1(whole * truth, whole * ((1 - truth).sum() - (1 - truth)) / (emotions - 1)),
        ),
    }
    for draws, seen, true in drawn_and_seen.values():
        ends = resampling.interval_of_share(seen, draws, shown)
        assert HELD[0] < held(ends, true) < HELD[1]
    away = deviations_of_rows(correct, np.full((men + women, emotions), clips), np.ones(emotions, dtype=bool))
    seen = drawn_and_seen["recall"][1]
    ends = Actors(genders).share(seen, away[:, 1], shown)
    assert HELD[0] < held(ends, truth.mean()) < HELD[1]
    loss = random.gamma(4, (1.3 - skill.mean(axis=-1)) / 4)
    expected = 1.3 - skills((200_000,)).mean()
    ends = resampling.interval_of_positive(loss.mean(axis=1), (loss @ weights.T) / (men + women), shown)
    assert HELD[0] < held(ends, expected) < HELD[1]


@BOTH
@pytest.mark.parametrize(
    ("clips", "mean", "deviation"),
    [(60, 0.6, 0.1), (60, 0.9, 0.06), (60, 0.95, 0.04), (8, 0.6, 0.1), (8, 0.9, 0.06), (8, 0.97, 0.03)],
)
def test_intervals_of_the_minimum_detectable_gap(men, women, clips, mean, deviation):
    """They hold the truth often enough also near the ceiling, where values are far from normal."""
    _, male = people(men, women)
    seen = np.random.default_rng(10).binomial(
        clips, rates(np.random.default_rng(9), mean, deviation, (6000, len(male)))
    )
    gap, low, high = minimum_detectable_gap(seen / clips, male, 0.95)
    known = ~np.isnan(gap)
    spread = np.sqrt(deviation**2 * (1 - 1 / clips) + mean * (1 - mean) / clips)
    degrees = (1 / men + 1 / women) ** 2 / (1 / men**2 / (men - 1) + 1 / women**2 / (women - 1))
    truth = nctdtrinc(degrees, 0.2, stdtrit(degrees, 0.975)) * spread * np.sqrt(1 / men + 1 / women)
    assert 0.925 < held((low[known], high[known]), truth) < HELD[1]


@BOTH
def test_intervals_of_losses_that_differ_much_between_actors(men, women):
    """The deviation is 0.7 of the mean, as for the log loss of a real system; and lognormal ones of 0.5."""
    genders, number = people(men, women)[0], 6000
    random, resampling = np.random.default_rng(12), Resampling.of(genders, 1000, 0, 0.95)
    sigma, present = np.sqrt(np.log(1.25)), np.ones((number, men + women), dtype=bool)
    shape = present.shape
    for losses in (random.gamma(1 / 0.49, 0.49, shape), random.lognormal(-(sigma**2) / 2, sigma, shape)):
        draws = losses @ resampling.weights.T / (men + women)
        assert HELD[0] < held(resampling.interval_of_positive(losses.mean(axis=1), draws, present), 1.0) < HELD[1]


@BOTH
def test_intervals_of_metrics_without_bounds(men, women):
    """Quantiles of resamples: of a mean of values that are not skewed, and of a ratio of two means."""
    genders, number = people(men, women)[0], 6000
    random, resampling = np.random.default_rng(13), Resampling.of(genders, 1000, 0, 0.95)
    values = random.normal(1, 0.5, (number, men + women))
    whole = random.normal(1, 0.3, values.shape) + 0.3 * (values - 1)
    drawn, present = values @ resampling.weights.T, np.ones(values.shape, dtype=bool)
    for draws in (drawn / (men + women), drawn / (whole @ resampling.weights.T)):
        assert HELD[0] < held(resampling.interval(draws, present), 1.0) < HELD[1]
