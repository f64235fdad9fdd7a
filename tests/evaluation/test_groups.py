"""Any group: against the tables of gender, by hand, and against permutations that are enumerated here."""

from itertools import combinations, permutations, product

import numpy as np
import pandas as pd
import pytest
from scipy.stats import permutation_test, ttest_ind

from emofusion.errors import EmofusionError
from emofusion.evaluation.actors import Actors
from emofusion.evaluation.counts import count
from emofusion.evaluation.evaluate import evaluate
from emofusion.evaluation.exchange import pair_exchanges, shuffles
from emofusion.evaluation.fairness import ACCURACY, METRICS, fairness_table
from emofusion.evaluation.groups import group_tables
from emofusion.evaluation.levels import facts_of_tested, levels_of
from emofusion.evaluation.schemas import evaluation_schemas
from emofusion.evaluation.systems import side_by_side
from emofusion.plan.settings import EvaluationSettings
from emofusion.predictions.table import labels
from emofusion.settings import fields
from emofusion.settings.experiment import Evaluation
from emofusion.tables import check

AGES = {"demo-0": "9", "demo-1": "25", "demo-2": "30", "demo-3": "31", "demo-4": "47", "demo-5": "50", "demo-6": "51"}


def settings(*groups, **more):
    return Evaluation(**({"samples": 300, "permutations": 400, "groups": list(groups)} | more))


@pytest.fixture(scope="module")
def facts(clips):
    """What a corpus says about the clips: two people have no age; one language, three tongues, and an intensity."""
    number = clips["actor"].str.removeprefix("demo-").astype(int)
    random = np.random.default_rng(3)
    return clips[["clip", "corpus", "actor", "gender", "emotion"]].assign(
        age=clips["actor"].map(AGES),
        tongue=np.array(["de", "en", "fr"])[number % 3],
        intensity=random.choice(["normal", "strong"], len(clips)),
        one="same",
    )


@pytest.fixture(scope="module")
def scored(systems):
    return side_by_side(systems)


def right_of(systems, name, facts):
    table = systems[name]
    right = pd.Series(labels(table) == table["emotion"].to_numpy(), table["clip"])
    return facts.assign(right=facts["clip"].map(right))


def test_gender_as_a_group_has_the_numbers_of_the_tables_of_gender(systems, scored, facts, metrics):
    evaluation = settings("gender")
    found = evaluate(systems, ["speech", "face"], EvaluationSettings(evaluation, metrics), facts=facts)
    gaps, gender = found["group_gaps"], found["gender"]
    assert set(gaps["first"]) == {"female"} and set(gaps["second"]) == {"male"}
    renamed = pd.DataFrame(
        {
            "system": gender["system"],
            "emotion": gender["emotion"],
            **{f"first_{what}": gender[f"female_{what}"] for what in ("clips", "actors")},
            **{f"second_{what}": gender[f"male_{what}"] for what in ("clips", "actors")},
            "first_accuracy": gender["female"],
            "second_accuracy": gender["male"],
            "gap": -gender["gap"],
            "low": -gender["high"],
            "high": -gender["low"],
            **{name: gender[name] for name in ("p", "minimum_detectable_gap")},
        }
    )
    pd.testing.assert_frame_equal(gaps[renamed.columns], renamed)
    emotions = ~gender["emotion"].isin(["all", "unweighted average recall"])
    np.testing.assert_allclose(gaps["p_holm"][emotions], gender["p_holm"][emotions])
    columns = ["system", "emotion", "metric", "value", "low", "high"]
    pd.testing.assert_frame_equal(found["group_fairness"][columns], found["fairness"][columns])
    levels, subsets = found["groups"], found["subsets"].rename(columns={"gender": "level"})
    merged = levels.merge(subsets, on=["system", "level", "emotion"], suffixes=("", "_before"))
    assert len(merged) == 3 * (8 + 7)  # women are never angry; everyone is never calm
    for column in ("clips", "actors", "accuracy", "low", "high"):
        np.testing.assert_allclose(merged[column], merged[f"{column}_before"])
    for name, schema in evaluation_schemas(metrics, groups=True).items():
        check(found[name], schema, name)


