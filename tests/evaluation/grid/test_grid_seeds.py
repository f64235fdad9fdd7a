"""The figures over seeds against pandas, the grid's own interval, and a simulation."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from scipy.stats import t, ttest_ind

from emofusion.evaluation.grid import counting
from emofusion.evaluation.grid.crossed import crossed
from emofusion.evaluation.grid.means import setting_means
from emofusion.evaluation.grid.measures import values_by_actor
from emofusion.evaluation.grid.seeds import COLUMNS, GAP, Evaluated, _Seeds, seed_table
from emofusion.evaluation.grid.settings import Setting
from emofusion.evaluation.schemas import evaluation_schemas
from emofusion.settings.experiment import Evaluation
from emofusion.tables import write_table

EMOTIONS = ["happy", "sad", "angry"]
GENDERS = ["female"] * 4 + ["male"] * 5


def actors_of(correct, clips, system="linear"):
    """A table of actors from counts (A, K); an emotion that an actor does not show has no row."""
    rows = []
    for actor, gender in enumerate(GENDERS[: len(clips)]):
        about = {"system": system, "actor": f"a{actor}", "gender": gender}
        for name, right, whole in (
            ("all", correct[actor].sum(), clips[actor].sum()),
            *zip(EMOTIONS, correct[actor], clips[actor], strict=True),
        ):
            if whole:
                rows.append({**about, "emotion": name, "correct": right, "clips": whole, "accuracy": right / whole})
    return pd.DataFrame(rows).astype({"correct": "int64", "clips": "int64"})


def evaluated(tables, folder):
    """The evaluation without metrics that has these tables of actors."""
    folder.mkdir()
    schemas = evaluation_schemas([])
    write_table(tables, folder / "actors.parquet", schemas["actors"])
    whole = tables[tables["emotion"] == "all"].groupby("system", as_index=False)[["correct", "clips"]].sum()
    counted = whole.assign(gender="all", emotion="all", actors=len(GENDERS), low=np.nan, high=np.nan)
    counted["accuracy"] = counted["correct"] / counted["clips"]
    write_table(counted[list(schemas["subsets"].columns)], folder / "subsets.parquet", schemas["subsets"])
    return Evaluated((folder,), EMOTIONS)


@pytest.fixture
def counts():
    random = np.random.default_rng(0)
    clips = random.integers(3, 9, (9, 3))
    clips[:4, 2] = 0  # no woman is angry
    return random.binomial(clips, random.uniform(0.4, 0.9, (3, 9, 1))), clips


@pytest.fixture
def seeds(counts, tmp_path):
    """A setting with three seeds, and one with a single seed; and the files of their cells."""
    correct, clips = counts
    cells = {}
    for seed, right in enumerate(correct):
        tables = [actors_of(right, clips), actors_of(clips - right, clips, "speech")]
        names = zip(("own", "shared"), tables, strict=True)
        parts = [evaluated(table, tmp_path / f"{seed}-{name}") for name, table in names]
        cells[f"cell{seed}"] = Evaluated(parts[0].folders + parts[1].folders, EMOTIONS)
    cells["alone"] = cells["cell0"]
    settings = [Setting({}, {("0",): "alone"}), Setting({}, {(f"{n}",): f"cell{n}" for n in range(3)})]
    return seed_table(settings, cells, 0.9)


def test_means_and_deviations_are_over_seeds(seeds, counts):
    correct, clips = counts
    metrics = {"unweighted average recall": "unweighted_average_recall"}
    assert (seeds["metric"] == seeds["emotion"].map(metrics).fillna("accuracy")).all()
    assert set(seeds["setting"]) == {1} and list(seeds) == list(COLUMNS) and (seeds["seeds"] == 3).all()
    found = seeds.set_index(["system", "gender", "emotion"])
    male, angry = np.array(GENDERS) == "male", EMOTIONS.index("angry")
    expected = {
        ("all", "all"): correct.sum(axis=(1, 2)) / clips.sum(),
        ("male", "angry"): correct[:, male, angry].sum(axis=1) / clips[male, angry].sum(),
        ("female", "unweighted average recall"): (correct[:, ~male].sum(axis=1) / clips[~male].sum(axis=0).clip(1))[
            :, :2
        ].mean(axis=1),
        (GAP, "happy"): correct[:, male, 0].sum(axis=1) / clips[male, 0].sum()
        - correct[:, ~male, 0].sum(axis=1) / clips[~male, 0].sum(),
    }
    for key, values in expected.items():
        row = found.loc[("linear", *key)]
        assert row[["mean", "least", "most"]].tolist() == pytest.approx([values.mean(), values.min(), values.max()])
        assert row["deviation"] == pytest.approx(values.std(ddof=1))
    assert found.loc[("linear", "all", "all"), ["clips", "actors"]].tolist() == [clips.sum(), 9]
    assert ("linear", "female", "angry") not in found.index and ("linear", GAP, "angry") not in found.index
    whole = found.loc[("speech", "all", "all"), "mean"]
    assert whole == pytest.approx(1 - expected["all", "all"].mean())


def test_intervals_are_those_of_the_grid(seeds, counts):
    correct, clips = counts
    found = seeds.set_index(["system", "gender", "emotion"])
    tested = counting.TestSet(["0", "1", "2"], np.array(GENDERS), clips, correct, np.zeros((3, 9), dtype=int))
    setting = Setting({}, {(name,): name for name in tested.cells})
    means, _ = setting_means([setting], [tested], Evaluation(confidence=0.9, samples=10))
    for emotion, measure in (("all", "accuracy"), ("unweighted average recall", "unweighted_average_recall")):
        ends = means.loc[0, [f"{measure}_low", f"{measure}_high"]].tolist()
        assert found.loc[("linear", "all", emotion), ["low", "high"]].tolist() == pytest.approx(ends)
    # on the scale of logits, the middle of the interval is the share with half an answer added to each side
    row = found.loc[("linear", "male", "happy")]
    answers = row["clips"] * row["seeds"]
    centre = (row["mean"] * answers + 0.5) / (answers + 1)
    assert (logit(row["low"]) + logit(row["high"])) / 2 == pytest.approx(logit(centre))


def test_where_every_clip_is_recognised_the_interval_is_that_of_independent_clips():
    found = crossed(np.ones((3, 9)), np.arange(9) % 2, 0.95).of_share(90, 0.95)
    centre = 90.5 / 91
    reach = t.ppf(0.975, 7) / np.sqrt(90 * centre * (1 - centre))
    assert found == pytest.approx((expit(logit(centre) - reach), 1)) and 0.8 < found[0] < 0.9
    assert crossed(np.zeros((3, 9)), np.arange(9) % 2, 0.95).of_share(90, 0.95) == pytest.approx((0, 1 - found[0]))
    rounded = 1 - 1e-16 * np.random.default_rng(0).integers(0, 3, (3, 9))
    assert crossed(rounded, np.arange(9) % 2, 0.95).of_share(90, 0.95) == pytest.approx(found)
    assert np.isnan(crossed(np.ones((3, 4)), np.arange(4) % 2, 0.95).of_share(40, 0.95)).all()


def test_a_gap_has_the_interval_of_two_samples_where_seeds_agree(tmp_path):
    """Equal seeds and equally many clips: Welch's interval, by scipy."""
    random = np.random.default_rng(1)
    clips = np.full((9, 3), 20)
    right = random.binomial(20, 0.7, (9, 3))
    cells = {f"{seed}": evaluated(actors_of(right, clips), tmp_path / f"{seed}") for seed in range(2)}
    table = seed_table([Setting({}, {("0",): "0", ("1",): "1"})], cells, 0.95)
    row = table[(table["gender"] == GAP) & (table["emotion"] == "all")].iloc[0]
    shares, male = right.sum(axis=1) / 60, np.array(GENDERS) == "male"
    ends = ttest_ind(shares[male], shares[~male], equal_var=False).confidence_interval(0.95)
    gap = shares[male].mean() - shares[~male].mean()
    assert row["mean"] == pytest.approx(gap) and row["deviation"] == pytest.approx(0)
    assert (row["low"], row["high"]) == pytest.approx((ends.low, ends.high))


