"""One training on everybody whom the folds of a protocol train."""

import pandas as pd
import pytest

from emofusion.protocols.common.split import make_split
from emofusion.protocols.cross_corpus import CrossCorpus
from emofusion.protocols.speaker_independent import SpeakerIndependent
from emofusion.settings.experiment import Emotions
from emofusion.settings.kinds.everyone import Everyone


@pytest.fixture
def clips():
    """Two corpora with four people each, who show two emotions twice."""
    rows = [
        {"corpus": corpus, "actor": f"{corpus}-{person}", "gender": ("female", "male")[person % 2], "emotion": emotion}
        for corpus in ("a", "b")
        for person in range(4)
        for emotion in ("happy", "sad", "happy", "sad")
    ]
    return pd.DataFrame(rows).assign(clip=[f"c{number}" for number in range(32)])


@pytest.mark.parametrize(
    ("protocol", "trained"),
    [
        (SpeakerIndependent(corpora=["a", "b"], number_of_folds=2, validation=0), 32),
        (SpeakerIndependent(corpora=["a", "b"], number_of_folds=4, validation=0.25), 32),
        (CrossCorpus(train={"speech": ["a"]}, test=["b"], validation=0), 16),
        (CrossCorpus(train={"speech": ["a"]}, test=["b"], validation=0.25), 16),
    ],
)
def test_all_who_train_in_a_fold_train_or_validate_and_nobody_is_tested(clips, protocol, trained):
    everyone = Everyone.of(protocol)
    split, _ = make_split(clips, everyone, Emotions(["happy", "sad"]))
    assert len(split) == trained and set(split["fold"]) == {0} and "test" not in set(split["split"])
    validating = split[split["split"] == "validation"]
    assert bool(len(validating)) == (protocol.validation > 0)
    assert not set(validating["actor"]) & set(split.loc[split["split"] == "train", "actor"])
    if len(validating):
        assert set(validating["gender"]) == {"female", "male"}
    assert everyone.tested_actors(clips, []) == protocol.tested_actors(clips, protocol.masks(clips))
    assert everyone.training_corpora("speech") == protocol.training_corpora("speech")
