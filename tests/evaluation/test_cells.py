"""Cells two by two, against the comparison of systems that it is made of."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from emofusion.evaluation import cells as module
from emofusion.evaluation.cells import compare_pairs
from emofusion.predictions.table import labels
from emofusion.settings.experiment import Evaluation

EVALUATION = Evaluation(samples=200, seed=0, confidence=0.95)


@pytest.fixture
def cells() -> dict[str, pd.DataFrame]:
    """Three cells on 96 clips of eight actors, and one on other clips."""
    random = np.random.default_rng(3)
    clips = pd.DataFrame({"clip": [f"c{n}" for n in range(96)], "corpus": "demo", "fold": 0, "split": "test"})
    clips["actor"] = [f"demo-{n // 12}" for n in range(96)]
    clips["gender"] = np.where(np.arange(96) // 12 % 2, "male", "female")
    clips["emotion"] = np.resize(["happy", "sad", "angry"], 96)
    tables = {}
    for skill in (0.5, 1.0, 2.0):
        logits = random.normal(size=(96, 3)) + skill * pd.get_dummies(clips["emotion"])[["happy", "sad", "angry"]]
        tables[f"skill={skill}"] = clips.assign(**{f"logit_{name}": logits[name] for name in logits})
    return tables | {"elsewhere": tables["skill=1.0"].assign(clip=[f"d{n}" for n in range(96)])}


def test_cells_on_the_same_clips_are_compared_and_others_are_not(cells):
    table = compare_pairs(cells, EVALUATION)
    assert table[["first", "second"]].to_numpy().tolist() == [
        ["skill=0.5", "skill=1.0"], ["skill=0.5", "skill=2.0"], ["skill=1.0", "skill=2.0"],
    ]  # fmt: skip
    right = {name: labels(rows) == rows["emotion"].to_numpy() for name, rows in cells.items()}
    for row in table.itertuples():
        first, second = right[row.first], right[row.second]
        assert row.difference == pytest.approx(first.mean() - second.mean())
        only = (first & ~second).sum(), (second & ~first).sum()
        assert (row.only_first, row.only_second) == only
        assert row.mcnemar_p == pytest.approx(binomtest(only[0], sum(only)).pvalue)
        assert row.mcnemar_p <= row.mcnemar_p_holm <= 3 * row.mcnemar_p + 1e-12
    assert set(table["compared"]) == {3}


def test_many_cells_are_compared_with_the_first_alone(cells, monkeypatch):
    every = compare_pairs(cells, EVALUATION).set_index(["first", "second"])
    monkeypatch.setattr(module, "ALL_PAIRS", 3)
    few = compare_pairs(cells, EVALUATION).set_index(["first", "second"])
    assert list(few.index) == [("skill=0.5", "skill=1.0"), ("skill=0.5", "skill=2.0")]
    same = ["difference", "low", "high", "only_first", "mcnemar_p", "sign_flip_p"]
    pd.testing.assert_frame_equal(few[same], every.loc[few.index, same])
    assert set(few["compared"]) == {2}
