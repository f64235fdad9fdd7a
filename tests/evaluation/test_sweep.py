"""The sweep against a plain loop with scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix
from threadpoolctl import threadpool_info, threadpool_limits

from emofusion.corpora.ravdess.names import EMOTIONS
from emofusion.errors import EmofusionError
from emofusion.evaluation import sweep as module
from emofusion.evaluation import tally as tally_module
from emofusion.evaluation.sweep import sweep_weights
from emofusion.predictions.table import Aligned, align
from emofusion.settings.experiment import Evaluation
from emofusion.tables import SWEEP, SWEEP_CONFUSION, SWEEP_GAPS, check

SAMPLES, SEED = 40, 3


def swept(aligned: Aligned, pools=("linear",), steps=4, samples=SAMPLES) -> dict[str, pd.DataFrame]:
    """The sweep's tables, checked."""
    tables = sweep_weights(aligned, pools, steps, Evaluation(samples=samples, seed=SEED, confidence=0.9))
    schemas = {"sweep": SWEEP, "sweep_gaps": SWEEP_GAPS, "sweep_confusion": SWEEP_CONFUSION}
    assert list(tables) == list(schemas)
    return {name: check(table, schemas[name], name) for name, table in tables.items()}


def fused(aligned: Aligned, rule: str, weights: list[float]) -> pd.DataFrame:
    """The clips with the class that they are taken for, clip by clip."""
    predicted = []
    for row in range(len(aligned.clips)):
        members = aligned.posteriors[:, row].copy()
        if rule == "product":
            for lacks in np.argwhere(~aligned.known):  # one member lacks one class: the others give it its share
                others = aligned.known[:, lacks[1]]
                share = members[others, lacks[1]].mean() if np.array(weights)[others].any() else 0.0
                members[lacks[0]] *= 1 - share
                members[tuple(lacks)] = share
            members = np.log(np.maximum(members, np.finfo(float).tiny))
        mean = sum(w * p for w, p in zip(weights, members, strict=True))
        predicted.append(aligned.classes[int(np.argmax(mean))])
    return aligned.clips.assign(predicted=predicted)


def of_subset(clips: pd.DataFrame, row) -> pd.DataFrame:
    """The clips that a row of a table speaks of."""
    split, gender = getattr(row, "split", "test"), getattr(row, "gender", "all")
    clips = clips[clips["split"] == split]
    clips = clips if gender == "all" else clips[clips["gender"] == gender]
    return clips if row.emotion == "all" else clips[clips["emotion"] == row.emotion]


def accuracy(clips: pd.DataFrame) -> float:
    return accuracy_score(clips["emotion"], clips["predicted"]) if len(clips) else np.nan


def gap(clips: pd.DataFrame) -> float:
    men = clips["gender"] == "male"
    return accuracy(clips[men]) - accuracy(clips[~men])


def weights_in(row, modalities) -> list[float]:
    return [getattr(row, f"weight_{modality}") for modality in modalities]


@pytest.mark.parametrize(
    "modalities, steps", [(["speech"], 3), (["speech", "face"], 10), (["speech", "face", "text"], 4)]
)
def test_sweep_equals_the_plain_loop(three, modalities, steps):
    aligned = align({name: three[name] for name in modalities})
    table = swept(aligned, ["linear", "product"], steps)["sweep"]
    assert table.columns.tolist() == [
        "rule", *[f"weight_{m}" for m in modalities], "split", "gender", "emotion", "correct", "clips", "actors",
        "accuracy", "low", "high",
    ]  # fmt: skip
    for row in table.sample(min(len(table), 120), random_state=0).itertuples():
        clips = of_subset(fused(aligned, row.rule, weights_in(row, modalities)), row)
        assert (row.accuracy, row.clips) == (pytest.approx(accuracy(clips), abs=1e-12), len(clips))
        assert row.correct == round(row.accuracy * row.clips) and row.actors == clips["actor"].nunique()


@pytest.fixture(scope="module")
def pair(three) -> Aligned:
    return align({name: three[name] for name in ("speech", "face")})


def with_right(clips: pd.DataFrame) -> pd.DataFrame:
    return clips.assign(right=(clips["predicted"] == clips["emotion"]).astype(float))


def too_few(clips: pd.DataFrame) -> bool:
    """Some gender that is there has fewer than three actors."""
    return clips.groupby("gender")["actor"].nunique().min() < 3


def test_intervals_are_those_of_a_plain_loop(pair, plain_interval):
    table = swept(pair, ["linear", "product"])["sweep"]
    validation = table["split"] == "validation"
    assert table.loc[validation, ["low", "high"]].isna().all(axis=None)
    for row in table[~validation].sample(40, random_state=0).itertuples():
        clips = of_subset(fused(pair, row.rule, weights_in(row, pair.modalities)), row)
        if too_few(clips):
            assert np.isnan([row.low, row.high]).all()
            continue
        expected = plain_interval([(1, with_right(clips))], 0.9, len(clips))
        np.testing.assert_allclose([row.low, row.high], expected, atol=1e-12)


def test_gaps_and_their_intervals_are_those_of_a_plain_loop(pair, plain_interval):
    table = swept(pair, ["linear", "product"])["sweep_gaps"]
    emotions = ["all", *(emotion for emotion in EMOTIONS if emotion in pair.clips["emotion"].unique())]
    assert table["emotion"].tolist() == emotions * 2 * 5
    angry = table["emotion"] == "angry"
    assert table.loc[angry, ["gap", "low", "high"]].isna().all(axis=None)
    for row in table[~angry].sample(25, random_state=0).itertuples():
        clips = of_subset(fused(pair, row.rule, weights_in(row, pair.modalities)), row)
        assert row.gap == pytest.approx(gap(clips), abs=1e-12)
        if too_few(clips):
            assert np.isnan([row.low, row.high]).all()
            continue
        clips = with_right(clips)
        terms = [(sign, clips[clips["gender"] == of]) for sign, of in ((1, "male"), (-1, "female"))]
        np.testing.assert_allclose([row.low, row.high], plain_interval(terms, 0.9, unequal=True), atol=1e-12)


