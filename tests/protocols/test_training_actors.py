"""Training with some of the actors: balanced by gender, smaller sets in larger ones, all else unchanged."""

from dataclasses import replace
from itertools import pairwise, product

import pandas as pd
import pytest

from emofusion.errors import EmofusionError
from emofusion.protocols.common.split import make_split
from emofusion.protocols.held_out import HeldOut
from emofusion.protocols.random_clips import RandomClips
from emofusion.protocols.speaker_independent import SpeakerIndependent
from emofusion.settings.experiment import Emotions
from emofusion.settings.kinds.pairs import pairs_of

CLASSES = Emotions(classes=["happy", "sad"])
FOLDS = SpeakerIndependent(corpora=["made"], number_of_folds=4)


def clips_of(corpus="made", women=10, men=10, gender=("female", "male")):
    people = [
        (f"{corpus}-{g[0]}{n:02}", g) for g, count in zip(gender, (women, men), strict=True) for n in range(count)
    ]
    rows = [(f"{a}-{e}-{t}", corpus, a, g, e) for (a, g), e, t in product(people, CLASSES.classes, range(3))]
    return pd.DataFrame(rows, columns=["clip", "corpus", "actor", "gender", "emotion"])


def split_of(number, protocol=FOLDS, clips=None):
    return make_split(clips_of() if clips is None else clips, replace(protocol, training_actors=number), CLASSES)[0]


def training(split, fold):
    return split[(split["fold"] == fold) & (split["split"] == "train")]


def test_smaller_sets_are_in_larger_ones_and_balanced_and_nothing_else_changes():
    whole = split_of(None)
    numbers = [1, 2, 3, 5, 8, 11]
    splits = [split_of(number) for number in numbers]
    for fold in range(4):
        actors = [set(training(split, fold)["actor"]) for split in splits]
        assert [len(one) for one in actors] == numbers
        assert all(small < large for small, large in pairwise([*actors, set(training(whole, fold)["actor"])]))
        for one in actors:
            women = sum(actor.startswith("made-f") for actor in one)
            assert abs(2 * women - len(one)) <= 1
        # all clips of those who were drawn train
        assert len(training(splits[3], fold)) == 5 * 6
    for split in splits:
        rest, rest_of_whole = (table[table["split"] != "train"].reset_index(drop=True) for table in (split, whole))
        pd.testing.assert_frame_equal(rest, rest_of_whole)


def test_folds_and_seeds_draw_other_actors():
    drawn = {
        (seed, fold): frozenset(training(split_of(5, replace(FOLDS, seed=seed, folds=TESTED)), fold)["actor"])
        for seed, fold in product(range(5), range(2))
    }
    assert len(set(drawn.values())) == 10
    # an odd number has one more of either gender
    women = {sum(actor.startswith("made-f") for actor in actors) for actors in drawn.values()}
    assert women == {2, 3}
    assert split_of(5).equals(split_of(5))  # and the same again for the same seed


TESTED = [["f00", "m00"], ["f01", "m01"]]


def test_where_one_gender_has_too_few_the_others_go_on():
    actors = set(training(split_of(6, replace(FOLDS, folds=TESTED, validation=0), clips_of(women=4)), 0)["actor"])
    assert sorted(actor[5] for actor in actors) == ["f"] * 3 + ["m"] * 3
    actors = set(training(split_of(9, replace(FOLDS, folds=TESTED, validation=0), clips_of(women=4)), 0)["actor"])
    assert sorted(actor[5] for actor in actors) == ["f"] * 3 + ["m"] * 6
    unknown = clips_of(gender=("unknown", "male"))
    assert len(set(training(split_of(4, FOLDS, unknown), 0)["actor"])) == 4


@pytest.mark.parametrize(
    "protocol",
    [
        RandomClips(corpora=["made"], number_of_folds=4),
        HeldOut(train={"speech": ["made", "other"]}, test=["made"], number_of_folds=4),
    ],
    ids=lambda protocol: protocol.kind,
)
def test_every_protocol_can(protocol):
    clips = pd.concat([clips_of(), clips_of("other")])
    protocol = replace(protocol, corpora=["made", "other"]) if isinstance(protocol, RandomClips) else protocol
    split = split_of(6, protocol, clips)
    assert split[split["split"] == "train"].groupby("fold")["actor"].nunique().eq(6).all()


def test_more_than_there_are_is_refused():
    with pytest.raises(
        EmofusionError, match=r"training_actors=13: fold 0 has 12 actors to train with; set at most 12, or"
    ):
        split_of(13)
    words = r"training_actors=9: the pair of the folds 0 and 1 \(fusion\.fit_on=nested\) has 8 actors to train with"
    with pytest.raises(EmofusionError, match=words):
        make_split(clips_of(), pairs_of(replace(FOLDS, training_actors=9)), CLASSES)


def test_a_class_that_nobody_shows_who_was_drawn_is_refused():
    clips = clips_of()
    clips = clips[(clips["emotion"] == "happy") | clips["actor"].isin(["made-f00", "made-m00"])]
    with pytest.raises(
        EmofusionError, match=r"class sad.*\. Set more protocol\.training_actors than 6, or take sad out"
    ):
        split_of(6, replace(FOLDS, folds=[["f00", "f01"], ["f02", "m00"]], validation=0), clips)
