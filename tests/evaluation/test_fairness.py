"""Fairness over gender by hand, and by fairlearn's own functions one by one."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from emofusion.evaluation.actors import Actors
from emofusion.evaluation.counts import count
from emofusion.evaluation.fairness import METRICS, fairness_table
from emofusion.evaluation.systems import side_by_side
from emofusion.predictions.table import labels


def table_of(systems: dict[str, pd.DataFrame], are_checked: bool = False) -> pd.DataFrame:
    scored = side_by_side(systems, are_checked)
    return fairness_table(scored, count(scored), Actors(scored.genders, 0.95))


def predictions_of(rows: list[tuple[str, str, str]]) -> pd.DataFrame:
    """Predictions from (gender, emotion, predicted)."""
    clips = pd.DataFrame(rows, columns=["gender", "emotion", "predicted"])
    facts = {"clip": [f"c{i}" for i in range(len(rows))], "corpus": "demo", "actor": "demo-" + clips["gender"]}
    logits = {f"logit_{e}": (clips["predicted"] == e).astype(float) for e in ("happy", "sad", "angry")}
    return clips.drop(columns="predicted").assign(**facts, fold=0, split="test", **logits)


def test_by_hand():
    """
    Women: of 4 happy 3 recognised, 1 taken for sad; of 4 sad 2, 2 taken for happy.
    Men: of 2 happy 1 recognised, 1 taken for angry; of 2 sad both; of 4 angry 1, 3 taken for happy.
    """
    women = [("happy", "happy")] * 3 + [("happy", "sad")] + [("sad", "sad")] * 2 + [("sad", "happy")] * 2
    men = (
        [("happy", "happy"), ("happy", "angry")]
        + [("sad", "sad")] * 2
        + [("angry", "angry")]
        + [("angry", "happy")] * 3
    )
    rows = [("female", *clip) for clip in women] + [("male", *clip) for clip in men]
    table = table_of({"speech": predictions_of(rows)})
    assert table["system"].eq("speech").all()
    values = table.set_index(["emotion", "metric"])["value"]
    parity, odds, opportunity = METRICS
    expected = {
        ("all", "accuracy_difference"): 5 / 8 - 4 / 8,
        ("happy", parity): 5 / 8 - 4 / 8,
        ("happy", opportunity): 3 / 4 - 1 / 2,
        ("happy", odds): max(1 / 4, abs(2 / 4 - 3 / 6)),
        ("sad", parity): 3 / 8 - 2 / 8,
        ("sad", opportunity): 1 - 2 / 4,
        ("sad", odds): max(1 / 2, 1 / 4 - 0),
        ("angry", parity): 2 / 8 - 0,
        ("angry", opportunity): np.nan,  # no woman is angry
        ("angry", odds): np.nan,
    }
    assert set(values.index) == set(expected)
    for key, value in expected.items():
        assert values[key] == pytest.approx(value, nan_ok=True), key


def test_by_fairlearns_own_functions(systems):
    """To the last bit."""
    metrics = pytest.importorskip("fairlearn.metrics")
    table = table_of(systems)
    assert len(table) == 3 * (1 + 7 * 3) and table["system"].unique().tolist() == list(systems)
    for row in table[table["emotion"] != "all"].itertuples():
        rows = systems[row.system]
        truth, taken = rows["emotion"] == row.emotion, labels(rows) == row.emotion
        reference = getattr(metrics, row.metric)(truth, taken, sensitive_features=rows["gender"])
        if row.emotion == "angry" and row.metric != METRICS[0]:
            assert np.isnan(row.value)
        else:
            assert row.value == reference
    for name, rows in systems.items():
        right = (labels(rows) == rows["emotion"]).groupby(rows["gender"]).mean()
        value = table.loc[(table["system"] == name) & (table["emotion"] == "all"), "value"].item()
        assert value == pytest.approx(abs(right["male"] - right["female"]))


def test_a_clip_that_a_system_lacks_counts_and_is_not_recognised(lacking):
    metrics = pytest.importorskip("fairlearn.metrics")
    table = table_of(lacking, are_checked=True)
    complete = pd.concat(lacking.values()).drop_duplicates("clip")
    for row in table.itertuples():
        rows = lacking[row.system]
        # demographic parity is of the share of all clips that are predicted as the emotion
        whole = row.emotion == "all" or row.metric == METRICS[0]
        shown = complete[complete["emotion"].eq(row.emotion) | whole]["gender"].value_counts()
        assert (row.female_clips, row.male_clips) == (shown.get("female", 0), shown.get("male", 0))
        if row.emotion == "all":
            right = (labels(rows) == rows["emotion"]).groupby(rows["gender"]).mean()
            assert row.value == pytest.approx(abs(right["male"] - right["female"]))
        elif row.emotion != "angry" or row.metric == METRICS[0]:  # no woman is angry
            truth, taken = rows["emotion"] == row.emotion, labels(rows) == row.emotion
            assert row.value == getattr(metrics, row.metric)(truth, taken, sensitive_features=rows["gender"])


def test_odds_need_clips_of_other_emotions_of_both_genders():
    rows = [
        ("female", "happy", "happy"),
        ("female", "happy", "sad"),
        ("male", "happy", "happy"),
        ("male", "sad", "sad"),
    ]
    values = table_of({"speech": predictions_of(rows)}).set_index(["emotion", "metric"])["value"]
    assert values["happy", "equal_opportunity_difference"] == 0.5
    assert np.isnan(values["happy", "equalized_odds_difference"])


def test_one_gender_has_nothing_to_differ_from():
    rows = [("female", "happy", "happy"), ("female", "sad", "happy")]
    table = table_of({"speech": predictions_of(rows)})
    assert len(table) == 7 and table["value"].isna().all()


def test_fairlearn_is_not_imported_by_an_evaluation():
    program = "import sys, emofusion.evaluation.evaluate, emofusion.evaluation.sweep; print('fairlearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