def test_confusion_is_scikit_learns(pair):
    table = swept(pair, ["linear", "product"])["sweep_confusion"]
    assert len(table) == 2 * 5 * 64
    for (rule, *weights), part in table.groupby(["rule", "weight_speech", "weight_face"]):
        clips = fused(pair, rule, weights).query("split == 'test'")
        reference = confusion_matrix(clips["emotion"], clips["predicted"], labels=list(EMOTIONS))
        assert (
            part["emotion"].tolist() == list(np.repeat(EMOTIONS, 8))
            and part["predicted"].tolist() == list(EMOTIONS) * 8
        )
        np.testing.assert_array_equal(part["clips"], reference.ravel())


def test_every_setting_split_gender_and_emotion_that_has_clips_is_there_once(pair):
    table = swept(pair, ["linear", "product"], steps=10)["sweep"]
    subset = ["split", "gender", "emotion"]
    assert not table.duplicated(["rule", "weight_speech", "weight_face", *subset]).any()
    swept_subsets = {tuple(row) for row in table[subset].to_numpy()}
    expected = {
        (clip.split, gender, emotion)
        for clip in pair.clips.itertuples()
        for gender in ("all", clip.gender)
        for emotion in ("all", clip.emotion)
    }
    assert swept_subsets == expected and ("test", "female", "angry") not in swept_subsets
    assert len(table) == 2 * 11 * len(expected)


def test_an_emotion_that_no_model_knows_counts_as_wrong(three):
    face = three["face"].drop(columns="logit_neutral")
    tables = swept(align({"face": face}), steps=1)
    for emotion in ("neutral", "calm"):
        table = tables["sweep"][tables["sweep"]["emotion"] == emotion]
        assert (table["correct"] == 0).all() and (table["clips"] > 0).all()
    confusion = tables["sweep_confusion"]
    assert set(confusion["predicted"]) == set(EMOTIONS) - {"neutral", "calm"}
    counted = confusion.groupby("emotion")["clips"].sum()
    assert counted.to_dict() == face.query("split == 'test'")["emotion"].value_counts().to_dict()


def test_pieces_of_bounded_memory_give_the_same(three, monkeypatch):
    aligned = align(three)
    whole = swept(aligned, ["linear", "product"], steps=6)
    monkeypatch.setattr(tally_module, "CHUNK", 5 * 150 * 8)
    monkeypatch.setattr(module, "BLOCK", 3 * SAMPLES)
    for name, table in swept(aligned, ["linear", "product"], steps=6).items():
        pd.testing.assert_frame_equal(table, whole[name])


def test_the_sweep_does_not_depend_on_the_number_of_threads(three):
    """Every table, to the byte."""
    tables = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            tables.append(swept(align(three), ["linear", "product"], steps=6))
    for name, one in tables[0].items():
        assert one.to_csv() == tables[1][name].to_csv()
        pd.testing.assert_frame_equal(one, tables[1][name], check_exact=True)


def test_the_sweep_runs_on_one_thread(pair, monkeypatch):
    threads = set()

    def counting(*arguments):
        threads.update(library["num_threads"] for library in threadpool_info())
        return tally_module.tally(*arguments)

    monkeypatch.setattr(module, "tally", counting)
    with threadpool_limits(2):
        swept(pair)
    assert threads == {1}


def test_a_clip_validated_in_two_folds_counts_twice(three):
    face = three["face"]
    again = pd.concat([face, face.query("split == 'validation'").assign(fold=1)], ignore_index=True)
    once, twice = (swept(align({"face": table}), steps=1)["sweep"] for table in (face, again))
    validation = once["split"] == "validation"
    assert validation.any() and (twice["clips"] == once["clips"] * np.where(validation, 2, 1)).all()
    assert (twice["correct"] == once["correct"] * np.where(validation, 2, 1)).all()


def test_validation_alone_gives_no_gap_and_no_confusion(three):
    tables = swept(align({"face": three["face"].assign(split="validation")}))
    assert len(tables["sweep"]) and len(tables["sweep_gaps"]) == len(tables["sweep_confusion"]) == 0


@pytest.mark.filterwarnings("error")
def test_women_alone_have_no_gap_and_a_single_actor_no_interval(three):
    women = three["face"].query("gender == 'female'")
    tables = swept(align({"face": women}))
    assert tables["sweep_gaps"][["gap", "low", "high"]].isna().all(axis=None)
    assert set(tables["sweep"]["gender"]) == {"all", "female"}
    assert tables["sweep"].query("split == 'test' and emotion == 'all'")["low"].notna().all()
    one = swept(align({"face": women[women["actor"] == women["actor"].iloc[0]]}))["sweep"]
    assert one[["low", "high"]].isna().all(axis=None) and one["accuracy"].notna().all() and (one["actors"] == 1).all()


def test_train_rows_are_not_swept(three):
    table = three["face"].assign(split="train")
    with pytest.raises(EmofusionError, match="no weight to sweep"):
        sweep_weights(align({"face": table}), ["linear"], 2, Evaluation())


def test_an_unknown_pool_is_named(pair):
    with pytest.raises(EmofusionError, match="median is no rule with weights to sweep; there are: linear, product"):
        sweep_weights(pair, ["linear", "median"], 2, Evaluation())