@pytest.mark.parametrize("group", ["tongue", "intensity"])
def test_counts_and_accuracies_by_hand(systems, scored, facts, group):
    found = group_tables(scored, facts, settings(group))["groups"].set_index(["system", "level", "emotion"])
    for system in systems:
        rows = right_of(systems, system, facts)
        for level, emotion in product(rows[group].unique(), ["all", *rows["emotion"].unique()]):
            part = rows[(rows[group] == level) & ((rows["emotion"] == emotion) | (emotion == "all"))]
            if part.empty:
                assert (system, level, emotion) not in found.index
                continue
            row = found.loc[(system, level, emotion)]
            assert row[["clips", "actors"]].tolist() == [len(part), part["actor"].nunique()]
            assert row["accuracy"] == pytest.approx(part["right"].mean())
        recalls = rows[rows[group] == level].groupby("emotion")["right"].mean()
        assert found.loc[(system, level, "unweighted average recall"), "accuracy"] == pytest.approx(recalls.mean())


def test_a_gap_of_average_recalls_is_over_emotions_that_both_levels_show(systems, scored, facts):
    gaps = group_tables(scored, facts, settings("gender"))["group_gaps"].set_index(["system", "emotion"])
    rows = right_of(systems, "linear", facts)
    shared = rows[rows["emotion"] != "angry"]  # no woman is angry
    recalls = shared.groupby(["gender", "emotion"])["right"].mean().groupby(level=0).mean()
    row = gaps.loc[("linear", "unweighted average recall")]
    assert row["gap"] == pytest.approx(recalls["female"] - recalls["male"])
    assert row["second_clips"] == (shared["gender"] == "male").sum()


def accuracy_gap(rows, first, second, of):
    return rows.loc[of == first, "right"].mean() - rows.loc[of == second, "right"].mean()


def test_two_of_three_levels_of_people_against_all_relabellings(systems, scored, facts, plain_welch):
    """And against Welch's t test: p is the greater one."""
    found = group_tables(scored, facts, settings("tongue", permutations=1000))["group_gaps"]
    rows = right_of(systems, "face", facts)
    for first, second in combinations(["de", "en", "fr"], 2):
        part = rows[rows["tongue"].isin([first, second])]
        actors = sorted(part["actor"].unique())
        observed = accuracy_gap(part, first, second, part["tongue"])
        size = part.loc[part["tongue"] == first, "actor"].nunique()
        gaps = [accuracy_gap(part, True, False, part["actor"].isin(chosen)) for chosen in combinations(actors, size)]
        expected = np.mean(np.abs(gaps) >= abs(observed) - 1e-9)
        row = found.query("system == 'face' and emotion == 'all' and first == @first and second == @second").iloc[0]
        levels = [part[part["tongue"] == level].assign(gender=level) for level in (first, second)]
        assert row["gap"] == pytest.approx(observed) and row["p"] == pytest.approx(max(expected, plain_welch(*levels)))


def test_levels_within_people_against_all_exchanges(systems, scored, facts):
    found = group_tables(scored, facts, settings("intensity", permutations=600))["group_gaps"]
    rows = right_of(systems, "speech", facts)
    cells = rows.groupby(["actor", "intensity"])["right"].agg(["sum", "size"]).unstack()  # noqa: PD010
    right, whole = cells["sum"].to_numpy(), cells["size"].to_numpy()
    gaps = []
    for swaps in product([False, True], repeat=len(cells)):
        order = np.where(np.array(swaps)[:, None], [1, 0], [0, 1])
        moved = np.take_along_axis(right, order, 1).sum(axis=0) / np.take_along_axis(whole, order, 1).sum(axis=0)
        gaps.append(moved[0] - moved[1])
    expected = np.mean(np.abs(gaps) >= abs(gaps[0]) - 1e-9)
    row = found.query("system == 'speech' and emotion == 'all'").iloc[0]
    assert row["gap"] == pytest.approx(gaps[0]) and row["p"] == pytest.approx(expected)
    assert np.isnan(row["minimum_detectable_gap"])
    assert row["first_actors"] == row["second_actors"] == 9


