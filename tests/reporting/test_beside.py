"""Our figures beside those of others: each with its protocol, and whether the test folds are the same."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy
import yaml

from emofusion.errors import EmofusionError
from emofusion.plan.checks import check_published
from emofusion.plan.published_figures import published_figures
from emofusion.reporting.beside import beside_described, beside_markdown, beside_table

OTHER = {"accuracy": 86.7, "protocol": "five folds", "source": "Someone 2022"}
RESULTS = [
    {**OTHER, "what": "a network", "modalities": ["speech", "face"], "clips": 160, "folds": [["f00", "m00"], ["f10"]]},
    {**OTHER, "what": "a | network", "accuracy": 88, "about": True, "folds": [["f00"], ["m00", "f10"]]},
    {**OTHER, "what": "one of unknown folds"},
]
PEOPLE = [{**OTHER, "what": "people who only heard", "accuracy": 45.5, "gap": -6.4}]


@pytest.fixture
def rules() -> pd.DataFrame:
    rows = [("speech", 0.5, 0.4, 0.6), ("face", 0.25, 0.2, 0.3), ("linear", 0.625, 0.5, 0.75)]
    table = pd.DataFrame(rows, columns=["rule", "accuracy", "accuracy_low", "accuracy_high"])
    gaps = {"gender_gap": [0.1, -0.2, 0.0], "gender_gap_low": [-0.1, -0.3, -0.1], "gender_gap_high": [0.3, -0.1, 0.1]}
    return table.assign(clips=160, **gaps)


@pytest.fixture
def tested() -> dict[str, pd.DataFrame]:
    folds = pd.DataFrame({"actor": ["demo-f0", "demo-m00", "demo-f0", "demo-f10"], "fold": [0, 0, 0, 1]})
    return dict.fromkeys(["speech", "face", "linear", "chosen"], folds)


def test_same_folds_are_found_from_the_tested_actors(rules, tested, settings):
    settings = replace(settings, published={"results": RESULTS, "people": PEOPLE})
    table = beside_table(rules, tested, settings)
    assert table["what"].tolist()[:3] == ["Facial expression", "Speech", "Fusion, as configured"]
    assert table["kind"].tolist() == ["ours"] * 3 + ["published"] * 3 + ["people"]
    # folds in any order, and actors in any spelling
    assert table["same_folds"].tolist() == [*["yes"] * 4, "no", "not known", "no training"]
    assert table["accuracy"].tolist() == [0.25, 0.5, 0.625, 0.867, 0.88, 0.867, 0.455]
    assert table.loc[2, ["low", "high", "modalities"]].tolist() == [0.5, 0.75, "speech + face"]
    assert table["clips"].isna().tolist() == [False] * 4 + [True] * 3
    assert table["gap"].dropna().tolist() == [-0.2, 0.1, 0.0, -0.064]
    assert table["gap_low"].dropna().tolist() == [-0.3, -0.1, -0.1]
    assert set(table["protocol"][:3]) == {"Folds of actors."}


def test_the_file_keeps_the_protocol_of_each_figure(rules, tested, facts):
    settings = replace(facts.settings, published={"results": RESULTS, "people": PEOPLE})
    table = beside_described(beside_table(rules, tested, settings), replace(facts, settings=settings))
    assert table["protocol"].tolist() == ["Folds of actors."] * 3 + ["five folds"] * 4
    # what is said of our numbers is not said of those of others
    assert table["leaks_speakers"].tolist()[:3] == [False] * 3 and table["leaks_speakers"][3:].isna().all()
    assert set(table["data"][:3]) == {"recordings"} and table["data"][3:].isna().all()


def test_no_column_of_a_table_is_lost_to_the_basis_of_its_numbers(facts):
    with pytest.raises(ValueError, match="has a column protocol of its own"):
        facts.described(pd.DataFrame({"protocol": ["others"]}))
    assert facts.described(pd.DataFrame({"rule": ["linear"]}))["protocol"].tolist() == ["speaker_independent"]


def test_the_chosen_rule_stands_with_ours(rules, tested, settings):
    rules = pd.concat([rules, rules.tail(1).assign(rule="chosen", accuracy=0.75)])
    table = beside_table(rules, tested, replace(settings, published={"results": RESULTS}))
    assert table.loc[3, ["what", "kind", "accuracy"]].tolist() == [
        "Fusion, the rule chosen on other folds",
        "ours",
        0.75,
    ]


@pytest.fixture
def heard() -> dict[str, pd.DataFrame]:
    """Six actors with four clips each. The face names each emotion; speech says neutral for all but angry."""
    truth = ["neutral", "calm", "sad", "angry"]
    clips = pd.DataFrame(
        [
            {"clip": f"{actor}-{emotion}", "actor": actor, "gender": gender, "emotion": emotion, "fold": number % 2}
            for number, (actor, gender) in enumerate([(f"{g[0]}{n}", g) for g in ("female", "male") for n in range(3)])
            for emotion in truth
        ]
    )
    said = {"face": clips["emotion"], "speech": clips["emotion"].where(clips["emotion"] == "angry", "neutral")}
    # f0 is the one whose calm clip the fusion takes for sad
    said["linear"] = clips["emotion"].replace("calm", "neutral").mask(clips["clip"] == "f0-calm", "sad")
    logits = {name: pd.get_dummies(named).astype(float) for name, named in said.items()}
    for name in ("speech", "linear"):  # these do not know calm
        logits[name] = logits[name].reindex(columns=["neutral", "sad", "angry"], fill_value=0.0)
    return {name: clips.join(table.add_prefix("logit_")) for name, table in logits.items()}


def test_ours_are_counted_as_a_source_counts(rules, heard, settings):
    people = [{**PEOPLE[0], "as_one": [["neutral", "calm"]]}, {**PEOPLE[0], "what": "people who saw"}]
    settings = replace(settings, classes=["neutral", "calm", "sad", "angry"], published={"people": people})
    table = beside_table(rules, heard, settings)
    ours = ["Facial expression", "Speech", "Fusion, as configured"]
    # the figures of others stand below ours of the same way of counting
    assert table["what"].tolist() == [*ours, "people who saw", *ours, "people who only heard"]
    assert table["as_one"].tolist() == [*[""] * 4, *["neutral and calm"] * 4]
    # of 24 clips: all; those of neutral, calm and angry; all but the calm clip of f0
    table = table.drop(3).reset_index(drop=True)
    assert table["accuracy"].tolist()[3:6] == [1.0, 18 / 24, 23 / 24]
    assert table["clips"].tolist()[3:6] == [24] * 3
    assert table["protocol"].tolist()[3:6] == ["Folds of actors."] * 3
    # every actor has the same share in the first two; of the third, Student's interval by hand, on the scale of logits
    assert table.loc[4, "low"] < 0.75 < table.loc[4, "high"]
    centre = (23 + 0.5) / 25
    error = np.sqrt(np.var([0.25, 0, 0], ddof=1) * 3) / 6  # the women; the men do not differ
    reach = scipy.stats.t.ppf(0.975, 4) * error / (centre * (1 - centre))
    expected = scipy.special.expit(scipy.special.logit(centre) + np.array([-reach, reach]))
    assert table.loc[5, ["low", "high"]].to_numpy(dtype=float) == pytest.approx(expected)
    # men have all of 12 clips, women 11; the clips of men count as independent, as they do not differ
    assert table["gap"].tolist()[3:6] == pytest.approx([0, 0, 1 - 11 / 12])
    parts = np.array([12.5 / 13 * 0.5 / 13 / 12, np.var([0.75, 1, 1], ddof=1) / 3])
    reach = scipy.stats.t.ppf(0.975, parts.sum() ** 2 / (parts**2 / 2).sum()) * np.sqrt(parts.sum())
    assert table.loc[5, ["gap_low", "gap_high"]].tolist() == pytest.approx([1 / 12 - reach, 1 / 12 + reach])


def test_a_group_of_which_we_have_one_emotion_changes_nothing(rules, heard, settings):
    people = [{**PEOPLE[0], "as_one": [["neutral", "calm"], ["amused", "happy"]]}]
    settings = replace(settings, classes=["neutral", "sad", "angry", "happy"], published={"people": people})
    table = beside_table(rules, heard, settings)
    assert table["as_one"].tolist() == ["", "", "", "neutral and calm; amused and happy"]
    assert table["kind"].tolist() == ["ours"] * 3 + ["people"]


def test_the_summary_says_what_counts_as_one(rules, heard, facts):
    as_one = {**PEOPLE[0], "as_one": [["neutral", "calm"]]}
    settings = replace(facts.settings, classes=["neutral", "calm", "sad", "angry"], published={"people": [as_one]})
    text = beside_markdown(beside_table(rules, heard, settings), facts)
    assert "| Count as one" in text and text.count("| neutral and calm ") == 4


def test_the_summary_shows_them(rules, tested, facts):
    published = {"results": RESULTS, "people": PEOPLE}
    text = beside_markdown(beside_table(rules, tested, replace(facts.settings, published=published)), facts)
    assert "**Fusion, as configured**" in text and "62.50% [50.00%, 75.00%]" in text
    assert "about 88%" in text and "a \\| network" in text
    assert "+10.00 [−10.00, +30.00]" in text and "| −6.40 " in text
    assert beside_markdown(beside_table(rules, tested, facts.settings), facts) == ""


def test_what_ours_use_besides_stands_with_them(rules, tested, changed):
    """A figure that rests on all clips of a test speaker is no equal of a published one of the same folds."""
    facts = changed(published={"results": RESULTS}, normalised_by_speaker=["face"])
    rules = rules.assign(transductive=[False, True, True])
    table = beside_table(rules, tested, facts.settings)
    said = table.set_index("what")["protocol"]
    assert said[["Facial expression", "Speech", "Fusion, as configured", "a network"]].tolist() == [
        "Folds of actors.; transductive", "Folds of actors.", "Folds of actors.; transductive", "five folds",
    ]  # fmt: skip
    assert beside_described(table, facts)["protocol"].tolist() == table["protocol"].tolist()
    text = beside_markdown(table, facts)
    assert text.startswith("**Facial expression is normalised on each speaker's own unlabelled clips")
    leaky = changed(published={"results": RESULTS}, leaks_speakers=True)
    assert beside_markdown(table, leaky).startswith("**WARNING: the protocol speaker_independent has the same speakers")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"acuracy": 3}, r"published\.results\[0\]\.acuracy: no such setting; known here: about, accuracy"),
        ({"accuracy": 867}, r"published\.results\[0\]\.accuracy=867: in percent, from 0 to 100"),
        ({"accuracy": "high"}, r"published\.results\[0\]\.accuracy=high: not a value"),
        ({"accuracy": True}, r"published\.results\[0\]\.accuracy=.*: not a value"),
        ({"source": ""}, r"published\.results\[0\]\.source is missing"),
        ({"as_one": ["neutral", "calm"]}, r"published\.results\[0\]\.as_one=\[neutral,calm\]: lists of two or more"),
        ({"as_one": [["neutral"]]}, r"as_one=\[\[neutral\]\]: lists of two or more emotions, each emotion once"),
        (
            {"as_one": [["neutral", "calm"], ["calm", "sad"]]},
            r"as_one=.*: lists of two or more emotions, each emotion once",
        ),
        ({"as_one": "calm"}, r"published\.results\[0\]\.as_one=calm: not a value"),
        ({"gap": -101}, r"published\.results\[0\]\.gap=-101: in points, from -100 to 100"),
        ({"gap": float("nan")}, r"published\.results\[0\]\.gap=nan: in points"),
        ({"gap": "wide"}, r"published\.results\[0\]\.gap=wide: not a value"),
        ({"gap": True}, r"published\.results\[0\]\.gap=.*: not a value"),
        ({"folds": [1, 2]}, r"published\.results\[0\]\.folds: lists of test actors"),
    ],
)
def test_a_wrong_entry_is_refused_before_anything_runs(change, message):
    with pytest.raises(EmofusionError, match=message):
        check_published({"results": [{**OTHER, "what": "a network", **change}]})


def test_the_files_of_conf_can_be_shown_and_name_their_sources(repository):
    found = {}
    for path in sorted((repository / "conf" / "published").glob("*.yaml")):
        content = yaml.safe_load(path.read_text()) or {}
        found[path.stem] = published_figures(content)
    assert {name for name, figures in found.items() if figures} == {"crema_d", "ravdess"}
    assert [figure.accuracy for figure in found["crema_d"]] == [45.5, 69.0, 74.8]
    # the same mean from Sohail's tables by emotion (results/human_by_emotion.csv), weighted by clips
    by_emotion = [0.8170138889, 0.365625, 0.4791666667, 0.7463541667, 0.6619791667, 0.51875, 0.6791666667]
    heard = np.average(by_emotion, weights=[288, *[192] * 6])
    assert [round(100 * heard, 2)] == [figure.accuracy for figure in found["ravdess"] if figure.kind == "people"]
    folds = yaml.safe_load((repository / "conf" / "protocol" / "ravdess_five_folds.yaml").read_text())["folds"]
    same = {frozenset(map(str, fold)) for fold in folds}
    assert [figure.what for figure in found["ravdess"] if set(map(frozenset, figure.folds)) == same] == [
        "MLP on the means of action units", "wav2vec 2.0 (fine-tuned) and action units, late fusion",
    ]  # fmt: skip
