"""Accuracies, recall and confusion against scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, recall_score

from emofusion.corpora.ravdess.names import EMOTIONS
from emofusion.errors import EmofusionError
from emofusion.evaluation.accuracy import by_subset, confusion, metrics_by_split, on_test, unweighted_average_recall
from emofusion.predictions.table import labels, with_unknown


@pytest.fixture(scope="module")
def scored() -> pd.DataFrame:
    """300 clips of seven emotions, scored by a model that does not know disgust but knows calm, which is not tested."""
    random = np.random.default_rng(3)
    emotion = random.choice([e for e in EMOTIONS if e != "calm"], 300, p=[0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1])
    clips = {"clip": [f"c{i}" for i in range(300)], "corpus": "demo", "actor": "demo-1", "fold": 0, "split": "test"}
    logits = {f"logit_{e}": random.normal(emotion == e, 1) for e in EMOTIONS if e != "disgust"}
    facts = {**clips, "gender": random.choice(["female", "male"], 300), "emotion": emotion}
    return with_unknown(pd.DataFrame({**facts, **logits}), EMOTIONS)


def test_accuracy_by_gender_and_emotion(scored):
    table = by_subset(scored)
    assert len(table) == 3 * 8
    for row in table.itertuples():
        part = scored
        part = part if row.gender == "all" else part[part["gender"] == row.gender]
        part = part if row.emotion == "all" else part[part["emotion"] == row.emotion]
        assert row.accuracy == pytest.approx(accuracy_score(part["emotion"], labels(part)))
        assert (row.clips, row.correct) == (len(part), accuracy_score(part["emotion"], labels(part), normalize=False))


def test_unweighted_average_recall_is_over_the_emotions_that_occur(scored):
    present = scored["emotion"].unique()
    reference = recall_score(scored["emotion"], labels(scored), labels=present, average="macro")
    assert unweighted_average_recall(scored) == pytest.approx(reference)
    women = scored[scored["gender"] == "female"]  # an index with gaps
    reference = recall_score(women["emotion"], labels(women), labels=present, average="macro")
    assert unweighted_average_recall(women) == pytest.approx(reference)


def test_confusion_names_its_classes(scored):
    counts = confusion(scored)
    assert counts.index.tolist() == counts.columns.tolist() == list(EMOTIONS)
    np.testing.assert_array_equal(counts, confusion_matrix(scored["emotion"], labels(scored), labels=EMOTIONS))
    assert counts.loc["calm"].sum() == 0 and counts["disgust"].sum() == 0


def test_on_test_takes_the_test_rows_of_all_folds(scored):
    table = scored.assign(split=["test", "validation", "train"] * 100, fold=[0, 1] * 150)
    assert on_test(table, "speech")["clip"].tolist() == table["clip"][::3].tolist()


def test_on_test_refuses_a_clip_of_two_folds_and_none_at_all(scored):
    with pytest.raises(EmofusionError, match="the speech predictions test 2 clips in several folds, such as c0"):
        on_test(pd.concat([scored, scored.head(2).assign(fold=1)]), "speech")
    with pytest.raises(EmofusionError, match="the face predictions have no test clip"):
        on_test(scored.assign(split="validation"), "face")


def test_metrics_of_each_split(scored):
    table = scored.assign(split=["test", "test", "validation"] * 100)
    metrics = metrics_by_split(table)
    assert len(metrics) == 6
    for split, clips in (("test", 200), ("validation", 100)):
        rows = table[table["split"] == split]
        assert metrics[f"{split}_clips"] == len(rows) == clips
        assert metrics[f"{split}_accuracy"] == pytest.approx(accuracy_score(rows["emotion"], labels(rows)))
        present = rows["emotion"].unique()
        reference = recall_score(rows["emotion"], labels(rows), labels=present, average="macro")
        assert metrics[f"{split}_unweighted_average_recall"] == pytest.approx(reference)
