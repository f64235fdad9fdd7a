"""The sweep against a plain loop with scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from emofusion.fusion.sweep import simplex, sweep_weights
from sklearn.metrics import accuracy_score

from emofusion.fusion import sweep as module
from emofusion.messages import EmofusionError
from emofusion.predictions import align


def plain(aligned, weights: list[float], split: str, gender: str, emotion: str) -> tuple[float, int]:
    """Accuracy and count of one row of the sweep, clip by clip."""
    truth, predicted = [], []
    for row, clip in enumerate(aligned.clips.itertuples()):
        if clip.split == split and gender in ("all", clip.gender) and emotion in ("all", clip.emotion):
            fused = sum(w * p for w, p in zip(weights, aligned.posteriors[:, row], strict=True))
            truth.append(clip.emotion)
            predicted.append(aligned.classes[int(np.argmax(fused))])
    return accuracy_score(truth, predicted) if truth else np.nan, len(truth)


@pytest.mark.parametrize(
    "modalities, steps", [(["speech"], 3), (["speech", "face"], 10), (["speech", "face", "text"], 4)]
)
def test_sweep_equals_the_plain_loop(three, modalities, steps):
    aligned = align({name: three[name] for name in modalities})
    table = sweep_weights(aligned, "linear", steps)
    assert table.columns.tolist() == [
        "rule", *[f"weight_{m}" for m in modalities], "split", "gender", "emotion", "correct", "clips", "accuracy",
    ]  # fmt: skip
    for row in table.sample(min(len(table), 120), random_state=0).itertuples():
        weights = [getattr(row, f"weight_{modality}") for modality in modalities]
        accuracy, clips = plain(aligned, weights, row.split, row.gender, row.emotion)
        assert (row.accuracy, row.clips) == (pytest.approx(accuracy, abs=1e-12), clips)
        assert row.correct == round(row.accuracy * row.clips)


def test_every_setting_split_gender_and_emotion_that_has_clips_is_there_once(three):
    aligned = align({name: three[name] for name in ("speech", "face")})
    table = sweep_weights(aligned, "linear", 10)
    subset = ["split", "gender", "emotion"]
    assert not table.duplicated(["weight_speech", "weight_face", *subset]).any()
    found = {tuple(row) for row in table[subset].to_numpy()}
    expected = {
        (clip.split, gender, emotion)
        for clip in aligned.clips.itertuples()
        for gender in ("all", clip.gender)
        for emotion in ("all", clip.emotion)
    }
    assert found == expected and ("test", "female", "angry") not in found
    assert len(table) == 11 * len(expected)


def test_an_emotion_that_no_model_knows_counts_as_wrong(three):
    face = three["face"].drop(columns="logit_surprised")
    table = sweep_weights(align({"face": face}), "linear", 1)
    assert (table.loc[table["emotion"] == "surprised", "correct"] == 0).all()
    assert (table.loc[table["emotion"] == "surprised", "clips"] > 0).all()


def test_pieces_of_bounded_memory_give_the_same(three, monkeypatch):
    aligned = align(three)
    whole = sweep_weights(aligned, "linear", 6)
    monkeypatch.setattr(module, "CHUNK", 5 * 150 * 8)
    pd.testing.assert_frame_equal(sweep_weights(aligned, "linear", 6), whole)


def test_train_rows_are_not_swept(three):
    table = three["face"].assign(split="train")
    with pytest.raises(EmofusionError, match="no weight to sweep"):
        sweep_weights(align({"face": table}), "linear", 2)


def test_simplex_of_two_is_the_line_of_weights():
    grid = simplex(2, 100)
    np.testing.assert_array_equal(grid[:, 0], [i / 100 for i in range(101)])
    np.testing.assert_array_equal(grid[:, 1], [(100 - i) / 100 for i in range(101)])


def test_simplex_of_three_holds_every_composition_once():
    steps = 7
    expected = [[a / 7, b / 7, (7 - a - b) / 7] for a in range(steps + 1) for b in range(steps + 1 - a)]
    np.testing.assert_array_equal(simplex(3, steps), expected)
    assert simplex(1, 5).tolist() == [[1.0]]


@pytest.mark.parametrize("modalities, steps", [(2, 0), (2, -3), (2, 0.5), (5, 100)])
def test_steps_that_give_no_grid(modalities, steps):
    with pytest.raises(EmofusionError, match=r"fusion\.steps="):
        simplex(modalities, steps)
