"""Enrolment clips: which they are, where they stand in a split, and who has too few."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from emofusion.corpora.ravdess.names import EMOTIONS
from emofusion.errors import EmofusionError
from emofusion.protocols.common.enrolment import drawn_clips, enrolment_notes
from emofusion.protocols.common.split import make_split
from emofusion.protocols.cross_corpus import CrossCorpus
from emofusion.protocols.random_clips import RandomClips
from emofusion.protocols.speaker_independent import SpeakerIndependent
from emofusion.settings.experiment import Emotions
from emofusion.settings.kinds.protocols import Enrolment
from emofusion.tables import SPLIT, check

EIGHT = Emotions(classes=list(EMOTIONS))
WITHIN = SpeakerIndependent(corpora=["ravdess"], enrolment=Enrolment(clips=2))


def corpus(name="ravdess", actors=24, neutral=4):
    """As RAVDESS: so many neutral clips of each actor, and eight of each other emotion."""
    rows = [
        {"clip": f"{name}-{actor:02}-{emotion}-{take}", "actor": f"{name}-{actor:02}", "emotion": emotion}
        for actor, emotion in itertools.product(range(1, actors + 1), EMOTIONS)
        for take in range(neutral if emotion == "neutral" else 8)
    ]
    table = pd.DataFrame(rows).assign(corpus=name)
    return table.assign(gender=np.where(table["actor"].str[-2:].astype(int) % 2, "male", "female"))


def apart(split):
    return split[split["split"] == "enrolment"]


def test_two_neutral_clips_of_each_actor_are_not_scored_and_do_not_train():
    split, left_out = make_split(corpus(), WITHIN, EIGHT)
    check(split, SPLIT, "split")
    tested = split[split["split"] == "test"]
    assert len(tested) == tested["clip"].nunique() == 24 * 60 - 48 and left_out.empty
    assert tested.loc[tested["emotion"] == "neutral"].groupby("actor").size().eq(2).all()
    assert (tested["enrolment"] == 0).all()
    for _, fold in split.groupby("fold"):
        enrolled = apart(fold)
        assert (enrolled["emotion"] == "neutral").all()
        assert sorted(zip(enrolled["actor"], enrolled["enrolment"], strict=True)) == [
            (actor, number) for actor in sorted(set(fold["actor"])) for number in (1, 2)
        ]
        train = fold[fold["split"] == "train"]
        assert (train.groupby(["actor", "emotion"]).size().loc[:, "neutral"] == 2).all()
        assert (fold.loc[fold["split"] != "enrolment", "enrolment"] == 0).all()
    assert enrolment_notes(split, WITHIN.enrolment) == [
        "Set apart for enrolment, and not scored: 48 clips, 2 of the emotion neutral of each of 24 speakers "
        "(protocol.enrolment)."
    ]


def test_without_enrolment_the_split_has_no_such_column():
    split, _ = make_split(corpus(), replace(WITHIN, enrolment=Enrolment()), EIGHT)
    assert "enrolment" not in split and set(split["split"]) == {"train", "validation", "test"}
    assert (split["split"] == "test").sum() == 24 * 60 and enrolment_notes(split, Enrolment()) == []


def test_folds_and_validation_are_as_without_enrolment():
    columns = ["clip", "fold", "split"]
    plain, _ = make_split(corpus(), replace(WITHIN, enrolment=Enrolment()), EIGHT)
    split, _ = make_split(corpus(), WITHIN, EIGHT)
    both = split[columns].merge(plain[columns], on=["clip", "fold"], suffixes=("", "_plain"))
    assert len(both) == len(split) == len(plain)
    differ = both[both["split"] != both["split_plain"]]
    assert set(differ["split"]) == {"enrolment"} and len(differ) == 5 * 48


def test_the_seed_draws_other_clips_and_fewer_clips_are_the_first_of_them():
    clips = corpus()
    two, again = (drawn_clips(table, Enrolment(clips=2)) for table in (clips, clips.sample(frac=1, random_state=1)))
    one, four = (drawn_clips(clips, Enrolment(clips=number)) for number in (1, 4))
    assert two == again and len(two) == 48 and len(four) == 96
    assert one == {clip: number for clip, number in two.items() if number == 1}
    other = drawn_clips(clips, Enrolment(clips=2, seed=1))
    assert 0 < len(set(two) - set(other)) < 48
    takes = pd.Series(list(two)).str[-1].value_counts()
    assert set(takes.index) == set("0123") and takes.min() >= 5  # all takes are drawn, 12 times each on average


def test_the_emotion_is_the_corpus_s_own_word_and_need_not_be_a_class():
    merged = Emotions(classes=[emotion for emotion in EMOTIONS if emotion != "calm"], merge={"calm": "neutral"})
    split, _ = make_split(corpus(), WITHIN, merged)
    assert apart(split)["clip"].str.contains("-neutral-").all()
    six = Emotions(classes=[emotion for emotion in EMOTIONS if emotion not in ("neutral", "calm")])
    split, left_out = make_split(corpus(), WITHIN, six)
    assert (split["split"] == "test").sum() == 24 * 48
    assert apart(split).groupby("fold")["actor"].nunique().eq(24).all()  # they train nowhere
    counts = left_out.groupby("emotion")["clips"].sum()
    assert counts.to_dict() == {"neutral": 48, "calm": 192}


def test_a_skipped_clip_is_not_drawn():
    clips = corpus()
    first = min(drawn_clips(clips, Enrolment(clips=2)))
    split, _ = make_split(clips, WITHIN, EIGHT, skipped=[first])
    assert first not in set(split["clip"]) and apart(split)["clip"].nunique() == 48


def test_speakers_on_both_sides_enrol_too():
    split, _ = make_split(corpus(), RandomClips(corpora=["ravdess"], enrolment=Enrolment(clips=2)), EIGHT)
    assert (split["split"] == "test").sum() == 24 * 60 - 48


def test_a_speaker_with_too_few_clips_is_named():
    with pytest.raises(EmofusionError) as raised:
        make_split(corpus(neutral=1), WITHIN, EIGHT)
    assert "protocol.enrolment.clips=2: ravdess-01 has 1 clip of the emotion neutral, and 23 more" in str(raised.value)
    assert "Set protocol.enrolment.clips lower" in str(raised.value)


def test_who_only_trains_may_have_too_few():
    protocol = CrossCorpus(train={"speech": ["savee"]}, test=["ravdess"], enrolment=Enrolment(clips=2))
    clips = pd.concat([corpus("savee", 6, neutral=1), corpus(actors=4)])
    split, _ = make_split(clips, replace(protocol, validation=0.0), EIGHT)
    assert apart(split)["clip"].nunique() == 8 and set(apart(split)["corpus"]) == {"ravdess"}
    train = split[split["split"] == "train"]
    assert (train["emotion"] == "neutral").sum() == (train["enrolment"] > 0).sum() == 6  # theirs train too
    with pytest.raises(EmofusionError, match=r"savee-0\d has 1 clip of the emotion neutral"):
        make_split(clips, protocol, EIGHT)  # some of them validate