@pytest.mark.parametrize("system", ["speech", "face"])
def test_the_spread_of_three_levels_against_all_permutations_of_people(systems, scored, facts, system, plain_welch):
    """And against Welch's t tests of its three pairs."""
    drawn = 4000
    found = group_tables(scored, facts, settings("tongue", permutations=drawn))["group_tests"]
    rows = right_of(systems, system, facts)
    by_actor = rows.groupby("actor")["right"].agg(["sum", "size"])
    levels = rows.drop_duplicates("actor").set_index("actor")["tongue"].reindex(by_actor.index).to_numpy()

    def spread(of):
        shares = by_actor.groupby(np.array(of))["sum"].sum() / by_actor.groupby(np.array(of))["size"].sum()
        return shares.max() - shares.min()

    observed = spread(levels)
    ways = set(permutations(levels))  # 9! / (3!)³ = 1680
    expected = np.mean([spread(way) >= observed - 1e-9 for way in ways])
    row = found.query("system == @system and emotion == 'all'").iloc[0]
    assert len(ways) == 1680 and row["spread"] == pytest.approx(observed) and row["levels"] == 3
    parts = [part.assign(gender=part["tongue"]) for _, part in rows.groupby("tongue")]
    welch = [plain_welch(*pair) for pair in combinations(parts, 2)]
    expected = max(expected, min(1, 3 * min(welch)))
    assert row["p"] == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / drawn) + 1 / drawn)


def test_over_people_p_is_the_greater_one_of_both_tests(plain_welch):
    """Levels of which one spreads much more; the interval is that of Welch's t test on accuracies."""
    actor = np.repeat(np.arange(14), 20)
    level = np.array(["x"] * 6 + ["y"] * 4 + ["z"] * 4)[actor]
    share = np.array([0.7, 0.75, 0.8, 0.7, 0.75, 0.8, 0.05, 0.55, 0.2, 0.6, 0.7, 0.65, 0.75, 0.6])[actor]
    right = np.tile(np.arange(20), 14) < (20 * share).round()
    emotion = np.tile(["happy", "sad"], 140)
    clips = pd.DataFrame(
        {"clip": [f"c{n:03}" for n in range(280)], "corpus": "demo", "actor": [f"a{a:02}" for a in actor]}
    )
    clips = clips.assign(gender="female", emotion=emotion, fold=0, split="test")
    happy = (emotion == "happy") == right
    table = clips.assign(logit_happy=np.where(happy, 2.0, 0.0), logit_sad=np.where(happy, 0.0, 2.0))
    about = clips[["clip", "corpus", "actor", "gender", "emotion"]].assign(level=level)
    found = group_tables(side_by_side({"one": table}), about, settings("level", permutations=10_000))
    by_actor = pd.Series(right).groupby(actor).mean()
    own = pd.Series(level).groupby(actor).first()
    welch = []
    for row in found["group_gaps"].query("emotion == 'all'").itertuples():
        sides = [by_actor[own == one] for one in (row.first, row.second)]
        of_row = [clips.assign(right=right)[level == one] for one in (row.first, row.second)]
        permuted = permutation_test(
            sides, lambda a, b, axis: np.abs(a.mean(axis=axis) - b.mean(axis=axis)), alternative="greater"
        )
        welch.append(plain_welch(*of_row))
        ends = ttest_ind(*sides, equal_var=False).confidence_interval(0.95)
        assert [row.low, row.high] == pytest.approx([ends.low, ends.high])
        assert row.p == pytest.approx(max(welch[-1], permuted.pvalue))
    tests = found["group_tests"].set_index("emotion").loc["all"]
    assert welch[0] == min(welch) and tests["p"] == pytest.approx(3 * welch[0])  # x and y


@pytest.mark.parametrize("group", ["gender", "intensity"])
def test_of_two_levels_the_test_of_all_is_that_of_the_gap(scored, facts, group):
    found = group_tables(scored, facts, settings(group))
    gaps, tests = (found[name].set_index(["system", "emotion"]) for name in ("group_gaps", "group_tests"))
    pd.testing.assert_series_equal(tests["p"], gaps["p"])
    np.testing.assert_allclose(tests["spread"], gaps["gap"].abs())
    single = ~tests.index.isin(["all", "unweighted average recall"], level="emotion")
    np.testing.assert_allclose(tests["p_holm"][single], gaps["p_holm"][single])


