"""The gender gap against plain loops, scipy's permutation test, and simulated t tests."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.stats import beta, chi2, nct, permutation_test, t, ttest_ind
from sklearn.metrics import accuracy_score, balanced_accuracy_score

from emofusion.corpora.ravdess.names import EMOTIONS
from emofusion.evaluation.bootstrap import Resampling
from emofusion.evaluation.counts import count
from emofusion.evaluation.detectable import minimum_detectable_gap
from emofusion.evaluation.gender import find_gaps, gender_table, permuted_gaps
from emofusion.evaluation.narrowed import narrowed_table
from emofusion.evaluation.permutation import holm
from emofusion.evaluation.systems import side_by_side
from emofusion.predictions.table import labels

AVERAGE = "unweighted average recall"


def table_of(systems, permutations=10_000, samples=60, seed=3):
    scored = side_by_side(systems)
    counts = count(scored)
    resampling = Resampling.of(scored.actors["gender"], samples, seed, 0.9)
    gaps = find_gaps(scored, counts)
    permuted = permuted_gaps(scored, counts, permutations, 0)
    return scored, resampling, gender_table(scored, counts, resampling, gaps, permuted, permutations, 0), gaps


def narrowed_of(systems, modalities, permutations=10_000, samples=60, kinds=None):
    """The table `narrowed`, and the permuted gaps that it was made from."""
    scored, resampling, _, gaps = table_of(systems, permutations, samples)
    permuted = permuted_gaps(scored, count(scored), permutations, 0)
    return narrowed_table(scored, resampling, gaps, modalities, permuted, kinds), permuted


def accuracy(rows: pd.DataFrame, emotion: str) -> float:
    """What a row of the table says of some clips; nobody averages over angry, which no woman is."""
    if emotion == AVERAGE:
        rows = rows[rows["emotion"] != "angry"]
        return balanced_accuracy_score(rows["emotion"], labels(rows))
    rows = rows if emotion == "all" else rows[rows["emotion"] == emotion]
    return accuracy_score(rows["emotion"], labels(rows)) if len(rows) else np.nan


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
def test_gaps_and_intervals_are_those_of_a_plain_loop(systems, plain_interval):
    _, _, table, _ = table_of(systems)
    assert table["system"].unique().tolist() == list(systems)
    assert table["emotion"][:9].tolist() == [
        "all", AVERAGE, "neutral", "happy", "sad", "angry", "fearful", "disgust", "surprised",
    ]  # fmt: skip
    for row in table.itertuples():
        rows = systems[row.system]
        halves = {gender: rows[rows["gender"] == gender] for gender in ("male", "female")}
        for gender, half in halves.items():
            assert getattr(row, gender) == pytest.approx(accuracy(half, row.emotion), nan_ok=True)
            counted = half if row.emotion == "all" else half[half["emotion"] == row.emotion]
            counted = half[half["emotion"] != "angry"] if row.emotion == AVERAGE else counted
            assert getattr(row, f"{gender}_clips") == len(counted)
            assert getattr(row, f"{gender}_actors") == counted["actor"].nunique()
        if row.emotion == "angry":
            missing = [row.gap, row.low, row.high, row.p, row.p_holm, row.minimum_detectable_gap, row.female]
            assert np.isnan(missing).all()
            continue
        assert row.gap == pytest.approx(row.male - row.female)
        rows = rows.assign(right=labels(rows) == rows["emotion"])
        recalls = sorted(set(rows["emotion"]) - {"angry"})
        of = {"all": [set(EMOTIONS)], AVERAGE: [{one} for one in recalls]}.get(row.emotion, [{row.emotion}])
        terms = [
            (sign / len(of), rows[rows["emotion"].isin(emotions) & (rows["gender"] == gender)])
            for sign, gender in ((1, "male"), (-1, "female"))
            for emotions in of
        ]
        assert [row.low, row.high] == pytest.approx(plain_interval(terms, 0.9, unequal=True), abs=1e-12)


def test_p_is_the_share_of_all_relabellings_or_welchs(systems, plain_welch):
    """126 ways to call 4 of 9 actors men, fewer where some show no surprise, each by a plain loop. Welch's t test."""
    _, _, table, _ = table_of(systems)
    rows = systems["linear"]
    linear = table[table["system"] == "linear"].set_index("emotion")
    ways, greater = {}, {}
    for emotion in ("all", "sad", "surprised"):
        actors = rows.loc[rows["emotion"].eq(emotion) | (emotion == "all"), ["actor", "gender"]].drop_duplicates()
        permuted = []
        for men in combinations(actors["actor"], actors["gender"].eq("male").sum()):
            male = rows["actor"].isin(men)
            permuted.append(accuracy(rows[male], emotion) - accuracy(rows[~male], emotion))
        extreme = np.abs(permuted) >= abs(linear.loc[emotion, "gap"]) - 1e-12
        seen = rows[rows["emotion"].eq(emotion) | (emotion == "all")]
        seen = seen.assign(right=labels(seen) == seen["emotion"])
        welch = plain_welch(*(seen[seen["gender"] == of] for of in ("male", "female")))
        assert linear.loc[emotion, "p"] == pytest.approx(max(extreme.mean(), welch))
        ways[emotion], greater[emotion] = len(extreme), welch > extreme.mean()
    assert set(greater.values()) == {True, False}
    assert ways["all"] == 126 > ways["surprised"] > 1


