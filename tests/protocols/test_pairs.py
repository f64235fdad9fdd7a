"""Pairs of folds: both are tested, and nobody of either trains or validates."""

from dataclasses import replace
from itertools import combinations, product

import pandas as pd
import pytest

from emofusion.errors import EmofusionError
from emofusion.protocols.common.split import make_split
from emofusion.protocols.held_out import HeldOut
from emofusion.protocols.leave_one_group_out import LeaveOneGroupOut
from emofusion.protocols.own_split import OwnSplit
from emofusion.protocols.random_clips import RandomClips
from emofusion.protocols.speaker_independent import SpeakerIndependent
from emofusion.settings.experiment import Emotions
from emofusion.settings.kinds.pairs import pairs_of
from emofusion.tables import SPLIT, check

CLASSES = Emotions(classes=["happy", "sad"])
FOLDS = SpeakerIndependent(corpora=["made"], number_of_folds=4)


def clips_of(corpus="made", actors=12):
    rows = [(f"{corpus}-{a:02}-{e}", corpus, f"{corpus}-{a:02}", e) for a, e in product(range(actors), CLASSES.classes)]
    table = pd.DataFrame(rows, columns=["clip", "corpus", "actor", "emotion"])
    return table.assign(gender=["male" if int(actor[-2:]) % 2 else "female" for actor in table["actor"]])


def who_is_tested(split: pd.DataFrame) -> dict[int, set[str]]:
    return split[split["split"] == "test"].groupby("fold")["actor"].agg(set).to_dict()


@pytest.mark.parametrize(
    "protocol",
    [
        FOLDS,
        LeaveOneGroupOut(corpora=["made"]),
        HeldOut(train={"speech": ["made", "other"]}, test=["made"], number_of_folds=4),
        replace(FOLDS, validation=0),
    ],
    ids=["folds", "one out", "held out", "without validation"],
)
def test_a_pair_tests_two_folds_and_trains_with_people_of_neither(protocol):
    clips = pd.concat([clips_of(), clips_of("other")]) if isinstance(protocol, HeldOut) else clips_of()
    folds = who_is_tested(make_split(clips, protocol, CLASSES)[0])
    split, _ = make_split(clips, pairs_of(protocol), CLASSES)
    check(split, SPLIT, "split")
    assert list(who_is_tested(split).values()) == [one | other for one, other in combinations(folds.values(), 2)]
    for pair, actors in who_is_tested(split).items():
        rows = split[split["fold"] == pair]
        learnt = {part: set(rows.loc[rows["split"] == part, "actor"]) for part in ("train", "validation")}
        assert not actors & (learnt["train"] | learnt["validation"]) and not learnt["train"] & learnt["validation"]
        assert actors | learnt["train"] | learnt["validation"] == set(clips["actor"])  # nobody is lost
        assert bool(learnt["validation"]) == (protocol.validation > 0)


def test_the_pairs_of_a_modality_have_its_training_corpora():
    protocol = HeldOut(train={"speech": ["made"], "face": ["other"]}, test=["made"], description="in words")
    pairs = pairs_of(protocol).for_modality("face")
    assert pairs.training_corpora("face") == ["other"] and pairs.test_corpora() == ["made"]
    assert pairs.protocol.train == {"face": ["other"]} and not pairs.description and not pairs.protocol.description


@pytest.mark.parametrize(
    ("protocol", "words"),
    [
        (replace(FOLDS, number_of_folds=2), r"has 2 folds, and 3 are needed; set fusion\.fit_on=cross_fitted$"),
        (OwnSplit(corpora=["made"]), "has 1 fold, .* on posteriors of models that know no tested actor"),
        (
            SpeakerIndependent(corpora=["made"], folds=[[0, 1], [2, 3, 4, 5, 6, 7, 8, 9], [11]]),
            "without the folds 0 and 1: protocol.validation: too few actors",
        ),
        (
            SpeakerIndependent(corpora=["made"], folds=[[0], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [11]], validation=0),
            None,
        ),
    ],
)
def test_too_few_folds_or_people_are_refused(protocol, words):
    clips = clips_of().assign(split=["train", "test"] * 12)
    clips["actor"] = clips["actor"] if not isinstance(protocol, OwnSplit) else clips["actor"] + clips["split"]
    clips = clips[clips["actor"] != "made-10"] if words and "too few actors" in words else clips
    if words is None:
        assert len(who_is_tested(make_split(clips, pairs_of(protocol), CLASSES)[0])) == 3
        return
    with pytest.raises(EmofusionError, match=r"fusion\.fit_on=nested: .*" + words):
        make_split(clips, pairs_of(protocol), CLASSES)


def test_people_who_train_and_are_tested_are_refused():
    with pytest.raises(EmofusionError, match="in protocol=random_clips the same people train and are tested"):
        pairs_of(RandomClips(corpora=["made"]))
    by_fold = OwnSplit(corpora=["made"], by="fold")
    clips = clips_of().assign(fold=["1", "2", "3", "4"] * 6)
    with pytest.raises(EmofusionError, match=r"fit_on=nested: actor made-00 is tested in the folds 0 and 1"):
        make_split(clips, pairs_of(by_fold), CLASSES)