def test_holm_is_over_pairs_and_over_pairs_and_emotions(scored, facts):
    found = group_tables(scored, facts, settings("tongue"))["group_gaps"]
    rows = found[found["system"] == "face"].dropna(subset="p")
    single = ~rows["emotion"].isin(["all", "unweighted average recall"])
    for family in (rows[rows["emotion"] == "all"], rows[single]):
        assert len(family) in (3, 21)
        ordered = family.sort_values("p")
        steps = [p * (len(ordered) - number) for number, p in enumerate(ordered["p"])]
        expected = [min(1, max(steps[: number + 1])) for number in range(len(steps))]
        np.testing.assert_allclose(ordered["p_holm"], expected)


def test_fairness_of_three_levels_by_fairlearn(systems, scored, facts):
    metrics = pytest.importorskip("fairlearn.metrics")
    found = group_tables(scored, facts, settings("tongue"))["group_fairness"].set_index(["system", "emotion", "metric"])
    table = systems["speech"].merge(facts[["clip", "tongue"]], on="clip")
    truth, taken = table["emotion"] == "sad", labels(table) == "sad"
    for name in ("demographic_parity_difference", "equalized_odds_difference", "equal_opportunity_difference"):
        expected = getattr(metrics, name)(truth, taken, sensitive_features=table["tongue"])
        assert found.loc[("speech", "sad", name), "value"] == pytest.approx(expected), name
    assert (found["levels"] == 3).all()
    assert found[["low", "high"]].isna().all(axis=None)  # `group_gaps` has an interval for each pair


@pytest.mark.parametrize("group", ["gender", "intensity"])
def test_intervals_of_fairness_are_those_of_sizes_by_hand(systems, scored, facts, group, plain_interval):
    """Between people, and within them: the emotion happy. The odds are corrected by Bonferroni."""
    found = group_tables(scored, facts, settings(group))["group_fairness"].set_index(["system", "emotion", "metric"])
    for system, table in systems.items():
        rows = facts.assign(taken=facts["clip"].map(pd.Series(labels(table), table["clip"])) == "happy")
        first, second = (part for _, part in rows.groupby(group))
        happy = [part[part["emotion"] == "happy"] for part in (first, second)]
        others = [part[part["emotion"] != "happy"] for part in (first, second)]

        def interval(parts, confidence):
            terms = [(sign, part.assign(right=part["taken"])) for sign, part in zip((1, -1), parts, strict=True)]
            return plain_interval(terms, confidence, unequal=group == "gender", of_size=True)

        parity, true, false = (interval(parts, 0.95) for parts in ((first, second), happy, others))
        assert found.loc[(system, "happy", METRICS[0]), ["low", "high"]].tolist() == pytest.approx(parity)
        assert found.loc[(system, "happy", METRICS[2]), ["low", "high"]].tolist() == pytest.approx(true)
        odds = [max(interval(happy, 0.975)[0], interval(others, 0.975)[0]), max(true[1], false[1])]
        assert found.loc[(system, "happy", METRICS[1]), ["low", "high"]].tolist() == pytest.approx(odds)


@pytest.mark.parametrize("group", ["gender", "intensity"])
def test_intervals_of_fairness_agree_with_those_of_gaps(scored, facts, group):
    tables = group_tables(scored, facts, settings(group))
    gaps = tables["group_gaps"].set_index(["system", "emotion"])
    found = tables["group_fairness"]
    for metric, rows in found[found["metric"].isin([ACCURACY, METRICS[2]])].groupby("metric"):
        of_gaps = gaps[["gap", "low", "high"]].rename(columns={"low": "low_of_gap", "high": "high_of_gap"})
        both = rows.join(of_gaps, on=["system", "emotion"])
        np.testing.assert_allclose(both["value"], both["gap"].abs())
        np.testing.assert_allclose(both["high"], both[["low_of_gap", "high_of_gap"]].abs().max(axis=1))
        known = both[both["low"].notna()]
        holds_0 = (known["low_of_gap"] <= 0) & (known["high_of_gap"] >= 0)
        assert ((known["low"] == 0) == holds_0).all()
        nearer = known[["low_of_gap", "high_of_gap"]].abs().min(axis=1).mask(holds_0, 0)
        assert ((known["low"] >= nearer - 1e-12) & (known["low"] <= known["value"])).all()
        assert both["low"].notna().sum() >= (3 if metric == ACCURACY else 18)