def test_drawn_relabellings_agree_with_all_and_the_seen_one_counts(systems):
    exact, drawn, few = (table_of(systems, permutations)[2]["p"] for permutations in (126, 125, 4))
    np.testing.assert_allclose(drawn, exact, atol=0.25)
    assert drawn.min() >= 1 / 126 and few.min() >= 1 / 5
    permuted = drawn[drawn != exact]  # the others are Welch's, which nobody draws
    assert len(permuted) and (permuted * 126).round(6).mod(1).eq(0).any()


def test_p_is_corrected_for_the_emotions_of_a_system(systems):
    table = table_of(systems)[2]
    overall = table["emotion"].isin(["all", AVERAGE])
    assert table.loc[overall, "p_holm"].isna().all() and table.loc[overall, "p"].notna().all()
    for _, part in table[~overall].groupby("system"):
        np.testing.assert_allclose(part["p_holm"], holm(part["p"].to_numpy()))


@pytest.fixture(scope="module")
def balanced(made) -> pd.DataFrame:
    """Five women and five men, twelve clips of happy and of sad each."""
    actor = np.repeat(np.arange(10), 24)
    facts = {"clip": [f"c{i}" for i in range(240)], "corpus": "demo", "actor": [f"demo-{a}" for a in actor]}
    facts |= {"gender": np.where(actor % 2, "male", "female"), "emotion": ["happy", "sad"] * 120}
    return made(pd.DataFrame({**facts, "fold": 0, "split": "test"}), 1.5, 11)


def test_p_is_scipys_where_all_actors_have_as_many_clips(balanced, plain_welch):
    table = table_of({"speech": balanced})[2].set_index("emotion")
    right = pd.Series(labels(balanced) == balanced["emotion"].to_numpy())
    for emotion in ("all", "happy"):
        chosen = (emotion == "all") | (balanced["emotion"] == emotion)
        means = right[chosen].groupby([balanced["gender"], balanced["actor"]]).mean()
        reference = permutation_test(
            (means["male"].to_numpy(), means["female"].to_numpy()),
            lambda men, women, axis: np.abs(men.mean(axis=axis) - women.mean(axis=axis)),
            alternative="greater",
            n_resamples=np.inf,
        )
        rows = balanced.assign(right=right.to_numpy())[chosen]
        welch = plain_welch(*(rows[rows["gender"] == gender] for gender in ("male", "female")))
        assert table.loc[emotion, "p"] == pytest.approx(max(reference.pvalue, welch))


def test_the_minimum_detectable_gap_is_what_the_noncentral_t_says(balanced):
    table = table_of({"speech": balanced})[2].set_index("emotion")
    right = pd.Series(labels(balanced) == balanced["emotion"].to_numpy())
    means = right.groupby([balanced["gender"], balanced["actor"]]).mean()
    parts = np.array([means[gender].var() / 5 for gender in ("male", "female")])
    free = parts.sum() ** 2 / (parts**2 / 4).sum()
    critical = t.ppf(0.975, free)
    shift = brentq(lambda d: nct.sf(critical, free, d) + nct.cdf(-critical, free, d) - 0.8, 1, 6)
    assert table.loc["all", "minimum_detectable_gap"] == pytest.approx(shift * np.sqrt(parts.sum()), rel=1e-4)
    # the interval of a sum of two variances, with degrees of freedom from the kurtosis, at the level of 0.9
    fourth = sum(((means[gender] - means[gender].median()) ** 4).sum() for gender in ("male", "female"))
    variance, mean = parts.sum() * 5 / 2, means.mean()
    size = mean * (1 - mean) / variance - 1
    kurtosis = (10 * fourth / (8 * variance) ** 2 + 3 + beta(mean * size, (1 - mean) * size).stats("k")) / 2
    degrees = 2 / ((kurtosis - 3) / 5 + 2 / 4)
    low, high = (degrees / chi2.ppf(share, degrees) for share in (0.95, 0.05))
    ends = [
        parts.sum() - np.sqrt((parts**2 * (1 - low) ** 2).sum()),
        parts.sum() + np.sqrt((parts**2 * (high - 1) ** 2).sum()),
    ]
    found = table.loc["all", ["minimum_detectable_gap_low", "minimum_detectable_gap_high"]]
    assert found.tolist() == pytest.approx(list(shift * np.sqrt(ends)), rel=1e-4)


