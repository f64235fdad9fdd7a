"""Test clips that a modality lacks."""

import numpy as np
import pandas as pd
import pytest

from emofusion.errors import EmofusionError
from emofusion.predictions.missing import completed, in_words, notes_of_missing, patterns, shared_weights
from emofusion.predictions.table import align, is_missing, labels, posteriors
from emofusion.tables import LOGIT

EMOTIONS = ["happy", "sad"]


def table(clips: dict[str, float], fold: int = 0, split: str = "test") -> pd.DataFrame:
    """A prediction table. clips: clip, whose first letter is its actor → the posterior of happy."""
    rows = [
        {
            **{"clip": clip, "corpus": "mine", "actor": clip[0], "gender": "female", "emotion": "happy"},
            **{"fold": fold, "split": split, LOGIT + "happy": np.log(p), LOGIT + "sad": np.log(1 - p)},
        }
        for clip, p in clips.items()
    ]
    return pd.DataFrame(rows)


def test_complete_tables_are_returned_as_they_are():
    tables = {"speech": table({"a1": 0.6, "b1": 0.2}), "face": table({"b1": 0.7, "a1": 0.1})}
    assert all(completed(tables, how)[name] is tables[name] for how in ("use_others", "fail") for name in tables)


def test_a_clip_that_a_modality_lacks_has_a_row_without_logits():
    tables = completed({"speech": table({"a1": 0.6, "b1": 0.2}), "face": table({"b1": 0.7, "c1": 0.1})}, "use_others")
    assert tables["speech"]["clip"].tolist() == ["a1", "b1", "c1"] and tables["face"]["clip"].tolist() == [
        "b1",
        "c1",
        "a1",
    ]
    assert is_missing(tables["speech"]).tolist() == [False, False, True]
    assert labels(tables["speech"]).tolist() == ["happy", "sad", ""]
    assert posteriors(tables["speech"]).tolist()[2] == [0.5, 0.5]
    aligned = align(tables, are_checked=True)
    assert aligned.clips["clip"].tolist() == ["a1", "b1", "c1"]
    assert aligned.present.tolist() == [[True, True, False], [False, True, True]]
    assert notes_of_missing(tables) == [
        "speech is missing for 1 of 3 test clips. The fusion of these clips rests on the other modalities; speech "
        "alone does not recognise them.",
        "face is missing for 1 of 3 test clips. The fusion of these clips rests on the other modalities; face alone "
        "does not recognise them.",
    ]


def test_missing_clips_may_be_refused_with_what_to_type():
    tables = {"speech": table({"a1": 0.6, "b1": 0.2}), "face": table({"b1": 0.7})}
    with pytest.raises(EmofusionError) as refused:
        completed(tables, "fail")
    assert str(refused.value) == (
        "the face predictions lack 1 of 2 test clips that another modality scored: a1. Set fusion.missing=use_others "
        "to rest on the other modalities there, or leave the clips out with corpora.mine.exclude=['a1']"
    )


def test_a_clip_has_the_fold_of_the_first_modality_and_nothing_validates_where_folds_differ():
    speech = pd.concat([table({"a1": 0.6}, 0), table({"b1": 0.2}, 1), table({"b1": 0.2}, 0, "validation")])
    face = pd.concat([table({"a1": 0.6, "b1": 0.2, "c1": 0.5}, 1)])
    tables = completed({"speech": speech, "face": face}, "use_others")
    assert tables["face"].set_index("clip")["fold"].to_dict() == {"a1": 0, "b1": 1, "c1": 1}
    assert set(tables["speech"]["split"]) == {"test"}
    with pytest.raises(EmofusionError, match=r"the clip a1 is tested in the folds 0 \(speech\) and 1 \(face\)"):
        completed({"speech": speech, "face": face}, "fail")


def test_a_clip_that_is_tested_in_several_folds_stays_in_them():
    both = pd.concat([table({"a1": 0.6}, 0), table({"a1": 0.3}, 1)])
    tables = completed({"speech": both, "face": table({"a1": 0.5}, 1)}, "use_others")
    assert tables["face"][["clip", "fold"]].to_numpy().tolist() == [["a1", 1], ["a1", 0]]
    assert is_missing(tables["face"]).tolist() == [False, True]


def test_patterns_begin_with_the_most_modalities_and_leave_out_clips_without_any():
    present = np.array([[1, 1, 0, 0, 1], [1, 0, 1, 0, 1]], dtype=bool)
    found = [(modalities.tolist(), clips.tolist()) for modalities, clips in patterns(present)]
    assert found[0] == ([0, 1], [0, 4]) and sorted(found[1:]) == [([0], [1]), ([1], [2])]


def test_weights_are_shared_in_their_proportions():
    weights = np.array([[0.5, 0.3, 0.2], [1.0, 0.0, 0.0]])
    np.testing.assert_allclose(shared_weights(weights, np.array([1, 2])), [[0.6, 0.4], [0.5, 0.5]])


def test_patterns_in_words():
    assert [in_words(names, 3) for names in (["speech"], ["speech", "face"], ["speech", "face", "text"])] == [
        "speech only",
        "speech and face",
        "speech, face and text",
    ]
    assert in_words(["speech"], 1) == "speech"