@pytest.mark.parametrize("group", ["tongue", "intensity"])
def test_clips_that_a_system_lacks_count_and_are_not_recognised(lacking, facts, group):
    found = group_tables(side_by_side(lacking, are_checked=True), facts, settings(group))
    accuracies = found["groups"].set_index(["system", "level", "emotion"])
    fairness = found["group_fairness"].set_index(["system", "emotion", "metric"])["value"]
    metrics = pytest.importorskip("fairlearn.metrics")
    for system, table in lacking.items():
        rows = right_of(lacking, system, facts)
        for level, part in rows.groupby(group):
            row = accuracies.loc[(system, level, "all")]
            assert row["clips"] == len(part) and row["accuracy"] == pytest.approx(part["right"].mean())
        of_level = rows.groupby(group)["right"].mean()
        assert fairness[system, "all", "accuracy_difference"] == pytest.approx(of_level.max() - of_level.min())
        for emotion in rows["emotion"].unique():
            truth, taken = table["emotion"] == emotion, labels(table) == emotion
            by = table["clip"].map(facts.set_index("clip")[group])
            for name in METRICS:
                expected = getattr(metrics, name)(truth, taken, sensitive_features=by)
                assert fairness[system, emotion, name] == pytest.approx(expected), (system, emotion, name)


def test_gender_as_a_group_is_the_fairness_of_gender_where_systems_lack_clips(lacking, facts):
    scored = side_by_side(lacking, are_checked=True)
    columns = ["system", "emotion", "metric", "value", "low", "high"]
    by_gender = fairness_table(scored, count(scored), Actors(scored.genders, 0.95))
    found = group_tables(scored, facts, settings("gender"))["group_fairness"]
    pd.testing.assert_frame_equal(found[columns], by_gender[columns])


def test_clips_without_a_value_are_in_no_level(scored, facts):
    found = group_tables(scored, facts, settings("age", bands={"age": [30, 50]}))["groups"]
    overall = found.query("system == 'linear' and emotion == 'all'").set_index("level")
    assert overall.index.tolist() == ["below 30", "30 to below 50", "50 or more"]
    assert overall["actors"].tolist() == [2, 3, 2]
    assert overall["clips"].sum() == facts["age"].notna().sum() < len(facts)
    assert overall["low"].isna().tolist() == [True, False, True]  # fewer than three people say little of others


def test_spellings_are_one_level_and_unknown_is_none(scored, facts):
    session = facts["actor"].str.removeprefix("demo-").replace({"1": "01", "2": "1", "3": "1.0", "4": "unknown"})
    levels = levels_of("session", facts.assign(session=session), scored)
    assert levels.names == ["0", "1", "5", "6", "7", "8"] and levels.of_people
    assert (levels.of_actor == [0, 1, 1, 1, -1, 2, 3, 4, 5]).all()
    assert levels.labels[4] == "unknown"


def test_a_group_with_one_level_has_counts_and_no_gaps(scored, facts):
    found = group_tables(scored, facts, settings("one"))
    assert found["group_gaps"].empty and (found["groups"]["level"] == "same").all()
    assert found["group_tests"][["spread", "p"]].isna().all(axis=None)
    assert found["group_fairness"]["value"].isna().all()


@pytest.mark.parametrize(
    ("group", "bands", "message"),
    [
        ("agee", {}, r"no tested clip has a value in a column agee; there are corpus, .*age, tongue"),
        ("tongue", {"tongue": [3]}, r"evaluation\.bands\.tongue: \w\w is no number"),
        ("take", {}, r"take has 400 values .* at most 30 .*evaluation\.bands=\{take: \[30, 50\]\}"),
    ],
)
def test_groups_that_cannot_be_are_told(scored, facts, group, bands, message):
    with pytest.raises(EmofusionError, match=message):
        group_tables(scored, facts.assign(take=facts["clip"]), settings(group, bands=bands))