@pytest.mark.parametrize(("men", "women"), [(12, 12), (5, 4), (12, 4)])
@pytest.mark.parametrize("deviations", [(0.1, 0.1), (0.04, 0.14)])
def test_minimum_detectable_gaps_are_detected_four_times_in_five(men, women, deviations):
    """Twenty thousand simulated t tests of normal accuracies that spread as the observed ones."""
    random, male = np.random.default_rng(0), np.arange(men + women) < men
    seen = random.normal(0.7, np.where(male, *deviations))
    gap = minimum_detectable_gap(seen, male, 0.95)[0]
    left = random.normal(0.5 + gap, seen[male].std(ddof=1), (20_000, men))
    right = random.normal(0.5, seen[~male].std(ddof=1), (20_000, women))
    power = (ttest_ind(left, right, axis=1, equal_var=False).pvalue < 0.05).mean()
    assert power == pytest.approx(0.8, abs=0.04)  # Welch's degrees of freedom are themselves estimated


def test_the_minimum_detectable_gap_needs_two_actors_of_each_gender_that_differ():
    male = np.array([True, True, False, False, False])
    seen = np.array([[0.2, 0.4, 0.5, 0.1, 0.3], [0.2, np.nan, 0.5, 0.1, 0.3], [0.5, 0.5, 0.9, 0.9, 0.9]])
    found = minimum_detectable_gap(seen, male, 0.95)
    assert np.isnan(found).tolist() == [[False, True, True]] * 3
    assert found[1, 0] < found[0, 0] < found[2, 0]


def test_who_has_no_clip_does_not_count_in_the_interval_of_the_minimum_detectable_gap():
    male = np.arange(9) < 4
    seen = np.random.default_rng(1).normal(0.7, 0.1, (1, 9))
    seen[0, [0, 6]] = np.nan
    known = ~np.isnan(seen[0])
    found = minimum_detectable_gap(seen, male, 0.95)
    np.testing.assert_allclose(found, minimum_detectable_gap(seen[:, known], male[known], 0.95), rtol=1e-12)


def with_errors(clips: pd.DataFrame, wrong: np.ndarray) -> pd.DataFrame:
    """Predictions that are right but for the wrong ones, which are taken for the other emotion."""
    happy = (clips["emotion"] == "happy").to_numpy() != wrong
    return clips.assign(logit_happy=np.where(happy, 2.0, 0.0), logit_sad=np.where(happy, 0.0, 2.0))


@pytest.fixture
def unfair(balanced):
    """Speech mistakes every other clip of women, face a clip now and then, and fusion none."""
    clips = balanced.drop(columns=[name for name in balanced if name.startswith("logit_")])
    number, women = np.arange(240), (clips["gender"] == "female").to_numpy()
    return {
        "fused": with_errors(clips, np.zeros(240, dtype=bool)),
        "speech": with_errors(clips, women & (number % 4 < 2)),
        "face": with_errors(clips, np.isin(number, [3, 24, 77])),
    }


def test_a_gap_is_narrowed_only_where_the_adjusted_test_says_so(unfair):
    table, _ = narrowed_of(unfair, ["speech", "face"], samples=300)
    assert table[["system", "modality"]].drop_duplicates().to_numpy().tolist() == [
        ["fused", "speech"],
        ["fused", "face"],
    ]
    overall = table[table["emotion"] == "all"].set_index("modality")
    assert overall.loc["speech", ["gap_before", "gap_after", "change"]].tolist() == [0.5, 0, -0.5]
    assert overall.loc["speech", "verdict"] == "narrowed" and overall.loc["face", "verdict"] == "not shown"
    # all five women are worse than all five men: 2 of the 252 ways to call five of ten actors male
    assert overall.loc["speech", ["p", "p_max_t"]].tolist() == [pytest.approx(2 / 252)] * 2
    turned = narrowed_of(unfair, ["fused"], samples=300)[0]
    turned = turned[turned["emotion"] == "all"].set_index("system")
    assert turned.loc["speech", "verdict"] == "widened" and turned.loc["speech", "low"] > 0
    oracle = narrowed_of(unfair, ["fused"], samples=300, kinds={"speech": "oracle"})[0]
    oracle = oracle[oracle["emotion"] == "all"].set_index("system")
    assert oracle.loc["speech", "verdict"] == "not tested" and np.isnan(oracle.loc["speech", "p"])
    assert oracle.loc["face", "p_max_t"] <= turned.loc["face", "p_max_t"]  # one hypothesis less