def test_seeds_on_different_clips_have_no_figures(counts, tmp_path):
    correct, clips = counts
    cells = {}
    for seed in range(2):
        fewer = np.minimum(clips, correct[0] + seed)
        table = actors_of(np.minimum(correct[0], fewer), fewer + 1 - seed)
        cells[f"{seed}"] = evaluated(table, tmp_path / f"{seed}")
    assert seed_table([Setting({}, {("0",): "0", ("1",): "1"})], cells, 0.95).empty


@pytest.mark.parametrize("mean", [0.02, 0.7, 0.93, 0.97])
@pytest.mark.parametrize(("men", "women"), [(12, 12), (5, 4)])
def test_the_interval_of_a_share_holds_the_true_one_near_0_and_1_too(men, women, mean):
    """8 clips an actor and seed; actors, seeds and their pairs differ by 0.7, 0.2 and 0.3 on the scale of logits."""
    random, number, held, studies = np.random.default_rng(men), men + women, 0, 4000
    male, spread = np.arange(number) < men, np.sqrt(0.7**2 + 0.2**2 + 0.3**2)
    truth = expit(logit(mean) + random.normal(0, spread, 400_000)).mean()
    for _ in range(studies):
        shares = logit(mean) + random.normal(0, 0.7, number) + random.normal(0, 0.2, (3, 1))
        correct = random.binomial(8, expit(shares + random.normal(0, 0.3, (3, number))))
        low, high = crossed(correct / 8, male, 0.95).of_share(8 * number, 0.95)
        held += low <= truth <= high
        assert low <= correct.mean() / 8 <= high
    # a little too wide where few people recognise almost nothing, or miss almost nothing
    assert 0.93 < held / studies < (0.97 if 0.1 < mean < 0.95 else 0.99)


