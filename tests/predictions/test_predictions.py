"""Prediction tables: posteriors, labels, subsets, and putting modalities on the same clips."""

import numpy as np
import pandas as pd
import pytest

from emofusion.errors import EmofusionError
from emofusion.predictions.table import align, labels, posteriors, subsets


def scored(clips: str, logits: dict[str, list[float]], split: str = "test", **columns) -> pd.DataFrame:
    """A prediction table of one-letter clips; upper case for men."""
    table = pd.DataFrame({"clip": list(clips)})
    table["corpus"], table["actor"] = "demo", "demo-" + table["clip"]
    table["gender"] = ["male" if clip.isupper() else "female" for clip in clips]
    table["emotion"], table["fold"], table["split"] = "happy", 0, split
    return table.assign(**columns, **{f"logit_{emotion}": values for emotion, values in logits.items()})


def test_posteriors_are_the_softmax_in_the_order_of_the_columns():
    table = scored("ab", {"sad": [0.0, np.log(3)], "neutral": [0.0, 0.0]})
    np.testing.assert_allclose(posteriors(table), [[0.5, 0.5], [0.75, 0.25]])


def test_posteriors_of_huge_and_of_impossible_logits():
    table = scored("ab", {"happy": [1000.0, 0.0], "sad": [-np.inf, 0.0]})
    np.testing.assert_allclose(posteriors(table), [[1, 0], [0.5, 0.5]])
    table.loc[1, ["logit_happy", "logit_sad"]] = -np.inf
    with pytest.raises(EmofusionError, match=r"^b: the logits give no probabilities"):
        posteriors(table)


def test_labels_take_the_first_emotion_of_a_tie():
    table = scored("abc", {"calm": [0.0, 0.5, 6.0], "sad": [0.0, 1.0, 5.0]})
    assert labels(table).tolist() == ["calm", "sad", "calm"]


def test_subsets_count_by_gender_and_emotion_where_there_are_clips():
    clips = scored("abC", {"happy": [0, 0, 0]}, emotion=["sad", "happy", "sad"])
    keys, membership = subsets(clips, [])
    counts = {(key.gender, key.emotion): n for key, n in zip(keys.itertuples(), membership.sum(axis=0), strict=True)}
    assert counts == {
        ("all", "all"): 3, ("all", "happy"): 1, ("all", "sad"): 2,
        ("female", "all"): 2, ("female", "happy"): 1, ("female", "sad"): 1,
        ("male", "all"): 1, ("male", "sad"): 1,
    }  # fmt: skip


def test_align_joins_rows_in_any_order_over_the_union_of_classes():
    speech = scored("abC", {"happy": [0.0, 1.0, 2.0], "sad": [0.0, 0.0, 0.0]})
    face = scored("Cba", {"calm": [3.0, 2.0, 1.0], "happy": [0.0, 0.0, 0.0]})
    both = align({"speech": speech, "face": face})
    assert both.clips["clip"].tolist() == ["a", "b", "C"]
    assert both.clips.columns.tolist() == ["clip", "corpus", "actor", "gender", "emotion", "fold", "split"]
    assert (both.classes, both.modalities) == (["calm", "happy", "sad"], ["speech", "face"])
    sigmoid = 1 / (1 + np.exp(-np.array([0.0, 1.0, 2.0])))
    np.testing.assert_allclose(both.posteriors[0], np.stack([np.zeros(3), sigmoid, 1 - sigmoid], axis=1))
    assert (both.posteriors[1, :, 2] == 0).all()
    np.testing.assert_allclose(both.posteriors[1, :, 0], 1 / (1 + np.exp([-1.0, -2.0, -3.0])))
    assert both.left_out == {"speech": 0, "face": 0}


def test_align_works_where_modalities_validate_on_different_corpora():
    speech = pd.concat([scored("ab", {"happy": [0.0, 0.0]}), scored("xyz", {"happy": [0.0] * 3}, "validation")])
    face = pd.concat([scored("pq", {"happy": [0.0, 0.0]}, "validation"), scored("ba", {"happy": [0.0, 0.0]})])
    both = align({"speech": speech, "face": face})
    assert both.clips["clip"].tolist() == ["a", "b"]
    assert both.left_out == {"speech": 3, "face": 2}


def test_align_keeps_a_clip_of_several_folds_apart():
    parts = [scored("ab", {"happy": [float(fold), 1.0], "sad": [0.0, 0.0]}, "validation", fold=fold) for fold in (0, 1)]
    both = align({"speech": pd.concat(parts), "face": pd.concat(parts[::-1])})
    assert both.clips[["clip", "fold"]].to_numpy().tolist() == [["a", 0], ["b", 0], ["a", 1], ["b", 1]]
    np.testing.assert_array_equal(both.posteriors[0], both.posteriors[1])


def test_align_requires_the_same_test_clips():
    speech, face = scored("abcdefgh", {"happy": [0.0] * 8}), scored("a", {"happy": [0.0]})
    with pytest.raises(EmofusionError, match=r"face predictions lack 7 of 8 test clips .*: b, c, d, e, f and 2 more;"):
        align({"speech": speech, "face": face})


@pytest.mark.parametrize("column, value", [("emotion", "sad"), ("gender", "male"), ("actor", "demo-z")])
def test_align_refuses_members_that_disagree_on_a_clip(column, value):
    speech, face = scored("ab", {"happy": [0.0, 0.0]}), scored("ab", {"happy": [0.0, 0.0]})
    face.loc[1, column] = value
    with pytest.raises(
        EmofusionError, match=f"speech and face disagree on the {column} of 1 clips, as of b: .*{value}"
    ):
        align({"speech": speech, "face": face})


def test_align_refuses_what_has_nothing_in_common():
    with pytest.raises(EmofusionError, match="no clip was scored by all of speech, face"):
        align({n: scored(c, {"happy": [0.0]}, "validation") for n, c in (("speech", "a"), ("face", "b"))})
    with pytest.raises(EmofusionError, match="no modality"):
        align({})
    with pytest.raises(EmofusionError, match="the speech prediction table is not the table"):
        align({"speech": scored("aa", {"happy": [0.0, 0.0]})})
