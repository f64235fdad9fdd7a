"""Training: what is fitted on whom, that it learns, and that an interruption changes nothing."""

import json
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from scipy.special import log_softmax
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_class_weight

from emofusion.errors import EmofusionError
from emofusion.features.common.feature_set import FeatureSet, write_rows
from emofusion.networks.backbone import Backbone
from emofusion.networks.mlp import Mlp
from emofusion.plan.settings import ModelSettings, PredictionsSettings
from emofusion.settings.encoding import encode
from emofusion.settings.training import Augment, Training, Unfreeze
from emofusion.tables import HISTORY, PREDICTIONS, check, read_table
from emofusion.training import callbacks
from emofusion.training import fit as fitting
from emofusion.training import fold as training_of_fold
from emofusion.training.callbacks import METRICS
from emofusion.training.data import EpochBatches, batches, labelled_rows, views_of
from emofusion.training.description import read_model
from emofusion.training.fit import kept_epoch
from emofusion.training.module import Classifier, balanced_class_weights, one_cycle
from emofusion.training.predict import predict_folds as predict
from emofusion.training.scaled import ScaledNetwork, Standardise, build_model

CLASSES = ["neutral", "happy", "sad"]
fit_folds, predict_folds = partial(fitting.fit_folds, order=CLASSES), partial(predict, order=CLASSES)
TRAINING = Training(epochs=6, learning_rate=0.01, batch_size=8)
SETTINGS = ModelSettings(Mlp(hidden=[16]), TRAINING, seeds=[3], standardised=True)
FULL = PredictionsSettings(threads=1, precision="full")


def with_training(**changes) -> ModelSettings:
    return replace(SETTINGS, training=replace(TRAINING, **changes))


def clips_of_people(folder, rows_per_clip=1, people=10, shift=2.5):
    """People × classes × 4 clips of 6 numbers, whose class shifts one of them; the split has two folds."""
    random = np.random.default_rng(0)
    clips, rows, values = [], [], []
    for person in range(people):
        for number, emotion in enumerate(CLASSES):
            for take in range(4):
                clip = f"{person}-{emotion}-{take}"
                clips.append((clip, f"made-{person:02}", "male" if person % 2 else "female", emotion))
                for _ in range(rows_per_clip):
                    value = random.normal(size=6)
                    value[number] += shift
                    rows.append(clip)
                    values.append(value)
    folder.mkdir(parents=True)
    np.save(folder / "features.npy", np.array(values, np.float32))
    table = pd.DataFrame({"clip": rows, "row": range(len(rows))})
    write_rows(table.assign(frame=table.groupby("clip").cumcount(), view=0), folder)
    table = pd.DataFrame(clips, columns=["clip", "actor", "gender", "emotion"]).assign(corpus="made")
    parts = []
    for fold in range(2):
        person = table["actor"].str[-2:].astype(int)
        part = np.where(person % 2 == fold, "test", np.where(person >= 8, "validation", "train"))
        parts.append(table.assign(fold=fold, split=part))
    return FeatureSet.open([folder]), pd.concat(parts, ignore_index=True)


@pytest.fixture
def data(tmp_path):
    return clips_of_people(tmp_path / "features")


def test_it_learns_and_scores_validation_and_test_clips(tmp_path, data):
    features, split = data
    fit_folds(split, features, SETTINGS, tmp_path / "model")
    predictions = predict_folds(split, features, tmp_path / "model", FULL)
    check(predictions, PREDICTIONS, "predictions")
    wanted = split[split["split"] != "train"]
    assert sorted(zip(predictions["clip"], predictions["fold"], strict=True)) == sorted(
        zip(wanted["clip"], wanted["fold"], strict=True)
    )
    logits = predictions[[f"logit_{emotion}" for emotion in CLASSES]].to_numpy()
    np.testing.assert_allclose(np.exp(logits).sum(axis=1), 1, atol=1e-6)
    right = np.array(CLASSES)[logits.argmax(axis=1)] == predictions["emotion"]
    assert right[predictions["split"] == "test"].mean() > 0.75
    history = read_table(tmp_path / "model" / "history.parquet", HISTORY)
    assert history.groupby("fold").size().tolist() == [6, 6]
    first, last = (history[history["epoch"] == epoch]["train_loss"].mean() for epoch in (0, 5))
    assert last < first
    assert not (tmp_path / "model" / "checkpoints").exists()


