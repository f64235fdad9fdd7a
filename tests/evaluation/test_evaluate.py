"""All tables of an evaluation together: their schemas, and systems of which little can be said."""

import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from emofusion.errors import EmofusionError
from emofusion.evaluation.evaluate import ALONE, evaluate, evaluate_alone
from emofusion.evaluation.schemas import evaluation_schemas
from emofusion.plan.settings import EvaluationSettings
from emofusion.settings.experiment import Evaluation
from emofusion.settings.fields import check as check_range
from emofusion.settings.registry import kinds
from emofusion.tables import check


def few(seed: int = 0, metrics: list[str] | None = None) -> EvaluationSettings:
    """The settings of an evaluation with few resamples."""
    evaluation = Evaluation(samples=50, permutations=200, seed=seed)
    names = evaluation.metrics if metrics is None else metrics
    return EvaluationSettings(evaluation, [kinds("metrics")[name].for_evaluation(evaluation) for name in names])


pytestmark = pytest.mark.filterwarnings("error")


def checked(systems: dict[str, pd.DataFrame], modalities: list[str]) -> dict[str, pd.DataFrame]:
    settings = few()
    tables, schemas = evaluate(systems, modalities, settings), evaluation_schemas(settings.metrics)
    assert list(tables) == list(schemas)
    return {name: check(table, schemas[name], name) for name, table in tables.items()}


def test_every_table_is_as_its_schema_says(systems):
    tables = checked(systems, ["speech", "face"])
    assert {name: len(table) for name, table in tables.items()} == {
        "subsets": 69, "confusion": 576, "pairs": 3, "against": 2, "gender": 27, "narrowed": 18, "fairness": 66,
        "presence": 0, "actors": 198, "classes": 24, "reliability": 34,
    }  # fmt: skip
    subsets = tables["subsets"]
    none = ["calibration_error_low", "calibration_error_high"]
    assert subsets[none].isna().all(axis=None)
    assert tables["pairs"].notna().all(axis=None) and subsets[subsets["emotion"] == "all"].drop(
        columns=none
    ).notna().all(axis=None)


def test_the_seed_decides_what_is_drawn(systems):
    one, same, other = (evaluate(systems, ["speech"], few(seed)) for seed in (1, 1, 2))
    for name, table in one.items():
        pd.testing.assert_frame_equal(table, same[name])
    assert (one["subsets"]["macro_f1_low"] != other["subsets"]["macro_f1_low"]).any()
    assert (one["subsets"]["low"] == other["subsets"]["low"]).all()  # nothing is drawn for it
    assert (one["subsets"]["accuracy"] == other["subsets"]["accuracy"]).all()


def test_a_system_alone_has_no_pair(systems):
    tables = checked({"speech": systems["speech"]}, ["speech"])
    assert len(tables["pairs"]) == len(tables["narrowed"]) == 0 and set(tables["subsets"]["system"]) == {"speech"}


def test_one_gender_has_no_gap(systems):
    women = {name: table[table["gender"] == "female"] for name, table in systems.items()}
    tables = checked(women, ["speech", "face"])
    gender = tables["gender"]
    assert gender[["gap", "low", "high", "p", "p_holm", "minimum_detectable_gap", "male"]].isna().all(axis=None)
    assert gender["female"].notna().all() and (gender["male_clips"] == 0).all()
    assert (tables["narrowed"]["verdict"] == "not shown").all() and tables["narrowed"]["change"].isna().all()
    assert tables["subsets"]["low"].notna().all()
    assert set(tables["subsets"]["gender"]) == set(tables["confusion"]["gender"]) == {"all", "female"}