def test_p_values_of_narrowing_are_those_of_a_plain_loop(systems, plain_difference):
    """The greater p value of the difference and of the sum of both gaps, and their single-step max-T adjustment.

    Each p value is the greater one of that of the permutations and of Welch's t test.
    """
    table, (permuted, exact) = narrowed_of(systems, ["speech", "face"], permutations=40)
    assert permuted.shape[-1] == 40 and not exact
    scored, _, _, gaps = table_of(systems, 40)
    place = {name: number for number, name in enumerate(scored.names)}
    greatest, smallest = np.zeros(40), {}
    for modality in ("speech", "face"):
        for sign in (-1, 1):
            drawn = permuted[place["linear"], 0] + sign * permuted[place[modality], 0]
            scale = np.sqrt((drawn**2).mean())
            seen = abs(gaps.observed[place["linear"], 0] + sign * gaps.observed[place[modality], 0]) / scale
            smallest[modality, sign] = (seen, (1 + (abs(drawn) / scale >= seen - 1e-9).sum()) / 41)
            greatest = np.maximum(greatest, abs(drawn) / scale)
    found = table[table["emotion"] == "all"].set_index("modality")
    halves = {
        name: [(sign, rows[rows["gender"] == of]) for sign, of in ((1, "male"), (-1, "female"))]
        for name, rows in ((name, rows.assign(right=labels(rows) == rows["emotion"])) for name, rows in systems.items())
    }
    for modality in ("speech", "face"):
        welch = []
        for sign in (-1, 1):
            terms = [*halves["linear"], *((sign * weight, rows) for weight, rows in halves[modality])]
            value, error, _, degrees = plain_difference(terms)
            welch.append(2 * t.sf(abs(value) / error, degrees))
        expected = max(*welch, *(smallest[modality, sign][1] for sign in (-1, 1)))
        assert found.loc[modality, "p"] == pytest.approx(expected)
        assert found.loc[modality, "p_max_t"] >= found.loc[modality, "p"] - 1e-12
    # the most extreme statistic of the family has the single-step value, which bounds the others from below
    extreme = max(smallest.values())[0]
    least = (1 + (greatest >= extreme - 1e-9).sum()) / 41
    assert found["p_max_t"].min() >= least - 1e-12


def test_the_interval_of_a_change_follows_from_those_of_difference_and_sum(systems, plain_interval):
    table, _ = narrowed_of(systems, ["speech", "face"])
    row = table.query("modality == 'face' and emotion == 'sad'").iloc[0]
    parts = {}
    for name in ("linear", "face"):
        rows = systems[name][systems[name]["emotion"] == "sad"]
        rows = rows.assign(right=labels(rows) == "sad")
        parts[name] = [(sign, rows[rows["gender"] == of]) for sign, of in ((1, "male"), (-1, "female"))]
    after, before = parts["linear"], parts["face"]
    d_low, d_high = plain_interval([*after, *((-sign, rows) for sign, rows in before)], 0.9, unequal=True)
    s_low, s_high = plain_interval([*after, *before], 0.9, unequal=True)
    # of all differences and sums within both intervals, |after| - |before| at the corners and where one of them is 0
    found = [
        abs(d + s) / 2 - abs(s - d) / 2
        for d in [d_low, d_high, *([0.0] if d_low < 0 < d_high else [])]
        for s in [s_low, s_high, *([0.0] if s_low < 0 < s_high else [])]
    ]
    assert row["low"] <= min(found) + 1e-12 and max(found) - 1e-12 <= row["high"]
    assert row["low"] == pytest.approx(max(min(d_low, s_low), -max(d_high, s_high)))
    assert row["high"] == pytest.approx(max(min(d_high, s_high), -max(d_low, s_low)))
    assert row["change"] == pytest.approx(abs(row["gap_after"]) - abs(row["gap_before"]))
    angry = table[table["emotion"] == "angry"]
    assert angry["change"].isna().all() and (angry["verdict"] == "not shown").all()
