"""Who trained each modality, beside the gaps; and the groups in the report."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from emofusion.evaluation.groups import group_tables
from emofusion.evaluation.systems import side_by_side
from emofusion.reporting import groups, rules, tables
from emofusion.reporting.report_page.sortable import build_tables
from emofusion.reporting.trained import trained_in_words, trained_table
from emofusion.settings.experiment import Evaluation


@pytest.fixture
def split(tmp_path):
    """Two folds: four people of corpus a and one of corpus b, of whom each trains at least once; b has no ages."""
    people = pd.DataFrame(
        {
            "actor": ["a-1", "a-2", "a-3", "a-4", "b-1"],
            "gender": ["male", "female", "female", "unknown", "male"],
            "age": ["20", "30", "40", None, None],
        }
    )
    clips = people.merge(pd.DataFrame({"take": [1, 2]}), how="cross")
    clips = clips.assign(
        clip=clips["actor"] + "-" + clips["take"].astype(str), corpus=clips["actor"].str[0], emotion="sad"
    ).drop(columns="take")
    clips.astype("str").to_parquet(tmp_path / "facts.parquet", index=False)
    folds = []
    for fold, tested in enumerate((["a-1", "a-2"], ["a-3"])):
        test = clips["actor"].isin(tested)
        folds.append(clips.drop(columns="age").assign(fold=fold, split=np.where(test, "test", "train")))
    pd.concat(folds).to_parquet(tmp_path / "split.parquet", index=False)
    return tmp_path / "split.parquet"


def test_each_training_clip_counts_once(split):
    table = trained_table({"speech": split}, ["age"], {"age": [30]})
    assert table.to_numpy().tolist() == [
        ["speech", "a", "gender", "female", 2, 4],
        ["speech", "a", "gender", "male", 1, 2],
        ["speech", "a", "gender", "", 1, 2],
        ["speech", "b", "gender", "male", 1, 2],
        ["speech", "a", "age", "below 30", 1, 2],
        ["speech", "a", "age", "30 or more", 2, 4],
        ["speech", "a", "age", "", 1, 2],
        ["speech", "b", "age", "", 1, 2],
    ]


def test_the_sentence_beside_a_gap(split):
    table = trained_table({"speech": split}, ["age"], {"age": [30]})
    words = trained_in_words(table, ["speech", "face"], ["age"])
    elsewhere = "Facial expression: a model from elsewhere, with unknown people."
    assert (
        words["gender"]
        == f"Trained on: Speech: a (2 female, 1 male, 1 unknown) and b (1 male), over all folds; {elsewhere}"
    )
    assert words["age"] == (
        "Trained on: Speech: a (1 below 30, 2 30 or more, 1 unknown) and b (1 unknown), over all folds; " + elsewhere
    )
    assert trained_in_words(trained_table({}, [], {}), ["face"], ["age"]) == dict.fromkeys(
        ("gender", "age"), f"Trained on: {elsewhere}"
    )


@pytest.fixture
def grouped(results, settings, facts):
    """The facts of a report with the group tongue, and the evaluation with its tables."""
    systems = {**results.modalities, "linear": results.fused}
    tested = {name: table[table["split"] == "test"].reset_index(drop=True) for name, table in systems.items()}
    clips = tested["linear"]
    names = sorted(clips["actor"].unique())
    tongue = clips["actor"].map({name: ["de", "en", "fr"][number % 3] for number, name in enumerate(names)})
    about = clips[["clip", "corpus", "actor", "gender", "emotion"]].assign(tongue=tongue)
    evaluation = Evaluation(samples=100, permutations=100, groups=["tongue"])
    made = group_tables(side_by_side(tested), about, evaluation)
    trained = {"gender": "Trained on: women.", "tongue": "Trained on: French."}
    return replace(facts, settings=replace(settings, groups=["tongue"]), trained=trained), results.evaluation | made


def test_groups_are_in_the_summary_with_who_trained(grouped, results):
    facts, evaluation = grouped
    text = groups.markdown(evaluation, facts)
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert [row.split("|")[1].strip() for row in rows] == ["Tongue", "de", "en", "fr"]
    of_level = evaluation["groups"].query("system == 'linear' and emotion == 'all' and level == 'de'").iloc[0]
    assert f"{of_level['accuracy']:.2%}" in rows[1] and f"{of_level['clips']} ({of_level['actors']})" in rows[1]
    spread = evaluation["group_tests"].query("system == 'linear' and emotion == 'all'").iloc[0]
    assert "in points: Speech" in text and f"Fusion {100 * spread['spread']:.2f} (p={spread['p']:.3f})" in text
    assert text.endswith("Trained on: French.") and "no known" not in text
    known = evaluation["groups"].assign(
        clips=evaluation["groups"]["clips"].where(evaluation["groups"]["level"] != "de", 1)
    )
    missing = of_level["clips"] - 1
    assert f"{missing} clips have no known tongue" in groups.markdown(evaluation | {"groups": known}, facts)
    assert groups.markdown(evaluation, replace(facts, settings=replace(facts.settings, groups=[]))) == ""


def test_beside_every_gap_stands_who_trained(grouped, results):
    facts, evaluation = grouped
    compared = rules.comparison_tables(evaluation, results.rules, results.parameters, facts)
    shown = {table.name: table for table in build_tables(compared, {}, facts)}
    for name in ("rules", "gender", "narrowed", "fairness"):
        assert shown[name].note.endswith("Trained on: women."), name
    for name in ("group_gaps", "group_tests", "group_fairness"):
        assert shown[name].note.endswith("Trained on: French."), name
    assert "Trained" not in shown["subsets"].note
    assert len(shown["groups"].rows) == len(evaluation["groups"])
    assert rules.markdown(compared["rules"], facts).rstrip().endswith("Trained on: women.")
    measured = tables.measure({name: table[table["split"] == "test"] for name, table in results.modalities.items()})
    second = tables.markdown2(tables.table2(measured, facts), list(results.modalities), facts)
    assert second.rstrip().endswith("Trained on: women.")
