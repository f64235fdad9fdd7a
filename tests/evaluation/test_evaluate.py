"""All tables of an evaluation together: their schemas, and systems of which little can be said."""

import pandas as pd
import pytest

from emofusion.errors import EmofusionError
from emofusion.evaluation.evaluate import evaluate
from emofusion.evaluation.schemas import EVALUATION
from emofusion.tables import check

FEW = {"samples": 50, "permutations": 200, "bins": 15, "confidence": 0.95, "seed": 0}

pytestmark = pytest.mark.filterwarnings("error")


def checked(systems: dict[str, pd.DataFrame], modalities: list[str]) -> dict[str, pd.DataFrame]:
    tables = evaluate(systems, modalities, FEW)
    assert list(tables) == list(EVALUATION)
    return {name: check(table, EVALUATION[name], name) for name, table in tables.items()}


def test_every_table_is_as_its_schema_says(systems):
    tables = checked(systems, ["speech", "face"])
    assert {name: len(table) for name, table in tables.items()} == {
        "subsets": 69, "confusion": 576, "pairs": 3, "gender": 27, "narrowed": 18, "fairness": 66,
    }  # fmt: skip
    subsets = tables["subsets"]
    assert tables["pairs"].notna().all(axis=None) and subsets[subsets["emotion"] == "all"].notna().all(axis=None)


def test_the_seed_decides_what_is_drawn(systems):
    one, same, other = (evaluate(systems, ["speech"], {**FEW, "seed": seed}) for seed in (1, 1, 2))
    for name, table in one.items():
        pd.testing.assert_frame_equal(table, same[name])
    assert (one["subsets"]["low"] != other["subsets"]["low"]).any()
    assert (one["subsets"]["accuracy"] == other["subsets"]["accuracy"]).all()


def test_a_system_alone_has_no_pair(systems):
    tables = checked({"speech": systems["speech"]}, ["speech"])
    assert len(tables["pairs"]) == len(tables["narrowed"]) == 0 and set(tables["subsets"]["system"]) == {"speech"}


def test_one_gender_has_no_gap(systems):
    women = {name: table[table["gender"] == "female"] for name, table in systems.items()}
    tables = checked(women, ["speech", "face"])
    gender = tables["gender"]
    assert gender[["gap", "low", "high", "p", "p_holm", "detectable", "male"]].isna().all(axis=None)
    assert gender["female"].notna().all() and (gender["male_clips"] == 0).all()
    assert (tables["narrowed"]["verdict"] == "not shown").all() and tables["narrowed"]["change"].isna().all()
    assert tables["subsets"]["low"].notna().all()
    assert set(tables["subsets"]["gender"]) == set(tables["confusion"]["gender"]) == {"all", "female"}


@pytest.mark.parametrize(
    "actors", [["demo-0"], ["demo-0", "demo-8"], ["demo-0", "demo-1", "demo-2", "demo-7", "demo-8"]]
)
def test_few_actors_of_a_gender_have_figures_without_intervals(systems, actors):
    few = {name: table[table["actor"].isin(actors)] for name, table in systems.items()}
    tables = checked(few, ["speech", "face"])
    figures = tables["subsets"].query("gender == 'all' and emotion == 'all'")
    assert figures["accuracy"].notna().all() and (figures["actors"] == len(actors)).all()
    assert figures.filter(regex="(low|high)$").isna().all(axis=None)
    assert tables["pairs"][["low", "high"]].isna().all(axis=None)
    assert (tables["pairs"]["sign_flip_p"] >= 2 ** (1 - len(actors)) - 1e-12).all()
    subsets = tables["subsets"]
    assert subsets.loc[subsets["actors"] < 3, ["low", "high"]].isna().all(axis=None)
    assert tables["gender"][["low", "high"]].isna().all(axis=None)
    assert tables["gender"]["detectable"].isna().all() == (len(actors) < 5)
    assert (tables["narrowed"]["verdict"] == "not shown").all()
    women = subsets.query("gender == 'female' and emotion == 'all'")
    assert women["low"].notna().all() == (len(actors) == 5)


def test_an_emotion_that_a_system_does_not_know_is_never_right(systems):
    subsets = evaluate(systems, [], FEW)["subsets"]
    disgust = subsets.query("system == 'face' and emotion == 'disgust'")
    assert len(disgust) == 3 and (disgust["accuracy"] == 0).all() and (disgust["high"] == 0).all()


def test_a_modality_without_predictions_is_refused(systems):
    with pytest.raises(EmofusionError, match="no predictions of text to evaluate; there are: linear, speech, face"):
        evaluate(systems, ["text"], FEW)


def test_figures_do_not_depend_on_other_systems(systems):
    alone = evaluate({"face": systems["face"]}, [], FEW)["subsets"].set_index(["gender", "emotion"])
    together = evaluate(systems, [], FEW)["subsets"].query("system == 'face'").set_index(["gender", "emotion"])
    pd.testing.assert_frame_equal(alone.drop(columns="system"), together.drop(columns="system"))