@pytest.mark.parametrize("wrong", [1, 2, 4])
def test_a_person_with_two_levels_is_told_where_most_have_one(scored, facts, wrong):
    """A mistyped cell. Without the message, the test would be one within this person alone."""
    people = facts["actor"].drop_duplicates().sort_values()
    home = facts["actor"].map({person: "XY"[n % 2] for n, person in enumerate(people)})
    for person in people[:wrong]:
        first = facts.index[facts["actor"] == person][0]
        home[first] = "Y" if home[first] == "X" else "X"
    message = rf"home has one value for {9 - wrong} people, and several for {wrong} \({people.iloc[0]} has [XY], [XY]"
    with pytest.raises(EmofusionError, match=message):
        levels_of("home", facts.assign(home=home), scored)
    tested = facts.assign(home=home, split="test")
    with pytest.raises(EmofusionError, match=r"Correct the column home, or remove home from evaluation\.groups"):
        facts_of_tested([tested], [tested], ["home"], {})
    # where most have several, it is a group within people
    home[facts.groupby("actor").cumcount() == 1] = "X"
    home[facts.groupby("actor").cumcount() == 2] = "Y"
    assert not levels_of("home", facts.assign(home=home), scored).of_people


def test_groups_are_checked_on_the_clips_that_some_split_tests(facts):
    halves = [facts.assign(split="test")[:200], facts.assign(split="train")[200:], facts.assign(split="test")[200:300]]
    of_first = facts.assign(word=None)
    of_first.loc[:99, "word"] = "kids"  # this split's table is the only one that has the column
    tables = [of_first, facts]
    about = facts_of_tested(tables, halves, ["word", "tongue"], {})
    assert about["clip"].tolist() == facts["clip"][:300].tolist() and (about["word"].notna().sum()) == 100
    assert about["tongue"].tolist() == facts["tongue"][:300].tolist()
    with pytest.raises(EmofusionError, match=r"no tested clip has a value in a column word; there are corpus, "):
        facts_of_tested(tables, halves[1:], ["word"], {})
    with pytest.raises(EmofusionError, match=r"evaluation\.bands\.tongue: \w\w is no number"):
        facts_of_tested(tables, halves, ["tongue"], {"tongue": [3]})


def test_a_group_that_nobody_named_is_left_out_where_there_is_nothing_to_compare(scored, facts):
    facts = facts.assign(split="test", intensity=None, statement="same")
    about = facts_of_tested([facts], [facts], ["intensity", "statement", "tongue", "none"], {}, required=False)
    assert about[["intensity", "statement", "none"]].isna().all(axis=None)
    assert about["tongue"].tolist() == facts["tongue"].tolist()
    for name, table in group_tables(scored, about, settings("intensity", "statement")).items():
        assert table.empty and list(table) == list(group_tables(scored, about, settings("tongue"))[name])
    assert set(group_tables(scored, about, settings("statement", "tongue"))["groups"]["group"]) == {"tongue"}
    with pytest.raises(EmofusionError, match="no tested clip has a value in a column intensity"):
        facts_of_tested([facts], [facts], ["intensity"], {})


@pytest.mark.parametrize("bounds", [[], [50, 30], [1, 1]])
def test_bounds_of_bands_ascend(bounds):
    with pytest.raises(EmofusionError, match=r"evaluation\.bands"):
        fields.check(settings(bands={"age": bounds}), "evaluation")


def test_people_who_have_one_level_stay_as_they_are():
    present = np.array([[True, True], [True, False], [True, True], [False, True]])
    stay, exact = pair_exchanges(present, of_people=False, permutations=10, seed=0)
    assert exact and len(stay) == 4 and stay[:, [1, 3]].all() and len(np.unique(stay, axis=0)) == 4
    stay, exact = pair_exchanges(present, of_people=False, permutations=3, seed=0)
    assert not exact and len(stay) == 3


def test_shuffles_stay_within_people_or_go_over_them():
    actor, level = np.array([0, 0, 0, 1, 1]), np.array([0, 1, 2, 1, 3])
    (within,) = shuffles(actor, level, False, 300, 0)
    assert {tuple(way) for way in within[:, :3]} == set(permutations([0, 1, 2]))
    assert {tuple(way) for way in within[:, 3:]} == {(1, 3), (3, 1)}
    blocks = list(shuffles(np.arange(4), np.array([0, 0, 1, 2]), True, 1200, 0))
    assert sum(map(len, blocks)) == 1200
    assert {tuple(way) for block in blocks for way in block} == set(permutations([0, 0, 1, 2]))
