"""Splits: whose clips train, validate and test, and that no speaker is on two sides."""

import itertools
import subprocess
import sys
from dataclasses import replace

import pandas as pd
import pytest
from omegaconf import OmegaConf

from emofusion.emotions import EMOTIONS
from emofusion.errors import EmofusionError
from emofusion.protocols.common.split import check_speakers, make_split
from emofusion.protocols.cross_corpus import CrossCorpus
from emofusion.protocols.random_clips import RandomClips
from emofusion.protocols.speaker_independent import SpeakerIndependent
from emofusion.settings import fields
from emofusion.settings.encoding import decode, encode
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
    with pytest.raises(EmofusionError, match="ravdess both trains and tests; use speaker_independent"):
        make_split(corpus("ravdess", 6), protocol, EIGHT)
    with pytest.raises(EmofusionError, match="ravdess both trains and tests; use speaker_independent"):
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


def test_across_corpora_a_modality_has_its_own_training_corpora():
    assert ACROSS.training_corpora("face") == ["kdef"] and ACROSS.test_corpora() == ["ravdess"]
    assert ACROSS.for_modality("speech").train == {"speech": ["savee"]}
    other_face = replace(ACROSS, train=ACROSS.train | {"face": ["mine"]}, description="another one")
    assert other_face.for_modality("speech") == ACROSS.for_modality("speech")
    for ask in (ACROSS.training_corpora, ACROSS.for_modality):
        with pytest.raises(EmofusionError, match=r"protocol\.train: no corpora for the modality text"):
            ask("text")


@pytest.mark.parametrize("kind", [SpeakerIndependent, RandomClips])
def test_within_corpora_the_same_ones_train_and_test_all_modalities(kind):
    protocol = kind(corpora=["ravdess", "savee"], description="in words")
    assert protocol.training_corpora("speech") == protocol.test_corpora() == ["ravdess", "savee"]
    assert protocol.for_modality("speech") == protocol.for_modality("face") == replace(protocol, description="")


def test_only_random_clips_leaks_speakers():
    assert RandomClips.leaks_speakers and not SpeakerIndependent.leaks_speakers and not CrossCorpus.leaks_speakers


def test_a_short_name_that_two_corpora_have_is_refused():
    clips = pd.concat([corpus("ravdess", 4), corpus("crema", 4)])
    protocol = SpeakerIndependent(corpora=["ravdess", "crema"], folds=[[1]])
    with pytest.raises(EmofusionError, match="actor 1 may be crema-01 or ravdess-01; give the full name"):
        make_split(clips, protocol, EIGHT)
    split, _ = make_split(clips, replace(protocol, folds=[["crema-01", "crema-02"]]), EIGHT)
    assert actors(split, 0, "test") == {"crema-01", "crema-02"}


@pytest.mark.parametrize(
    ("protocol", "message"),
    [
        (replace(WITHIN, folds=[]), r"protocol\.folds=\[\]: a list of lists of test actors, or null"),
        (replace(WITHIN, folds=[[1], []]), "a list of lists of test actors"),
        (replace(WITHIN, folds=[1, 2]), "a list of lists of test actors"),
        (replace(WITHIN, folds=5), "a list of lists of test actors"),
        (replace(WITHIN, folds=[[1.5]]), "a list of lists of test actors"),
        (replace(WITHIN, folds=[[True]]), "a list of lists of test actors"),
        (replace(WITHIN, folds=[[1, 2], ["02"]]), "actor 02 is tested in more than one fold"),
        (replace(WITHIN, number_of_folds=1), r"protocol\.number_of_folds=1: 2 or more"),
        (replace(WITHIN, corpora=[]), r"protocol\.corpora=\[\]: at least 1 entry, each once"),
        (replace(WITHIN, corpora=["a", "a"]), r"protocol\.corpora=\[a,a\]"),
        (replace(WITHIN, validation=1.0), r"protocol\.validation=1\.0: from 0 to below 1"),
        (replace(WITHIN, validation=-0.1), r"protocol\.validation=-0\.1"),
        (replace(WITHIN, seed=-1), r"protocol\.seed=-1"),
        (RandomClips(corpora=["a"], number_of_folds=0), r"protocol\.number_of_folds=0"),
        (replace(ACROSS, train={}), r"protocol\.train={}: at least 1 entry"),
        (replace(ACROSS, train={"face": []}), r"protocol\.train\.face=\[\]: at least 1 entry, each once"),
        (replace(ACROSS, train={"face": ["a", "a"]}), r"protocol\.train\.face=\[a,a\]"),
        (replace(ACROSS, test=[]), r"protocol\.test=\[\]: at least 1 entry, each once"),
        (replace(ACROSS, test=["a", "a"]), r"protocol\.test=\[a,a\]"),
    ],
)
def test_bad_values_are_refused_before_anything_runs(protocol, message):
    with pytest.raises(EmofusionError, match=message):
        fields.check(protocol, "protocol")


def test_good_values_pass():
    for protocol in (WITHIN, ACROSS, RandomClips(corpora=["a", "b"]), replace(WITHIN, folds=[[1, "02"], ["x-F01"]])):
        fields.check(protocol, "protocol")


def test_importing_all_protocols_imports_nothing_that_is_slow():
    code = (
        "import sys; from emofusion.settings import registry; print(*registry.kinds('protocols'));"
        "print(*sorted({'numpy', 'pandas', 'torch', 'librosa', 'sklearn'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert answer.splitlines() == ["cross_corpus random_clips speaker_independent", ""]


@pytest.mark.parametrize("protocol", [WITHIN, ACROSS, RandomClips(corpora=["a"]), replace(WITHIN, folds=[[1], ["02"]])])
def test_protocols_survive_hydra_and_json(protocol):
    assert OmegaConf.to_object(OmegaConf.structured(protocol)) == protocol
    assert decode(encode(protocol)) == protocol
