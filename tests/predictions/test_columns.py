"""What a column of a table of posteriors means is never guessed: prefixes, further columns, and the scale."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from emofusion.counted import counting
from emofusion.errors import EmofusionError
from emofusion.plan.settings import PosteriorsSettings
from emofusion.predictions.posteriors import check_table, class_logits
from emofusion.settings.experiment import Posteriors
from emofusion.settings.fields import check

CLASSES = ["neutral", "happy", "sad"]
LOGITS = np.random.default_rng(0).normal(size=(20, 4))
SHARES = softmax(LOGITS, axis=1)  # of four classes
THREE = softmax(LOGITS[:, :3], axis=1)


def table(values: np.ndarray, *columns: str, **more) -> pd.DataFrame:
    clips = pd.DataFrame({"clip": [f"c{n}" for n in range(len(values))], "fold": 0})
    return pd.concat([clips, pd.DataFrame(values, columns=columns)], axis=1).assign(**more)


def read(frame: pd.DataFrame, scale="logits", classes=CLASSES, merge=None, **settings):
    about = Posteriors(table="mine.csv", scale=scale, **settings)
    check(about, "speech.posteriors")
    emotions, logits = class_logits(frame, PosteriorsSettings(about, merge or {}), classes, "speech.posteriors")
    return emotions, softmax(logits, axis=1)


def refused(frame, message, **settings):
    with pytest.raises(EmofusionError, match=rf"^mine\.csv: .*{message}"):
        read(frame, **settings)


@pytest.mark.parametrize("prefix", ["", "p_", "logit_"])
def test_the_three_known_prefixes(prefix):
    emotions, shares = read(table(LOGITS[:, :3], *(prefix + name for name in CLASSES), note="x", actor=7))
    assert emotions == CLASSES
    np.testing.assert_allclose(shares, THREE)


@pytest.mark.parametrize("prefix", ["not_", "std_", "frame_mean_", "score ", "P(", "情绪:"])
def test_any_other_prefix_is_named_by_the_setting_and_never_guessed(prefix):
    frame = table(LOGITS[:, :3], *(prefix + name for name in CLASSES))
    shown = prefix.replace("(", r"\(")
    refused(frame, rf"if {shown}neutral is one, set speech\.posteriors\.prefix={shown}$")
    np.testing.assert_allclose(read(frame, prefix=prefix)[1], THREE)


def test_two_prefixes_are_unclear():
    frame = table(LOGITS[:, :3], *CLASSES, p_happy=0.2, logit_sad=1.0)
    refused(frame, r"neutral and p_happy both look .*prefix='' or speech\.posteriors\.prefix=p_ or .*prefix=logit_")
    refused(frame, "p_happy, logit_sad: columns that are, or may be, classes", prefix="")
    np.testing.assert_allclose(read(frame, prefix="", other_columns="drop")[1], THREE)


def test_words_of_the_table_and_whole_names_of_columns():
    frame = table(LOGITS[:, :3], "p_neutral", "p_joy", "Sadness (%)")
    emotions, shares = read(frame, labels={"joy": "happy", "Sadness (%)": "sad"})
    assert dict(zip(emotions, shares.T[:, 0], strict=True)) == pytest.approx(dict(zip(CLASSES, THREE[0], strict=True)))
    both = table(LOGITS[:, :3], "p_neutral", "p_joy", "p_happy")
    refused(both, "both p_happy and p_joy are columns of happy; rename one", labels={"joy": "happy"})


def test_numbers_and_any_words_are_names_of_classes():
    frame = table(LOGITS[:, :3], 0, "生气/angry", "<unk>").rename(columns=str)
    assert read(frame, classes=["<unk>", "0", "生气/angry"])[0] == ["<unk>", "0", "生气/angry"]


def test_another_case_is_not_the_same_word():
    frame = table(LOGITS[:, :3], "Neutral", "Happy", "Sad")
    refused(frame, r"has no column of a class; if Neutral is one, set speech\.posteriors\.labels=\{Neutral: neutral\}")


def test_further_classes_are_refused_dropped_or_kept():
    frame = table(SHARES, *(f"p_{name}" for name in [*CLASSES, "contempt"]))
    refused(frame, "p_contempt: columns that are.*speech.posteriors.other_columns=drop", scale="probabilities")
    emotions, shares = read(frame, "probabilities", other_columns="drop")
    assert emotions == CLASSES
    np.testing.assert_allclose(shares, THREE)
    emotions, shares = read(frame, "probabilities", other_columns="keep")
    assert emotions == [*CLASSES, "contempt"]
    np.testing.assert_allclose(shares, SHARES)
    with counting() as counts:
        emotions, shares = read(table(100 * SHARES, *CLASSES, "contempt"), "percent", other_columns="drop")
    np.testing.assert_allclose(shares, THREE)
    dropped = (SHARES.argmax(axis=1) == 3).sum()
    assert dropped > 1
    assert counts == {"rows whose greatest value is in contempt, which is no class and was dropped": dropped}


def test_numbers_beside_bare_names_are_classes_only_if_probabilities_lack_something():
    whole = table(THREE, *CLASSES, age=33.0, note="x", used=True)
    np.testing.assert_allclose(read(whole, "probabilities")[1], THREE)
    refused(table(SHARES[:, :3], *CLASSES, age=33.0), "age: columns that are, or may be", scale="probabilities")
    refused(table(LOGITS[:, :3], *CLASSES, age=33.0), "age: columns that are, or may be")
    np.testing.assert_allclose(read(table(LOGITS[:, :3], *CLASSES, age=33.0), other_columns="drop")[1], THREE)


def test_a_class_without_a_column_that_has_one():
    frame = table(THREE, *(f"p_{name}" for name in CLASSES))
    refused(
        frame,
        r"has the column p_sad, and speech\.posteriors\.without=\[sad\] says",
        scale="probabilities",
        without=["sad"],
    )
    emotions, shares = read(frame, "probabilities", without=["sad"], other_columns="drop")
    assert emotions == ["neutral", "happy"]
    np.testing.assert_allclose(shares, THREE[:, :2] / THREE[:, :2].sum(axis=1, keepdims=True))


def test_a_merged_emotion_is_no_further_class():
    emotions, _ = read(table(LOGITS, *(f"p_{name}" for name in [*CLASSES, "calm"])), merge={"calm": "neutral"})
    assert emotions == [*CLASSES, "calm"]


def test_emofusions_own_table_with_a_class_that_its_model_does_not_know():
    frame = table(LOGITS[:, :3], *(f"logit_{name}" for name in CLASSES)).assign(logit_sad=-np.inf)
    assert read(frame, without=["sad"])[0] == ["neutral", "happy"]


@pytest.mark.parametrize(
    ("values", "scale", "message"),
    [
        (THREE, "logits", r"each row has the sum 1; set speech\.posteriors\.scale=probabilities"),
        (100 * THREE, "logits", r"each row has the sum 100; set speech\.posteriors\.scale=percent"),
        (1 / (1 + np.exp(-LOGITS[:, :3])), "logits", r"all are from 0 to 1\. .*sigmoid.*ln\(p / \(1 - p\)\)"),
        (np.eye(3)[[0, 1, 2]], "logits", r"scale=probabilities"),
        (
            100 * THREE,
            "probabilities",
            r"with sum 1, .*; the sum of each row is 100, so set .*scale=percent",
        ),
        (THREE, "percent", r"with sum 100, as that of c0; the sum of each row is 1, so set .*scale=probabilities"),
        (LOGITS[:, :3], "probabilities", r"values below 0 are logits: set speech\.posteriors\.scale=logits"),
        (np.log(THREE), "probabilities", r"scale=logits"),
        (SHARES[:, :3], "probabilities", r"rows are not 0 or more with sum 1, .*; if .*other_columns=drop scales"),
        (np.array([[1.0, np.nan, 0.0]]), "probabilities", "1 rows have a value that is no number, as that of c0"),
    ],
)
def test_the_declared_scale_is_held_against_the_numbers(values, scale, message):
    refused(table(values, *CLASSES), message, scale=scale)


def test_true_logits_of_all_kinds_are_taken():
    for values in (LOGITS[:, :3], np.log(THREE), 50 + LOGITS[:, :3], np.zeros((3, 3))):
        np.testing.assert_allclose(read(table(values, *CLASSES))[1], softmax(values, axis=1))


def test_a_row_that_is_all_on_a_dropped_class():
    values = SHARES.copy()
    values[3] = [0, 0, 0, 1]
    frame = table(values, *(f"p_{name}" for name in [*CLASSES, "contempt"]))
    refused(frame, "1 rows have nothing but 0 .* as that of c3", scale="probabilities", other_columns="drop")


def test_a_table_from_which_a_further_class_was_removed():
    shares = read(table(SHARES[:, :3], *CLASSES), "probabilities", other_columns="drop")[1]
    np.testing.assert_allclose(shares, THREE)


@pytest.mark.parametrize("header", ["clip,fold,sad, sad", "clip,Fold, fold,sad"])
def test_two_columns_of_one_name(header, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(f"{header}\na,0,1,2\n")
    with pytest.raises(EmofusionError, match=r"mine\.csv: has two columns of one name: "):
        check_table(Posteriors(table=str(path), scale="logits"))


def test_a_table_of_deepface():
    """Percent, other words for two classes, and numbers about the face beside them."""
    words = ["angry", "fear", "surprise"]
    about = {"dominant_emotion": "fear", "face_confidence": 0.9, "region.x": 120}
    frame, emotions = table(100 * THREE, *words, **about), ["angry", "fearful", "surprised"]
    labels = {"fear": "fearful", "surprise": "surprised"}
    for scale in ("probabilities", "logits"):
        refused(frame, r"set speech\.posteriors\.scale=percent", scale=scale, classes=emotions, labels=labels)
    named, shares = read(frame, "percent", classes=emotions, labels=labels)
    np.testing.assert_allclose(shares[:, [named.index(emotion) for emotion in emotions]], THREE)
