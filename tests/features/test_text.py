"""Transcripts as counts: they are scikit-learn's, they stay sparse, and a clip without words is refused."""

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from emofusion.counted import read_notes
from emofusion.errors import EmofusionError, Lacking
from emofusion.features.common.extract import LACKING, extract
from emofusion.features.common.feature_set import FeatureSet
from emofusion.features.text import Text
from emofusion.features.text.compute import plain
from emofusion.settings.fields import check

TEXTS = ["Oh my God, oh my God!", "You’re late.", "you're late", "What?! No…", "7 is ÉTÉ"]
CLIPS = pd.DataFrame({"clip": list("abcde"), "corpus": "mine", "emotion": "happy", "said": TEXTS})


def stored(tmp_path, clips=CLIPS, workers=1, **settings) -> FeatureSet:
    features = Text(**{"column": "said", **settings})
    check(features, "text.features")
    out = tmp_path / f"out{len(list(tmp_path.iterdir()))}"
    extract(clips, features, out, workers)
    found = FeatureSet.open([out])
    assert found.shape == features.row_shape() and found.is_sparse and found.dtype == np.float32
    return found


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ({"words": [1, 2], "characters": []}, {"ngram_range": (1, 2), "token_pattern": r"\b\w+\b|[!?.…]+"}),
        ({"words": [], "characters": [2, 3]}, {"ngram_range": (2, 3), "analyzer": "char_wb"}),
    ],
)
def test_counts_are_those_of_a_vocabulary(tmp_path, settings, options):
    ours = stored(tmp_path, **settings).take(range(5))
    counts = CountVectorizer(**options).fit_transform(map(plain, TEXTS)).toarray()
    # with 2^18 columns, no two of the few words share one: the same columns in another order
    used = ours[:, ours.any(axis=0)]
    assert sorted(map(tuple, used.T)) == sorted(map(tuple, counts.T))


def test_words_come_first_and_equal_words_are_equal(tmp_path):
    words, both = stored(tmp_path, characters=[], bits=10), stored(tmp_path, bits=10)
    np.testing.assert_array_equal(both.take(range(5))[:, :1024], words.take(range(5)))
    assert both.shape == (2048,)
    late = words.take([1, 2])  # the one with a full stop has it, and "late." as a pair
    assert (late[0] >= late[1]).all() and late[0].sum() == late[1].sum() + 2
    assert plain("“a”\x92s ﬁne") == '"a"\'s fine'


def test_rows_are_the_same_for_any_number_of_workers_and_from_several_folders(tmp_path):
    one, two = stored(tmp_path), stored(tmp_path, workers=2)
    np.testing.assert_array_equal(one.take(range(5)), two.take(range(5)))
    parts = [stored(tmp_path, CLIPS[:2]), stored(tmp_path, CLIPS[2:])]
    joined = FeatureSet.open([folder for part in parts for folder in part.folders])
    assert joined.rows["clip"].tolist() == list("abcde") and len(joined) == 5
    picked = joined.take_sparse([4, 0, 0, 3])
    assert picked.shape == (4, 2**19) and picked.nnz < 200
    np.testing.assert_array_equal(picked.toarray(), one.take([4, 0, 0, 3]))
    assert joined.take_sparse([]).shape == (0, 2**19)
    with pytest.raises(IndexError, match="rows go from 0 to 4"):
        joined.take_sparse([5])


def test_sets_of_another_width_or_damaged_ones_are_refused(tmp_path):
    wide, narrow = stored(tmp_path), stored(tmp_path, CLIPS.assign(clip=list("vwxyz")), bits=8)
    with pytest.raises(EmofusionError, match="use the same feature settings for both"):
        FeatureSet.open([*wide.folders, *narrow.folders])
    values = np.load(wide.folders[0] / "features.npy")
    np.save(wide.folders[0] / "features.npy", values[:-1])
    with pytest.raises(EmofusionError, match="is damaged"):
        FeatureSet.open(wide.folders)


def test_transcripts_may_have_a_table_of_their_own(tmp_path):
    table = tmp_path / "said.csv"
    pd.DataFrame({"clip": ["007", "x", "a"], "text": TEXTS[:3]}).to_csv(table, index=False)
    clips = CLIPS[:2].assign(clip=["a", "007"])
    features = Text(table=str(table))
    assert features.sources() == [table] and features.clips_named_in() == str(table)
    got = stored(tmp_path, clips, table=str(table), column="text").take(range(2))
    np.testing.assert_array_equal(got, stored(tmp_path).take([2, 0]))
    more = CLIPS.assign(clip=["a", "b", "c", "d", "x"])
    with pytest.raises(Lacking, match=r"said\.csv has no transcripts of 3 of 5 clips.*exclude=\['b','c'"):
        Text(table=str(table), column="text").prepare(more)
    assert stored(tmp_path, more, table=str(table), column="text").rows["clip"].tolist() == ["a", "x"]
    with pytest.raises(EmofusionError, match=r"said\.csv has no column said; there are clip, text"):
        stored(tmp_path, clips, table=str(table))


@pytest.mark.parametrize("silence", ["", "  ", None, float("nan")])
def test_a_clip_without_a_transcript_has_no_features(tmp_path, silence):
    clips = CLIPS.assign(said=[silence, *TEXTS[1:]])
    with pytest.raises(Lacking, match=r"1 of 5 clips have no transcript in the column said.*: a\. .*\['a'\]"):
        Text(column="said").prepare(clips)
    features = stored(tmp_path, clips)
    assert features.rows["clip"].tolist() == list("bcde")
    np.testing.assert_array_equal(features.take(range(4)), stored(tmp_path).take(range(1, 5)))
    (note,) = read_notes(features.folders[0])
    assert (note.what, note.number) == (LACKING, 1)


def test_a_word_that_looks_like_nothing_is_a_word(tmp_path):
    table = tmp_path / "said.csv"
    table.write_text("clip,text\na,null\nb,NA\nc,None\nd,12\ne,nan\n")
    assert stored(tmp_path, table=str(table), column="text").take(range(5)).any(axis=1).all()


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(
        EmofusionError, match=r"features\.column=statement: the clips of mine have no such column; there are"
    ):
        Text().prepare(CLIPS)
    with pytest.raises(EmofusionError, match=r"features\.table=none\.csv: there is no such file"):
        Text(table="none.csv").check_present()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"words": [2, 1]}, r"text\.features\.words=\[2,1\]: shortest and longest length"),
        ({"words": [1]}, r"text\.features\.words=\[1\]"),
        ({"characters": [0, 2]}, r"text\.features\.characters"),
        ({"words": [], "characters": []}, "count words or characters"),
        ({"bits": 30}, r"text\.features\.bits=30"),
        ({"table": "x.txt"}, r"text\.features\.table=x\.txt: the name must end in \.csv or \.parquet"),
        ({"column": ""}, r"text\.features\.column="),
    ],
)
def test_bad_settings_are_refused(change, words):
    with pytest.raises(EmofusionError, match=words):
        check(Text(**change), "text.features")


def test_ravdess_says_two_sentences(real_data, tmp_path):
    from emofusion.corpora.ravdess import Ravdess

    corpus = Ravdess(root=str(real_data / "ravdess")).for_medium("text")
    assert corpus.media == ["audio"]
    clips = corpus.read("ravdess", tmp_path)
    rows = stored(tmp_path, clips, column="statement", bits=8).take(range(len(clips)))
    assert len(rows) == 1440 and len(np.unique(rows, axis=0)) == 2
