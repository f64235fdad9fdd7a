"""Splits: whose clips train, validate and test, and that no speaker is on two sides."""

import itertools
from dataclasses import replace

import pandas as pd
import pytest

from emofusion.corpora.ravdess.names import EMOTIONS
from emofusion.errors import EmofusionError
from emofusion.protocols.common.folds import untested_notes
from emofusion.protocols.common.split import check_speakers, make_split
from emofusion.protocols.cross_corpus import CrossCorpus
from emofusion.protocols.random_clips import RandomClips
from emofusion.protocols.speaker_independent import SpeakerIndependent
from emofusion.settings.experiment import Emotions
from emofusion.tables import SPLIT, check

EIGHT = Emotions(classes=list(EMOTIONS))
SEVEN = Emotions(classes=[emotion for emotion in EMOTIONS if emotion != "calm"])
WITHIN = SpeakerIndependent(corpora=["ravdess"])
ACROSS = CrossCorpus(train={"speech": ["savee"], "face": ["kdef"]}, test=["ravdess"])


def corpus(name, actors, emotions=EMOTIONS, takes=4):
    """Odd actors are men, as in RAVDESS."""
    rows = [
        {
            "clip": f"{name}-{actor:02}-{emotion}-{take}",
            "corpus": name,
            "actor": f"{name}-{actor:02}",
            "gender": "male" if actor % 2 else "female",
            "emotion": emotion,
        }
        for actor, emotion, take in itertools.product(range(1, actors + 1), emotions, range(takes))
    ]
    return pd.DataFrame(rows)


def actors(split, fold, part):
    return set(split.loc[(split["fold"] == fold) & (split["split"] == part), "actor"])


@pytest.mark.parametrize("emotions", [EIGHT, SEVEN])
def test_folds_of_actors_test_each_clip_once_and_keep_speakers_apart(emotions):
    clips = corpus("ravdess", 24)
    split, _ = make_split(clips, WITHIN, emotions)
    check(split, SPLIT, "split")
    tested = split[split["split"] == "test"]
    wanted = clips[clips["emotion"].isin(emotions.classes)]
    assert sorted(tested["clip"]) == sorted(wanted["clip"])
    for fold in range(5):
        train, validation, test = (actors(split, fold, part) for part in ("train", "validation", "test"))
        assert not (train & validation or train & test or validation & test)
        assert len(train | validation | test) == 24
        assert {actor[-1] in "13579" for actor in validation} == {True, False}  # both genders validate


def test_named_folds_are_taken_as_they_are():
    folds = [
        [2, 5, 14, 15, 16],
        ["03", 6, 7, 13, 18],
        ["ravdess-10", 11, 12, 19, 20],
        [8, 17, 21, 23, 24],
        [1, 4, 9, 22],
    ]
    split, _ = make_split(corpus("ravdess", 24), replace(WITHIN, folds=folds), EIGHT)
    assert actors(split, 0, "test") == {f"ravdess-{actor:02}" for actor in (2, 5, 14, 15, 16)}
    assert actors(split, 4, "test") == {f"ravdess-{actor:02}" for actor in (1, 4, 9, 22)}
    # 19 actors are left in fold 0, 9 women and 10 men: 2 of each set apart
    assert len(actors(split, 0, "validation")) == 4 and len(actors(split, 0, "train")) == 15


@pytest.mark.parametrize(
    ("folds", "message"),
    [([[2, 25]], "there is no actor 25"), ([[1, 2], [2, 3]], "ravdess-02 is tested in more than one fold")],
)
def test_folds_that_do_not_fit_are_named(folds, message):
    with pytest.raises(EmofusionError, match=message):
        make_split(corpus("ravdess", 24), replace(WITHIN, folds=folds), EIGHT)


def test_the_same_seed_gives_the_same_split_and_another_another():
    clips = corpus("ravdess", 24)
    first, _ = make_split(clips, WITHIN, EIGHT)
    again, _ = make_split(clips.sample(frac=1, random_state=1), WITHIN, EIGHT)
    other, _ = make_split(clips, replace(WITHIN, seed=1), EIGHT)
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)


