"""Protocols that divide clips by a column of the clip table, test all of them, or hold test actors out."""

from dataclasses import replace

import pandas as pd
import pytest

from emofusion.corpora.ravdess.names import EMOTIONS
from emofusion.errors import EmofusionError
from emofusion.people import in_natural_order
from emofusion.protocols.common.columns import facts
from emofusion.protocols.common.split import make_split
from emofusion.protocols.held_out import HeldOut
from emofusion.protocols.leave_one_group_out import LeaveOneGroupOut
from emofusion.protocols.own_split import OwnSplit
from emofusion.protocols.test_only import OnlyTest
from emofusion.settings import fields
from emofusion.settings.experiment import Emotions
from emofusion.tables import SPLIT, check

EIGHT = Emotions(classes=list(EMOTIONS))
OWN = OwnSplit(corpora=["a"])
HYBRID = HeldOut(train={"face": ["k"], "speech": ["a"]}, test=["a"], folds=[[1, 2], [3, 4]])


def corpus(name, people=12):
    """Two clips of each person; two people share a session, and four a part of the split."""
    rows = [(person, emotion) for person in range(1, people + 1) for emotion in ("happy", "sad")]
    clips = pd.DataFrame(rows, columns=["person", "emotion"])
    clips["clip"] = [f"{name}{person}-{emotion}" for person, emotion in rows]
    clips["actor"] = [f"{name}-{person:02}" for person, _ in rows]
    clips["gender"] = ["male" if person % 2 else "female" for person, _ in rows]
    clips["session"] = [str((person + 1) // 2) for person, _ in rows]
    clips["split"] = [("train", "dev", "test")[(person - 1) * 3 // people] for person, _ in rows]
    return clips.drop(columns="person").assign(corpus=name)


def people(split, part, fold=0):
    chosen = split[(split["split"] == part) & (split["fold"] == fold)]
    return sorted(int(actor.rpartition("-")[2]) for actor in chosen["actor"].unique())


def test_the_corpus_divides_its_clips_itself():
    split, _ = make_split(corpus("a"), OWN, EIGHT)
    check(split, SPLIT, "split")
    assert [people(split, part) for part in ("train", "validation", "test")] == [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
        [9, 10, 11, 12],
    ]


def test_without_validation_clips_some_training_actors_validate():
    clips = corpus("a")
    clips["split"] = clips["split"].replace({"dev": "Train "})
    split, _ = make_split(clips, OWN, EIGHT)
    assert people(split, "test") == [9, 10, 11, 12]
    assert len(people(split, "validation")) == 2 and len(people(split, "train")) == 6
    split, _ = make_split(clips, replace(OWN, validation=0), EIGHT)
    assert people(split, "train") == list(range(1, 9))


@pytest.mark.parametrize("word", ["validation", "VAL", "valid", "devel", "Development", "dev"])
def test_usual_words_of_a_split_are_known(word):
    clips = corpus("a")
    split, _ = make_split(clips.assign(split=clips["split"].replace({"dev": word})), OWN, EIGHT)
    assert people(split, "validation") == [5, 6, 7, 8]


def test_other_words_of_a_split_must_be_said():
    clips = corpus("a")
    clips["split"] = clips["split"].replace({"dev": "Eval", "test": "blind"})
    with pytest.raises(EmofusionError, match=r"words that are not known: Eval, blind\..*protocol\.words="):
        make_split(clips, OWN, EIGHT)
    split, _ = make_split(clips, replace(OWN, words={"eval": "validation", "Blind": "test"}), EIGHT)
    assert people(split, "test") == [9, 10, 11, 12]
    with pytest.raises(EmofusionError, match=r"protocol\.words=.*train, validation, test|train or validation or test"):
        fields.check(replace(OWN, words={"eval": "dev"}), "protocol")


def test_speakers_on_both_sides_of_the_corpus_s_own_split_must_be_allowed():
    clips = corpus("a")
    clips.loc[0, "split"] = "test"
    message = (
        r"actor a-01 is on more than one side of fold 0, with a1-sad in train and a1-happy in test.*speakers=shared"
    )
    with pytest.raises(EmofusionError, match=message):
        make_split(clips, OWN, EIGHT)
    shared = replace(OWN, speakers="shared")
    split, _ = make_split(clips, shared, EIGHT)
    assert people(split, "test") == [1, 9, 10, 11, 12] and shared.mixes_speakers() and not OWN.mixes_speakers()


def test_folds_of_the_corpus_are_tested_once_each_in_their_natural_order():
    clips = corpus("a").rename(columns={"session": "fold"})
    clips["fold"] = clips["fold"].replace({"1": "10", "2": "02"})
    split, _ = make_split(clips, replace(OWN, by="fold"), EIGHT)
    assert [people(split, "test", fold) for fold in range(6)] == [[3, 4], [5, 6], [7, 8], [9, 10], [11, 12], [1, 2]]
    assert sorted(split.loc[split["split"] == "test", "clip"]) == sorted(clips["clip"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda clips: clips.drop(columns="split"), r"protocol\.by=split: no clip of a has a value in a column split"),
        (
            lambda clips: clips.assign(split=clips["split"].where(clips["split"] != "dev")),
            "8 of 24 clips have no value",
        ),
        (lambda clips: clips.assign(split="train"), "fold 0 has no clip to test with"),
    ],
)
def test_a_column_that_does_not_divide_is_told(change, message):
    with pytest.raises(EmofusionError, match=message):
        make_split(change(corpus("a")), OWN, EIGHT)


def test_one_speaker_is_left_out():
    clips = corpus("a")
    split, _ = make_split(clips, LeaveOneGroupOut(corpora=["a"]), EIGHT)
    assert [people(split, "test", fold) for fold in range(12)] == [[person] for person in range(1, 13)]
    for fold in range(12):
        assert len(people(split, "train", fold)) == 9 and len(people(split, "validation", fold)) == 2


def test_one_session_is_left_out():
    clips = corpus("a")
    by_session = LeaveOneGroupOut(corpora=["a"], group="session", validation=0)
    split, _ = make_split(clips, by_session, EIGHT)
    assert [people(split, "test", fold) for fold in range(6)] == [[n, n + 1] for n in range(1, 12, 2)]
    assert people(split, "train", 5) == list(range(1, 11))
    written = clips.assign(session=clips["session"].replace({"1": "01", "2": "2.0"}))
    written.loc[0, "session"] = "1"
    pd.testing.assert_frame_equal(make_split(written, by_session, EIGHT)[0], split)


def test_one_corpus_is_left_out():
    clips = pd.concat([corpus("a"), corpus("b", 4)], ignore_index=True)
    split, _ = make_split(clips, LeaveOneGroupOut(corpora=["a", "b"], group="corpus"), EIGHT)
    tested = split[split["split"] == "test"]
    assert tested.groupby("fold")["corpus"].unique().map(list).tolist() == [["a"], ["b"]]


def test_a_person_in_two_sessions_cannot_be_left_out_with_one():
    clips = corpus("a")
    clips.loc[0, "session"] = "3"
    with pytest.raises(EmofusionError, match="actor a-01 is on more than one side of fold 0"):
        make_split(clips, LeaveOneGroupOut(corpora=["a"], group="session", validation=0), EIGHT)


@pytest.mark.parametrize(
    ("group", "message"),
    [
        ("sesion", r"protocol\.group=sesion: no clip of a has a value in a column sesion; there are .*session"),
        ("corpus", "all clips have the value a; there must be two groups"),
    ],
)
def test_groups_that_are_not_there_are_told(group, message):
    with pytest.raises(EmofusionError, match=message):
        make_split(corpus("a"), LeaveOneGroupOut(corpora=["a"], group=group), EIGHT)


def test_test_only_has_one_fold_and_trains_nothing():
    clips = corpus("a")
    split, _ = make_split(clips, OnlyTest(corpora=["a"]), EIGHT)
    check(split, SPLIT, "split")
    assert set(split["split"]) == {"test"} and set(split["fold"]) == {0} and len(split) == len(clips)
    again = replace(OnlyTest(corpora=["a"]), seed=3, validation=0.5, description="words")
    assert again.for_modality("speech") == OnlyTest(corpora=["a"]).for_modality("face")


@pytest.fixture
def hybrid():
    """The splits of both modalities: faces of corpus k, and the people of corpus a who are not tested."""
    of_face = pd.concat([corpus("k", 6), corpus("a")], ignore_index=True)
    face, _ = make_split(of_face, HYBRID.for_modality("face"), EIGHT)
    speech, _ = make_split(corpus("a"), HYBRID.for_modality("speech"), EIGHT)
    return face, speech


def test_a_corpus_trains_one_modality_and_its_held_out_actors_test_both(hybrid):
    face, speech = hybrid
    for fold, tested in enumerate([[1, 2], [3, 4]]):
        assert people(face, "test", fold) == people(speech, "test", fold) == tested
        others = people(speech, "train", fold) + people(speech, "validation", fold)
        assert sorted(others) == [person for person in range(1, 13) if person not in tested]
    assert set(face.loc[face["split"] != "test", "corpus"]) == {"k"}
    assert set(speech["corpus"]) == {"a"}
    key = ["clip", "fold"]
    tested = [split[split["split"] == "test"][key].sort_values(key, ignore_index=True) for split in hybrid]
    pd.testing.assert_frame_equal(*tested)


def test_drawn_test_actors_are_the_same_for_both_modalities():
    drawn = replace(HYBRID, folds=None, number_of_folds=3)
    of_face = pd.concat([corpus("k", 6), corpus("a")], ignore_index=True)
    face, _ = make_split(of_face, drawn.for_modality("face"), EIGHT)
    speech, _ = make_split(corpus("a"), drawn.for_modality("speech"), EIGHT)
    for fold in range(3):
        assert people(face, "test", fold) == people(speech, "test", fold) != []
    assert len(speech[speech["split"] == "test"]) == 24


def test_people_that_two_corpora_share_are_held_out_of_both():
    shared = replace(HYBRID, same_people=[["k", "a"]]).for_modality("face")
    split, _ = make_split(pd.concat([corpus("k", 6), corpus("a")], ignore_index=True), shared, EIGHT)
    assert people(split, "test", 0) == [1, 2]
    assert sorted(people(split, "train", 0) + people(split, "validation", 0)) == [3, 4, 5, 6]


@pytest.mark.parametrize(
    ("protocol", "message"),
    [
        (replace(HYBRID, train={}), r"protocol\.train={}: at least 1 entry"),
        (replace(HYBRID, train={"face": []}), r"protocol\.train\.face=\[\]: at least 1 entry"),
        (replace(HYBRID, test=[]), r"protocol\.test=\[\]: at least 1 entry"),
        (replace(HYBRID, folds=[[1], ["01"]]), "actor 01 is tested in more than one fold"),
        (replace(OWN, by="session"), r"protocol\.by=session: split or fold"),
        (replace(OWN, speakers="both"), r"protocol\.speakers=both: apart or shared"),
        (LeaveOneGroupOut(corpora=["a"], group=" "), r"protocol\.group= : not empty"),
        (OnlyTest(corpora=[]), r"protocol\.corpora=\[\]: at least 1 entry"),
    ],
)
def test_bad_settings_are_refused(protocol, message):
    with pytest.raises(EmofusionError, match=message):
        fields.check(protocol, "protocol")


def test_numbers_are_ordered_as_numbers():
    assert in_natural_order(["10", "2", "b", "a10", "a9", "01"]) == ["01", "2", "10", "a9", "a10", "b"]


def test_facts_are_all_columns_but_those_of_files():
    clips = corpus("a").assign(audio="x.wav", content="audio:1", language=None)
    assert set(facts(clips)) == {"clip", "corpus", "actor", "gender", "emotion", "session", "split"}