@pytest.mark.parametrize(("men", "women"), [(12, 12), (5, 4)])
@pytest.mark.parametrize("spread", [0.5, 1.0])
def test_the_interval_of_a_share_holds_the_true_one_where_some_people_have_many_more_clips(men, women, spread):
    """Numbers of clips are lognormal, with this deviation: the greatest of 24 is 7 times the median for 1.0."""
    random, number, held, studies = np.random.default_rng(men), men + women, 0, 2000
    male, centre = np.arange(number) < men, logit(0.75)
    truth = expit(centre + random.normal(0, np.sqrt(0.6**2 + 0.15**2 + 0.3**2), 400_000)).mean()
    for _ in range(studies):
        clips = np.maximum(1, np.round(30 * np.exp(spread * random.normal(0, 1, number)))).astype(int)
        shares = centre + random.normal(0, 0.6, number) + random.normal(0, 0.15, (3, 1))
        correct = random.binomial(clips, expit(shares + random.normal(0, 0.3, (3, number))))
        values = values_by_actor("accuracy", correct[..., None].astype(float), clips[:, None])
        low, high = crossed(values, male, 0.95, clips=clips).of_share(int(clips.sum()), 0.95)
        held += low <= truth <= high
    assert 0.93 < held / studies < 0.97


@pytest.mark.parametrize(("men", "women"), [(12, 12), (5, 4)])
@pytest.mark.parametrize("deviations", [(0.1, 0.1), (0.04, 0.14)])
def test_the_interval_of_a_gap_holds_the_true_one_as_often_as_said(men, women, deviations):
    """Women and men differ by 10 points, or men by 4 and women by 14; seeds by 2, and the rest by 5. Three seeds."""
    random, number = np.random.default_rng(men), men + women
    genders = np.array(["male"] * men + ["female"] * women, dtype=object)
    clips, held, spread = np.full((number, 1), 10_000), 0, np.where(genders == "male", *deviations)
    for _ in range(1000):
        shares = 0.6 + 0.06 * (genders == "male") + random.normal(0, spread) + random.normal(0, 0.02, (3, 1))
        shares = shares + random.normal(0, 0.05, (3, number))
        correct = (10_000 * shares).round().astype(int)[..., None]
        rows = {(row["gender"], row["emotion"]): row for row in _Seeds(genders, ["one"], clips, correct).rows(0.95)}
        row = rows[GAP, "all"]
        held += row["low"] <= 0.06 <= row["high"]
    assert 0.93 < held / 1000 < 0.975