def test_across_corpora_one_trains_and_another_tests():
    clips = pd.concat([corpus("savee", 4, SEVEN.classes).assign(gender="male"), corpus("ravdess", 6)])
    split, left_out = make_split(clips, ACROSS.for_modality("speech"), SEVEN)
    assert set(split.loc[split["split"] == "test", "corpus"]) == {"ravdess"}
    assert set(split.loc[split["split"] != "test", "corpus"]) == {"savee"}
    assert len(actors(split, 0, "validation")) == 1 and len(actors(split, 0, "train")) == 3
    assert left_out["emotion"].unique().tolist() == ["calm"] and left_out["clips"].sum() == 6 * 4


def test_calm_can_count_as_neutral():
    split, left_out = make_split(corpus("ravdess", 24), WITHIN, replace(SEVEN, merge={"calm": "neutral"}))
    tested = split[split["split"] == "test"]
    assert left_out.empty and (tested["emotion"] == "neutral").sum() == 24 * 8


def test_random_clips_leaks_speakers_and_tests_each_clip_once():
    clips = corpus("ravdess", 24)
    split, _ = make_split(clips, RandomClips(corpora=["ravdess"]), EIGHT)
    assert sorted(split.loc[split["split"] == "test", "clip"]) == sorted(clips["clip"])
    assert actors(split, 0, "train") & actors(split, 0, "test")
    with pytest.raises(EmofusionError, match="more than one side"):
        check_speakers(split)


def test_a_corpus_on_both_sides_is_refused():
    protocol = replace(ACROSS, train={"speech": ["ravdess"], "face": ["kdef"]})
    with pytest.raises(EmofusionError, match="ravdess is used for both training and testing"):
        make_split(corpus("ravdess", 6), protocol, EIGHT)
    with pytest.raises(EmofusionError, match="ravdess is used for both training and testing"):
        protocol.training_corpora("speech")
    assert protocol.for_modality("face").training_corpora("face") == ["kdef"]


@pytest.mark.parametrize("kind", [SpeakerIndependent, RandomClips])
@pytest.mark.parametrize("folds", [1, 25])
def test_an_impossible_number_of_folds_is_named(folds, kind):
    protocol = kind(corpora=["ravdess"], number_of_folds=folds)
    with pytest.raises(EmofusionError, match=rf"protocol\.number_of_folds={folds}: from 2 to (6|24), the number of"):
        make_split(corpus("ravdess", 6), protocol, EIGHT)


def test_one_actor_of_each_gender_is_too_few():
    clips = pd.concat([corpus("savee", 1), corpus("ravdess", 4)])
    with pytest.raises(EmofusionError, match="too few actors"):
        make_split(clips, ACROSS.for_modality("speech"), EIGHT)


@pytest.mark.parametrize("kind", [SpeakerIndependent, RandomClips])
def test_nobody_validates_where_the_share_is_none(kind):
    clips = corpus("ravdess", 10)
    some, _ = make_split(clips, kind(corpora=["ravdess"]), EIGHT)
    none, _ = make_split(clips, kind(corpora=["ravdess"], validation=0.0), EIGHT)
    assert set(none["split"]) == {"train", "test"}
    for fold, part in none.groupby("fold"):
        before = some[(some["fold"] == fold) & (some["split"] != "test")]
        assert set(part.loc[part["split"] == "train", "clip"]) == set(before["clip"])


def test_a_short_name_that_two_corpora_have_is_refused():
    clips = pd.concat([corpus("ravdess", 4), corpus("crema", 4)])
    protocol = SpeakerIndependent(corpora=["ravdess", "crema"], folds=[[1]])
    with pytest.raises(EmofusionError, match="actor 1 may be crema-01 or ravdess-01; give the full name"):
        make_split(clips, protocol, EIGHT)
    split, _ = make_split(clips, replace(protocol, folds=[["crema-01", "crema-02"]]), EIGHT)
    assert actors(split, 0, "test") == {"crema-01", "crema-02"}


def test_actors_whom_named_folds_do_not_test_are_told():
    rows = [("a", f"a-{n}", "test" if n < 2 else "train") for n in range(8)] + [("b", "b-1", "train")]
    split = pd.DataFrame(rows, columns=["corpus", "actor", "split"])
    assert untested_notes(split, [["1"], ["2"]]) == [
        "6 of 8 actors of a are in no fold of protocol.folds (a-2, a-3, a-4, a-5, a-6 and 1 more): they only train and "
        "validate."
    ]
    assert untested_notes(split, None) == untested_notes(split[:2], [["1"]]) == []
