"""Systems put side by side, and the sums over each actor's clips."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import confusion_matrix, log_loss

from emofusion.corpora.ravdess.names import EMOTIONS
from emofusion.errors import EmofusionError
from emofusion.evaluation.arithmetic import one_hot, ratio
from emofusion.evaluation.counts import count
from emofusion.evaluation.metrics.brier import Brier
from emofusion.evaluation.metrics.calibration_error import CalibrationError
from emofusion.evaluation.metrics.log_loss import LogLoss
from emofusion.evaluation.systems import side_by_side
from emofusion.predictions.table import labels, posteriors


def test_order_of_rows_does_not_matter(systems):
    shuffled = {name: table.sample(frac=1, random_state=3) for name, table in systems.items()}
    shuffled["linear"] = systems["linear"]
    one, other = side_by_side(systems), side_by_side(shuffled)
    np.testing.assert_array_equal(one.predicted, other.predicted)
    np.testing.assert_array_equal(one.posteriors, other.posteriors)
    assert one.names == ["linear", "speech", "face"] and one.emotions == list(EMOTIONS)
    for predicted, table in zip(one.predicted, systems.values(), strict=True):
        assert np.array(one.emotions)[predicted].tolist() == labels(table).tolist()
    assert (one.posteriors[2, :, one.emotions.index("disgust")] == 0).all()


def test_only_test_rows_count_and_folds_may_differ(systems):
    extra = systems["speech"].assign(split="validation")
    changed = {**systems, "speech": pd.concat([extra, systems["speech"].assign(fold=3)])}
    np.testing.assert_array_equal(side_by_side(changed).posteriors, side_by_side(systems).posteriors)


def test_systems_that_do_not_belong_together(systems):
    with pytest.raises(EmofusionError, match="the face predictions lack 1 of 400 test clips"):
        side_by_side({**systems, "face": systems["face"].iloc[1:]})
    other = systems["face"].assign(gender=systems["face"]["gender"].map({"male": "female", "female": "male"}))
    with pytest.raises(EmofusionError, match="disagree on the gender"):
        side_by_side({**systems, "face": other})
    two = systems["face"].assign(actor="demo-1")
    with pytest.raises(EmofusionError, match="actor demo-1 has two genders, female and male"):
        side_by_side({"face": two})
    with pytest.raises(EmofusionError):
        side_by_side({})


def test_counts_of_each_actor(systems):
    scored = side_by_side(systems)
    counts = count(scored)
    for position, table in enumerate(systems.values()):
        for row, actor in enumerate(scored.actors["actor"]):
            rows = table[table["actor"] == actor]
            reference = confusion_matrix(rows["emotion"], labels(rows), labels=list(EMOTIONS))
            np.testing.assert_array_equal(counts.confusion[position, row], reference)
            np.testing.assert_array_equal(counts.correct[position, row], np.diag(reference))
            np.testing.assert_array_equal(counts.clips[row], reference.sum(axis=1))


def test_log_loss_and_brier_of_each_actor(systems):
    """Face gives disgust no chance at all: its logarithm is taken of a tiny number, as scikit-learn does."""
    scored = side_by_side(systems)
    sums = count(scored, [LogLoss(), Brier()]).sums
    for position, table in enumerate(systems.values()):
        for row, kind in product(range(len(scored.actors)), range(8)):
            rows = table[(table["actor"] == scored.actors["actor"][row]) & (table["emotion"] == EMOTIONS[kind])]
            if rows.empty:
                assert sums["log_loss"][position, row, kind] == sums["brier"][position, row, kind] == 0
                continue
            chances = posteriors(rows)
            if chances.shape[1] < len(EMOTIONS):
                chances = np.insert(chances, EMOTIONS.index("disgust"), 0, axis=1)
            ordered = chances[:, np.argsort(EMOTIONS)]  # scikit-learn wants the labels by the alphabet
            reference = log_loss(rows["emotion"], ordered, labels=sorted(EMOTIONS), normalize=False)
            assert sums["log_loss"][position, row, kind] == pytest.approx(reference, rel=1e-9)
            by_hand = sum(
                sum((p - (emotion == truth)) ** 2 for p, emotion in zip(chance, EMOTIONS, strict=True))
                for chance, truth in zip(chances, rows["emotion"], strict=True)
            )
            assert sums["brier"][position, row, kind] == pytest.approx(by_hand)


def test_calibration_bins_clip_by_clip(systems):
    scored = side_by_side(systems)
    bins = count(scored, [CalibrationError(bins=10)]).sums["calibration_error"]
    expected = np.zeros_like(bins)
    for position in range(3):
        for clip, chances in enumerate(scored.posteriors[position]):
            top = max(chances)
            number = next(i for i in range(10) if i / 10 < top <= (i + 1) / 10)
            right = np.argmax(chances) == scored.truth[clip]
            expected[position, scored.actor[clip], scored.truth[clip], number] += [top, right]
    np.testing.assert_allclose(bins, expected)


def test_terms_that_are_not_one_for_each_clip_are_refused(systems):
    class Wrong(LogLoss):
        def terms(self, posteriors, truth, predicted):
            return posteriors.T

    with pytest.raises(EmofusionError, match=r"the metric log_loss has terms of shape \(8, 400\).* the 400 clips"):
        count(side_by_side(systems), [Wrong()])


def test_one_hot():
    assert one_hot(np.array([2, 0]), 3).tolist() == [[False, False, True], [True, False, False]]


def test_ratio_to_nothing_is_missing():
    np.testing.assert_array_equal(ratio(np.array([1, 0, 3]), np.array([2, 0, 0])), [0.5, np.nan, np.nan])