@pytest.mark.parametrize(
    "actors", [["demo-0"], ["demo-0", "demo-8"], ["demo-0", "demo-1", "demo-2", "demo-7", "demo-8"]]
)
def test_few_actors_of_a_gender_have_figures_without_intervals(systems, actors):
    systems = {name: table[table["actor"].isin(actors)] for name, table in systems.items()}
    tables = checked(systems, ["speech", "face"])
    figures = tables["subsets"].query("gender == 'all' and emotion == 'all'")
    assert figures["accuracy"].notna().all() and (figures["actors"] == len(actors)).all()
    assert figures.filter(regex="(low|high)$").isna().all(axis=None)
    assert tables["pairs"][["low", "high"]].isna().all(axis=None)
    assert (tables["pairs"]["sign_flip_p"] >= 2 ** (1 - len(actors)) - 1e-12).all()
    subsets = tables["subsets"]
    assert subsets.loc[subsets["actors"] < 3, ["low", "high"]].isna().all(axis=None)
    assert tables["gender"][["low", "high"]].isna().all(axis=None)
    assert tables["gender"]["minimum_detectable_gap"].isna().all() == (len(actors) < 5)
    assert (tables["narrowed"]["verdict"] == "not shown").all()
    women = subsets.query("gender == 'female' and emotion == 'all'")
    assert women["low"].notna().all() == (len(actors) == 5)


def test_an_emotion_that_a_system_does_not_know_is_never_right(systems):
    subsets = evaluate(systems, [], few())["subsets"]
    disgust = subsets.query("system == 'face' and emotion == 'disgust'")
    assert len(disgust) == 3 and (disgust[["accuracy", "low"]] == 0).all(axis=None)


def test_a_modality_without_predictions_is_refused(systems):
    with pytest.raises(EmofusionError, match="no predictions of text to evaluate; there are: linear, speech, face"):
        evaluate(systems, ["text"], few())


def test_figures_do_not_depend_on_other_systems(systems):
    alone = evaluate({"face": systems["face"]}, [], few())["subsets"].set_index(["gender", "emotion"])
    together = evaluate(systems, [], few())["subsets"].query("system == 'face'").set_index(["gender", "emotion"])
    pd.testing.assert_frame_equal(alone.drop(columns="system"), together.drop(columns="system"))


def test_only_the_metrics_of_the_settings_are_there_and_in_the_order_of_tables(systems):
    subsets = evaluate(systems, [], few(metrics=["brier", "accuracy", "macro_f1"]))["subsets"]
    assert subsets.columns.tolist() == [
        "system", "gender", "emotion", "correct", "clips", "actors", "accuracy", "low", "high",
        "macro_f1", "macro_f1_low", "macro_f1_high", "brier", "brier_low", "brier_high",
    ]  # fmt: skip
    whole = evaluate(systems, [], few())["subsets"]
    pd.testing.assert_frame_equal(subsets, whole[subsets.columns], check_exact=True)
    assert "accuracy" in evaluate(systems, [], few(metrics=[]))["subsets"]


def test_evaluation_does_not_depend_on_the_number_of_threads(systems):
    """Every table, to the byte."""
    tables = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            tables.append(evaluate(systems, ["speech", "face"], few()))
    for name, one in tables[0].items():
        assert one.to_csv() == tables[1][name].to_csv()
        pd.testing.assert_frame_equal(one, tables[1][name], check_exact=True)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"confidence": 0.0}, "confidence"),
        ({"confidence": 1.0}, "confidence"),
        ({"samples": 0}, "samples"),
        ({"permutations": 0}, "permutations"),
        ({"bins": 0}, "bins"),
        ({"seed": -1}, "seed"),
        ({"metrics": ["brier", "brier"]}, "metrics"),
    ],
)
def test_settings_that_give_no_evaluation_are_refused(settings, named):
    with pytest.raises(EmofusionError, match=rf"evaluation\.{named}="):
        check_range(Evaluation(**settings), "evaluation")


def test_the_rows_of_systems_that_were_evaluated_before_are_left_out(systems):
    """Two parts, made at different times, are the tables of all systems to the byte."""
    whole = evaluate(systems, ["speech", "face"], few())
    new = evaluate(systems, ["speech", "face"], few(), new=["linear"])
    before = evaluate_alone({name: systems[name] for name in ("speech", "face")}, few())
    assert set(before) == set(ALONE)
    for name, table in whole.items():
        together = pd.concat([new[name], before[name]], ignore_index=True) if name in ALONE else new[name]
        assert together.to_csv() == table.to_csv()
    nothing = evaluate(systems, ["speech", "face"], few(), new=[])
    for name in ALONE:
        assert nothing[name].empty and nothing[name].dtypes.equals(whole[name].dtypes)