def test_the_scaler_is_fitted_on_training_clips_only(tmp_path, data):
    features, split = data
    fit_folds(split, features, SETTINGS, tmp_path / "model")
    for fold in range(2):
        train = split[(split["fold"] == fold) & (split["split"] == "train")]
        rows = features.rows[features.rows["clip"].isin(train["clip"])]["row"]
        scaler = StandardScaler().fit(features.take(rows.to_numpy()))
        state = load_file(tmp_path / "model" / "folds" / f"{fold}-3.safetensors")
        np.testing.assert_allclose(state["0.mean"], scaler.mean_, rtol=1e-5)
        np.testing.assert_allclose(state["0.deviation"], scaler.scale_, rtol=1e-5)


def test_the_scaler_takes_channels_over_time(tmp_path):
    values = np.random.default_rng(0).normal(5, 3, (10, 4, 7)).astype(np.float32)
    values[:, 2] = 1.5  # a constant channel is not divided by zero
    (tmp_path / "set").mkdir()
    np.save(tmp_path / "set" / "features.npy", values)
    write_rows(pd.DataFrame({"clip": list("abcdefghij"), "row": range(10), "frame": 0, "view": 0}), tmp_path / "set")
    scaler = Standardise((4, 7))
    scaler.fit(FeatureSet.open([tmp_path / "set"]), np.arange(8), chunk=3)
    scaled = scaler(torch.from_numpy(values[:8])).numpy()
    np.testing.assert_allclose(scaled.mean(axis=(0, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(scaled.std(axis=(0, 2))[[0, 1, 3]], 1, atol=1e-5)
    assert np.isfinite(scaled).all()


def test_the_same_seed_gives_the_same_weights_and_another_others(tmp_path, data):
    features, split = data
    states = []
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        fit_folds(split, features, replace(SETTINGS, seeds=[seed]), tmp_path / name)
        states.append(load_file(tmp_path / name / "folds" / f"1-{seed}.safetensors"))
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert not all(torch.equal(states[0][name], states[2][name]) for name in states[0])


EVERYTHING = {
    "optimiser": "adamw",
    "schedule": "one_cycle",
    "label_smoothing": 0.1,
    "class_weights": True,
    "speaker_normalisation": True,
    "augment": Augment(noise=0.3, mixup=0.4),
}


class Cut(Exception):
    pass


@pytest.mark.parametrize("checkpoint_seconds", [0, 1e9])
@pytest.mark.parametrize(
    "cut_at, changed",
    [((0, 3), {}), ((1, 0), {}), ((1, 4), {}), ((0, 3), EVERYTHING), ((1, 2), {"patience": 1, "learning_rate": 0.3})],
)
def test_an_interrupted_training_ends_as_if_never_interrupted(
    tmp_path, data, monkeypatch, cut_at, changed, checkpoint_seconds
):
    monkeypatch.setattr(callbacks, "CHECKPOINT_SECONDS", checkpoint_seconds)
    features, split = data
    settings = with_training(**changed)
    fit_folds(split, features, settings, tmp_path / "whole", token="t")

    def cut(metrics, epoch):
        if (int(next(iter(metrics))[4]), epoch) == cut_at:
            raise Cut

    with pytest.raises(Cut):
        fit_folds(split, features, settings, tmp_path / "cut", token="t", on_epoch=cut)
    assert not (tmp_path / "cut" / "model.json").exists()
    seen, earlier = [], []
    fit_folds(
        split,
        features,
        settings,
        tmp_path / "cut",
        token="t",
        on_epoch=lambda metrics, epoch: seen.append((epoch, metrics)),
        on_earlier_epoch=lambda metrics, epoch: earlier.append((epoch, metrics)),
    )
    for fold in range(2):
        whole, resumed = (load_file(tmp_path / name / "folds" / f"{fold}-3.safetensors") for name in ("whole", "cut"))
        assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    histories = [pd.read_parquet(tmp_path / name / "history.parquet") for name in ("whole", "cut")]
    pd.testing.assert_frame_equal(*[history.drop(columns="seconds") for history in histories])
    # it went on from its last checkpoint: that of the epoch before, or none of the fold that was cut
    cut_fold, cut_epoch = cut_at
    epochs = histories[0].groupby("fold").size()
    assert len(seen) == epochs[cut_fold:].sum() - (0 if checkpoint_seconds else cut_epoch)
    # both together are all epochs in their order
    found = [(int(name[4]), epoch, value) for epoch, one in earlier + seen for name, value in one.items()]
    assert all(len(one) == len(METRICS) for _, one in earlier + seen)
    told = [(fold, epoch, value) for fold, epoch, value in found if value == value]
    expected = histories[0].melt(["fold", "epoch"], METRICS).dropna()
    assert sorted(told) == sorted(expected[["fold", "epoch", "value"]].itertuples(index=False, name=None))


@pytest.mark.parametrize("changed", [{}, EVERYTHING, {"batch_size": 7}])
def test_how_many_batches_are_read_at_a_time_changes_nothing(tmp_path, data, monkeypatch, changed):
    features, split = data
    for name, memory in (("single", 0), ("three", 3 * 8 * 6 * 4), ("all", 2**24)):
        monkeypatch.setattr(training_of_fold, "CHUNK", memory)
        fit_folds(split, features, with_training(**changed), tmp_path / name)
    for other in ("three", "all"):
        for number in range(2):
            states = [load_file(tmp_path / name / "folds" / f"{number}-3.safetensors") for name in ("single", other)]
            assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
        histories = [pd.read_parquet(tmp_path / name / "history.parquet") for name in ("single", other)]
        pd.testing.assert_frame_equal(*[history.drop(columns="seconds") for history in histories])


def test_a_chunk_has_whole_batches_and_at_least_one(data):
    features, split = data
    rows = labelled_rows(features, split[split["fold"] == 0], CLASSES)
    bytes_of_row = 6 * 4
    for memory, at_once in ((0, 1), (20 * bytes_of_row, 1), (47 * bytes_of_row, 2), (10**9, 6)):
        loader = batches(features, rows, batch_size=20, seed=1, memory=memory)
        assert [len(labels) for _, labels in loader] == [20 * at_once] * (120 // (20 * at_once))
        assert len(loader) == 6 // at_once and loader.sampler.batches == 6


def test_a_checkpoint_is_written_when_the_last_is_old_and_after_each_phase_but_the_last(tmp_path):
    now, written = [0.0], []
    trainer = SimpleNamespace(max_epochs=4, save_checkpoint=lambda path: written.append((path, trainer.current_epoch)))
    checkpoints = callbacks.Checkpoints(tmp_path / "last.ckpt", epochs=6, clock=lambda: now[0])
    for epoch, seconds in enumerate([4, 5, 1, 1, 9, 20]):
        now[0] += seconds
        trainer.current_epoch, trainer.max_epochs = epoch, 4 if epoch < 4 else 6
        checkpoints.on_train_epoch_end(trainer, None)
    assert written == [(tmp_path / "last.ckpt", 2), (tmp_path / "last.ckpt", 3)]


@pytest.mark.parametrize("changed", ["code", "features", "split"])
def test_work_in_progress_of_another_state_is_not_gone_on_with(tmp_path, data, changed):
    features, split = data

    def cut(metrics, epoch):
        if epoch == 3:
            raise Cut

    with pytest.raises(Cut):
        fit_folds(split, features, SETTINGS, tmp_path / "model", token="before", on_epoch=cut)
    token = "after" if changed == "code" else "before"
    if changed == "features":
        rows = tmp_path / "features" / "features.npy"
        np.save(rows, np.load(rows) + 1)
        features = FeatureSet.open([tmp_path / "features"])
    if changed == "split":
        split = split.drop(index=split.index[split["split"] == "train"][0])
    seen = []
    fit_folds(split, features, SETTINGS, tmp_path / "model", token=token, on_epoch=lambda m, e: seen.append(e))
    assert len(seen) == 12


def test_what_is_killed_after_the_last_fold_trains_nothing_again(tmp_path, data, monkeypatch):
    def killed(*_):
        raise Cut

    features, split = data
    with monkeypatch.context() as patch, pytest.raises(Cut):
        patch.setattr(fitting, "ModelDescription", killed)
        fit_folds(split, features, SETTINGS, tmp_path / "model", token="t")
    seen = []
    fit_folds(split, features, SETTINGS, tmp_path / "model", token="t", on_epoch=lambda m, e: seen.append(e))
    assert not seen
    assert (tmp_path / "model" / "model.json").exists()
    assert not (tmp_path / "model" / "checkpoints").exists()


def test_frames_of_a_clip_are_averaged_as_posteriors(tmp_path):
    features, split = clips_of_people(tmp_path / "features", rows_per_clip=3)
    fit_folds(split, features, SETTINGS, tmp_path / "model")
    predictions = predict_folds(split, features, tmp_path / "model", FULL).set_index(["clip", "fold"])
    state = load_file(tmp_path / "model" / "folds" / "0-3.safetensors")
    x = features.take(features.rows[features.rows["clip"] == "2-sad-1"]["row"].to_numpy())
    x = (x - state["0.mean"].numpy()) / state["0.deviation"].numpy()
    hidden = np.maximum(x @ state["1.layers.1.weight"].numpy().T + state["1.layers.1.bias"].numpy(), 0)
    logits = hidden @ state["1.layers.4.weight"].numpy().T + state["1.layers.4.bias"].numpy()
    expected = np.log(np.exp(log_softmax(logits.astype(np.float64), axis=1)).mean(axis=0))
    computed = predictions.loc[("2-sad-1", 0), [f"logit_{emotion}" for emotion in CLASSES]].to_numpy(float)
    np.testing.assert_allclose(computed, expected, rtol=1e-5)


def test_the_best_epoch_has_the_lowest_validation_loss():
    history = pd.DataFrame({"epoch": [0, 1, 2], "validation_loss": [3.0, 1.0, 2.0], "train_loss": [3.0, 2.0, 1.0]})
    assert kept_epoch(history, "best") == 1 and kept_epoch(history, "last") == 2


@pytest.mark.parametrize("keep", ["best", "last"])
def test_the_kept_weights_are_those_of_the_kept_epoch(tmp_path, keep):
    # classes that overlap, so that it learns the training clips by heart and gets worse on others
    features, split = clips_of_people(tmp_path / "features", shift=0.5)
    settings = with_training(learning_rate=0.05, epochs=8, keep=keep)
    fit_folds(split, features, settings, tmp_path / "model")
    described = json.loads((tmp_path / "model" / "model.json").read_text())
    history = pd.read_parquet(tmp_path / "model" / "history.parquet").set_index(["fold", "epoch"])["validation_loss"]
    predictions = predict_folds(split, features, tmp_path / "model", FULL)
    for fold in range(2):
        assert history[fold].idxmin() < 7  # the two choices differ
        epoch = described["kept_epoch"][f"{fold}-3"]
        assert epoch == (history[fold].idxmin() if keep == "best" else 7)
        validation = predictions[(predictions["split"] == "validation") & (predictions["fold"] == fold)]
        loss = -np.mean([row[f"logit_{row['emotion']}"] for _, row in validation.iterrows()])
        np.testing.assert_allclose(loss, history[fold, epoch], rtol=1e-4)


def test_a_loss_that_is_no_number_is_an_error(tmp_path, data, monkeypatch):
    features, split = data
    broken = np.load(features.folders[0] / "features.npy")
    broken[0] = np.inf
    np.save(features.folders[0] / "features.npy", broken)
    settings = replace(SETTINGS, standardised=False)
    with pytest.raises(EmofusionError, match="the loss is"):
        fit_folds(split, FeatureSet.open(features.folders), settings, tmp_path / "model")


def test_clips_without_features_do_not_train_and_are_not_scored(tmp_path, data):
    features, split = data
    strangers = split[split["fold"] == 0].groupby("split").head(1).assign(clip=["x", "y", "z"])
    more = pd.concat([split, strangers], ignore_index=True)
    for name, clips in (("one", split), ("more", more)):
        fit_folds(clips, features, SETTINGS, tmp_path / name)
    one, more = (
        predict_folds(clips, features, tmp_path / name, FULL) for name, clips in (("one", split), ("more", more))
    )
    pd.testing.assert_frame_equal(one, more)


@pytest.mark.parametrize("part", ["train", "test"])
def test_a_fold_whose_clips_have_no_features_is_refused(tmp_path, data, part):
    features, split = data
    gone = (split["fold"] == 1) & (split["split"] == part)
    renamed = split.assign(clip=split["clip"].mask(gone, "no-" + split["clip"]))
    with pytest.raises(EmofusionError, match=rf"none of the {part} clips of fold 1 has features, such as no-"):
        fit_folds(renamed, features, SETTINGS, tmp_path / "model")


def test_a_model_knows_the_classes_it_was_trained_on_only(tmp_path, data):
    features, split = data
    seen = split[~((split["split"] == "train") & (split["emotion"] == "sad"))]
    fit_folds(seen, features, SETTINGS, tmp_path / "model")
    predictions = predict_folds(seen, features, tmp_path / "model", FULL)
    assert (predictions["logit_sad"] == -np.inf).all() and (predictions["emotion"] == "sad").any()


def test_batches_are_shuffled_by_seed_and_epoch_and_cover_each_row_once():
    sampler = EpochBatches(21, 4, seed=1)
    first = list(sampler)
    sampler.set_epoch(1)
    second = list(sampler)
    order = [np.concatenate([batch for batch, _ in batches]) for batches in (first, second)]
    assert not np.array_equal(*order)
    np.testing.assert_array_equal(order[0], np.concatenate([batch for batch, _ in EpochBatches(21, 4, seed=1)]))
    assert len(first) == len(sampler) == 5  # a last batch of one is left out
    whole = EpochBatches(21, 4)
    np.testing.assert_array_equal(np.concatenate([batch for batch, _ in whole]), range(21))
    assert len(list(whole)) == len(whole) == 6


def test_each_epoch_draws_a_view_of_each_row(tmp_path):
    np.save(tmp_path / "features.npy", np.arange(12, dtype=np.float32)[:, None])
    rows = pd.DataFrame({"clip": [*"aabb"] * 3, "row": range(12), "frame": [0, 1, 0, 1] * 3})
    rows["view"] = np.repeat(range(3), 4)
    rows.to_parquet(tmp_path / "rows.parquet")
    features = FeatureSet.open([tmp_path])
    known = pd.DataFrame({"clip": [*"ab"], "emotion": ["happy", "sad"]})
    recorded = labelled_rows(features, known, CLASSES)
    assert recorded["row"].tolist() == [0, 1, 2, 3] and recorded["label"].tolist() == [1, 1, 2, 2]
    np.testing.assert_array_equal(views_of(features, recorded), np.arange(12).reshape(3, 4).T)

    loader = batches(features, recorded, 4, seed=0)
    drawn = []
    for epoch in range(60):
        loader.sampler.set_epoch(epoch)
        ((values, labels),) = loader
        values = values.ravel().int()
        assert sorted((values % 4).tolist()) == [0, 1, 2, 3]
        assert torch.equal(labels, 1 + (values % 4) // 2)
        drawn += (values // 4).tolist()
    assert min(np.bincount(drawn, minlength=3)) > 50  # of 240
    ((values, _),) = batches(features, recorded, 4)
    assert values.ravel().tolist() == [0, 1, 2, 3]


def test_the_members_of_an_ensemble_are_averaged(tmp_path, data):
    features, split = data
    fit_folds(split, features, replace(SETTINGS, seeds=[3, 4]), tmp_path / "both")
    history = read_table(tmp_path / "both" / "history.parquet", HISTORY)
    assert set(history["seed"]) == {3, 4}
    posteriors = {}
    for name, seeds in (("both", [3, 4]), ("one", [3]), ("other", [4])):
        if name != "both":
            fit_folds(split, features, replace(SETTINGS, seeds=seeds), tmp_path / name)
        predictions = predict_folds(split, features, tmp_path / name, FULL)
        posteriors[name] = np.exp(predictions[[f"logit_{emotion}" for emotion in CLASSES]].to_numpy())
    np.testing.assert_allclose(posteriors["both"], (posteriors["one"] + posteriors["other"]) / 2, rtol=1e-9)
    assert not np.allclose(posteriors["one"], posteriors["other"], atol=1e-3)


def test_labels_follow_the_order_of_the_classes(data):
    features, split = data
    rows = labelled_rows(features, split[split["fold"] == 0], CLASSES)
    assert (rows["label"] == rows["emotion"].map(CLASSES.index)).all() and len(rows) == 120


def test_only_unfrozen_blocks_learn_and_at_their_own_rate():
    training = replace(TRAINING, unfreeze=[Unfreeze(epoch=1, blocks=2)], backbone_rate=0.1)
    network = Backbone(architecture="vgg16", hidden=[8])
    classifier = Classifier(build_model(network, (3, 32, 32), 3, False), 3, training, seed=0)
    head, backbone = classifier.configure_optimizers().param_groups
    assert head["lr"] == 0.01 and backbone["lr"] == pytest.approx(0.001)
    assert len(head["params"]) == 4 and len(backbone["params"]) == 26  # 13 convolutions
    classifier.model.network.unfreeze(training.trainable_blocks(1))
    classifier(torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8)).sum().backward()
    assert [parameter.grad is not None for parameter in backbone["params"]] == [False] * 14 + [True] * 12


def test_blocks_are_trained_from_their_epoch_on():
    training = replace(TRAINING, unfreeze=[Unfreeze(epoch=4, blocks=1), Unfreeze(epoch=8, blocks=2)])
    assert [training.trainable_blocks(epoch) for epoch in (0, 3, 4, 7, 8, 20)] == [0, 0, 1, 1, 2, 2]
    assert TRAINING.trainable_blocks(5) == 0
    assert METRICS[0] == "train_loss"


def test_the_training_loss_is_smoothed_weighted_and_mixed_as_asked_and_validation_is_plain(tmp_path, data):
    logits, labels = torch.randn(6, 3), torch.tensor([0, 0, 0, 1, 1, 2])
    weights = balanced_class_weights(pd.Series(CLASSES).loc[labels.numpy()], CLASSES)
    np.testing.assert_allclose(weights, [6 / 9, 6 / 6, 6 / 3])
    np.testing.assert_allclose(weights, compute_class_weight("balanced", classes=np.arange(3), y=labels.numpy()))
    training = replace(TRAINING, label_smoothing=0.2)
    model = ScaledNetwork(torch.nn.Identity(), torch.nn.Identity())
    classifier = Classifier(model, 3, training, 0, weights)
    computed = classifier.batch_loss(logits, labels)[0].item()
    p = log_softmax(logits.numpy().astype(np.float64), axis=1)
    target = 0.8 * np.eye(3)[labels] + 0.2 / 3
    expected = -(target * weights.numpy() * p).sum() / weights.numpy()[labels].sum()
    assert computed == pytest.approx(expected, rel=1e-5)
    classifier.validation_step((logits, labels), 0)
    assert classifier.metrics_of_epoch()["validation_loss"] == pytest.approx(-p[np.arange(6), labels].mean(), rel=1e-5)


def test_the_rate_rises_and_falls_in_one_cycle():
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.Adam([{"params": [parameter], "lr": 0.1}], betas=(0.8, 0.9))
    schedule, rates = one_cycle(optimiser, 100), []
    for _ in range(100):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        if len(rates) < 100:
            schedule.step()
    assert np.argmax(rates) == 29 and max(rates) == pytest.approx(0.1)
    assert rates[0] == pytest.approx(0.004) and rates[-1] < 1e-5
    falling = 0.1 * (1 + np.cos(np.pi * np.arange(71) / 70)) / 2
    np.testing.assert_allclose(rates[29:], falling, atol=1e-5)
    assert optimiser.param_groups[0]["betas"] == (0.8, 0.9)


def test_training_stops_when_validation_has_not_improved_for_a_while(tmp_path):
    features, split = clips_of_people(tmp_path / "features", shift=0.5)
    fit_folds(split, features, with_training(learning_rate=0.05, epochs=30, patience=3), tmp_path / "model")
    kept = json.loads((tmp_path / "model" / "model.json").read_text())["kept_epoch"]
    for fold, history in pd.read_parquet(tmp_path / "model" / "history.parquet").groupby("fold"):
        assert len(history) == kept[f"{fold}-3"] + 1 + 3 < 30


def test_speakers_who_are_far_apart_are_brought_together_by_their_own_clips(tmp_path, data):
    features, split = data
    values = np.load(tmp_path / "features" / "features.npy")
    person = features.rows["clip"].str.split("-").str[0].astype(int).to_numpy()
    np.save(tmp_path / "features" / "features.npy", values + 30 * np.sin(person * 7.0)[:, None].astype(np.float32))
    features = FeatureSet.open([tmp_path / "features"])
    right = {}
    for normalised in (False, True):
        settings = with_training(speaker_normalisation=normalised, epochs=10)
        model = tmp_path / f"model-{normalised}"
        fit_folds(split, features, settings, model)
        described = json.loads((model / "model.json").read_text())
        assert described["training"]["speaker_normalisation"] == normalised
        predictions = predict_folds(split, features, model, FULL)
        test = predictions[predictions["split"] == "test"]
        chosen = np.array(CLASSES)[test[[f"logit_{emotion}" for emotion in CLASSES]].to_numpy().argmax(axis=1)]
        right[normalised] = (chosen == test["emotion"]).mean()
    assert right[True] > 0.75 > 0.6 > right[False]


def test_enrolment_clips_bring_speakers_together_and_are_not_scored(tmp_path, data):
    features, split = data
    values = np.load(tmp_path / "features" / "features.npy")
    person = features.rows["clip"].str.split("-").str[0].astype(int).to_numpy()
    np.save(tmp_path / "features" / "features.npy", values + 30 * np.sin(person * 7.0)[:, None].astype(np.float32))
    features = FeatureSet.open([tmp_path / "features"])
    neutral = split[split["emotion"] == CLASSES[0]].drop_duplicates("clip").sort_values("clip")
    number = dict(zip(neutral["clip"], neutral.groupby("actor").cumcount() + 1, strict=True))
    split = split.assign(enrolment=split["clip"].map(number).fillna(0).astype("int64"))
    split.loc[split["enrolment"] > 2, "enrolment"] = 0
    split.loc[split["enrolment"] > 0, "split"] = "enrolment"
    right = {}
    for clips in (0, 2):
        model = tmp_path / f"model-{clips}"
        fit_folds(split, features, with_training(enrolment=clips, enrolment_weight=1.0, epochs=10), model)
        predictions = predict_folds(split, features, model, FULL)
        assert set(predictions["split"]) == {"validation", "test"} and "enrolment" not in predictions
        scored = split[split["split"].isin(["validation", "test"])]
        assert sorted(predictions["clip"]) == sorted(scored["clip"])
        test = predictions[predictions["split"] == "test"]
        chosen = np.array(CLASSES)[test[[f"logit_{emotion}" for emotion in CLASSES]].to_numpy().argmax(axis=1)]
        right[clips] = (chosen == test["emotion"]).mean()
    assert right[2] > 0.7 > 0.6 > right[0]


def test_without_validation_the_same_is_learnt_and_its_columns_are_empty(tmp_path, data):
    """Who validates has no part in the weights of the last epoch, so to leave them out changes none."""
    features, split = data
    settings = with_training(keep="last")
    fit_folds(split, features, settings, tmp_path / "with")
    fit_folds(split[split["split"] != "validation"], features, settings, tmp_path / "without")
    for file in (tmp_path / "with" / "folds").iterdir():
        other = load_file(tmp_path / "without" / "folds" / file.name)
        for name, tensor in load_file(file).items():
            assert torch.equal(tensor, other[name])
    history = read_table(tmp_path / "without" / "history.parquet", HISTORY)
    assert history[["validation_loss", "validation_accuracy"]].isna().all(axis=None) and len(history) == 12
    assert history["train_loss"].notna().all()
    predictions = predict_folds(split[split["split"] != "validation"], features, tmp_path / "without", FULL)
    assert set(predictions["split"]) == {"test"}


def test_the_model_says_what_it_is_and_what_reports_read(tmp_path, data):
    features, split = data
    settings = with_training(augment=Augment(noise=0.1), unfreeze=[Unfreeze(epoch=2, blocks=1)])
    fit_folds(split, features, settings, tmp_path / "model")
    described = json.loads((tmp_path / "model" / "model.json").read_text())
    assert described["classes"] == CLASSES and described["shape"] == [6] and described["seeds"] == [3]
    assert described["parameters"] == described["parameters_trained"] == 6 * 16 + 16 + 16 * 3 + 3
    assert described["training"]["keep"] == "best" and described["network"] == encode(settings.network)
    description, again = read_model(tmp_path / "model")
    assert again == settings and description.shape == (6,) and set(description.kept_epoch) == {"0-3", "1-3"}


def test_the_model_names_all_devices_that_trained_it(tmp_path, data, monkeypatch):
    def stop(metrics, epoch):
        if any(name.startswith("fold1") for name in metrics):
            raise Cut

    features, split = data
    monkeypatch.setattr(fitting, "device_name", lambda: "NVIDIA H200")
    with pytest.raises(Cut):
        fit_folds(split, features, SETTINGS, tmp_path / "model", on_epoch=stop)
    monkeypatch.setattr(fitting, "device_name", lambda: "CPU")
    fit_folds(split, features, SETTINGS, tmp_path / "model")
    assert read_model(tmp_path / "model")[0].devices == ["CPU", "NVIDIA H200"]
    fit_folds(split, features, SETTINGS, tmp_path / "again")
    assert read_model(tmp_path / "again")[0].devices == ["CPU"]


def test_a_model_of_an_earlier_version_names_no_device(tmp_path, data):
    features, split = data
    fit_folds(split, features, SETTINGS, tmp_path / "model")
    file = tmp_path / "model" / "model.json"
    described = json.loads(file.read_text())
    del described["devices"]
    file.write_text(json.dumps(described))
    assert read_model(tmp_path / "model")[0].devices == []
    assert len(predict_folds(split, features, tmp_path / "model", FULL))


def test_a_model_of_a_network_that_is_no_longer_there_is_named(tmp_path, data):
    features, split = data
    fit_folds(split, features, SETTINGS, tmp_path / "model")
    file = tmp_path / "model" / "model.json"
    file.write_text(file.read_text().replace("emofusion.networks.mlp:Mlp", "emofusion.networks.mlp:Gone"))
    with pytest.raises(EmofusionError, match=r"cannot read .*model\.json: .*Gone.* Delete its folder"):
        predict_folds(split, features, tmp_path / "model", FULL)


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_threads_are_those_of_the_setting(tmp_path, data, threads):
    features, split = data
    fit_folds(split, features, with_training(threads=2, epochs=1), tmp_path / "model")
    assert torch.get_num_threads() == 2
    predict_folds(split, features, tmp_path / "model", PredictionsSettings(threads=3, precision="full"))
    assert torch.get_num_threads() == 3
