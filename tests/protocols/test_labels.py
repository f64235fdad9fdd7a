"""Labels that are no class: left out and counted, or refused; and labels that were left out by mistake."""

import pandas as pd
import pytest

from emofusion.errors import EmofusionError
from emofusion.protocols.common.split import make_split
from emofusion.protocols.speaker_independent import SpeakerIndependent
from emofusion.settings.experiment import Emotions
from emofusion.settings.fields import check

PROTOCOL = SpeakerIndependent(corpora=["mine"], number_of_folds=2, validation=0.0)


def clips(*labels: str) -> pd.DataFrame:
    """A clip of each label by each of four people."""
    rows = [
        {"clip": f"{label}-{person}", "actor": f"mine-{person}", "gender": "fm"[person % 2], "emotion": label}
        for person in range(4)
        for label in labels
    ]
    gender = {"f": "female", "m": "male"}
    return pd.DataFrame(rows).assign(corpus="mine", gender=lambda table: table["gender"].map(gender))


def split(labels: list[str], classes: list[str], closed=(), merge=None):
    emotions = Emotions(classes=classes, merge=merge or {})
    check(emotions, "emotions")
    return make_split(clips(*labels), PROTOCOL, emotions, closed)


def test_any_words_are_classes_and_others_are_counted():
    table, left_out = split(["0", "生气/angry", "boredom", "<unk>", "xxx"], ["生气/angry", "0"])
    assert set(table["emotion"]) == {"0", "生气/angry"} and len(table.query("split == 'test'")) == 8
    assert left_out.groupby("emotion")["clips"].sum().to_dict() == {"boredom": 4, "<unk>": 4, "xxx": 4}


def test_an_emotion_that_is_merged_is_not_almost_one_of_the_clips():
    for word in ("calmm", "Calm"):
        with pytest.raises(EmofusionError, match=rf"emotions\.merge: {word} is no emotion of a clip, but calm is"):
            split(["calm", "happy", "neutral"], ["happy", "neutral"], merge={word: "neutral"})
    merged, _ = split(["surprised", "happy"], ["happy", "surprised"], merge={"surprise": "surprised", "bored": "happy"})
    assert set(merged["emotion"]) == {"happy", "surprised"}


def test_a_closed_corpus_refuses_other_labels_with_their_numbers():
    message = (
        r"the corpus mine has labels that are not among emotions\.classes=\[sad,angry\]: boredom \(4 clips, as "
        r"boredom-0\), xxx \(4 clips, as xxx-0\)\. .*corpora\.mine\.labels=\{label: class\}.*other_labels=drop"
    )
    with pytest.raises(EmofusionError, match=message):
        split(["sad", "angry", "boredom", "xxx"], ["sad", "angry"], closed=["mine"])
    table, _ = split(["sad", "angry", "calm"], ["sad", "angry"], closed=["mine"], merge={"calm": "sad"})
    assert (table["emotion"] == "sad").sum() == 2 * (table["emotion"] == "angry").sum()


@pytest.mark.parametrize(
    ("label", "name"), [("angry", "anger"), ("Sad", "sad"), ("surprised", "surprise"), ("frustrated", "frustrate")]
)
def test_a_class_that_nobody_shows_and_almost_the_same_word_that_is_left_out(label, name):
    with pytest.raises(EmofusionError, match=rf"no clip has the class {name}, and 4 clips are labelled {label}"):
        split([label, "neutral"], [name, "neutral"])


def test_a_class_that_nobody_shows_is_no_error_by_itself():
    table, left_out = split(["sad", "happy", "contempt"], ["sad", "calm", "happy"])
    assert set(table["emotion"]) == {"sad", "happy"} and left_out["clips"].sum() == 4


def test_no_clip_of_any_class():
    with pytest.raises(EmofusionError, match=r"no clip has one of emotions\.classes=\[sad,angry\]; the labels are 1 "):
        split(["1", "2"], ["sad", "angry"])


@pytest.mark.parametrize("word", ["all", "unweighted average recall", " sad", "two\nlines"])
def test_names_that_no_class_can_have(word):
    with pytest.raises(EmofusionError, match=r"emotions\.classes"):
        check(Emotions(classes=["happy", word]), "emotions")
