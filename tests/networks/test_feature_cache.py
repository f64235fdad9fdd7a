"""Stored output of frozen blocks, against the network that it comes from and against training the whole network."""

from contextlib import suppress
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from emofusion.errors import EmofusionError
from emofusion.features.common.feature_set import FeatureSet, write_rows
from emofusion.features.common.unfinished import keep_unfinished
from emofusion.networks.backbone import Backbone, FrozenBlocks, feature_cache
from emofusion.networks.backbone.feature_cache import altered, store
from emofusion.networks.backbone.network import BackboneNetwork
from emofusion.networks.backbone.settings import TrainedBackbone
from emofusion.networks.backbone.weights import prepare
from emofusion.plan.settings import ModelSettings, PredictionsSettings
from emofusion.settings.training import Training, Unfreeze
from emofusion.tables import HISTORY, PREDICTIONS, check, read_table
from emofusion.training import callbacks
from emofusion.training.data import EpochBatches, labelled_rows
from emofusion.training.fit import fit_folds
from emofusion.training.predict import predict_folds

SIZE, COUNT = 40, 24
STORED = FrozenBlocks("vgg16", "imagenet", "average", 3, precision="full", views=1, shift=0.1, scale=0.1, threads=1)


@pytest.fixture(scope="module")
def pixels(tmp_path_factory):
    """Bright and dark pictures of six people, and their split."""
    folder = tmp_path_factory.mktemp("pixels")
    random = np.random.default_rng(0)
    bright = np.arange(COUNT) % 2
    values = random.integers(0, 200, (COUNT, 3, SIZE, SIZE)) + 40 * bright[:, None, None, None]
    np.save(folder / "features.npy", values.astype(np.uint8))
    clips = [f"clip{number}" for number in range(COUNT)]
    write_rows(pd.DataFrame({"clip": clips, "row": range(COUNT), "frame": 0, "view": 0}), folder)
    actor = np.arange(COUNT) // 4
    split = pd.DataFrame({"clip": clips, "corpus": "made", "actor": [f"made-{n}" for n in actor], "gender": "female"})
    split["emotion"] = np.where(bright == 1, "happy", "sad")
    split["split"] = np.select([actor < 4, actor == 4], ["train", "validation"], "test")
    return FeatureSet.open([folder]), split.assign(fold=0)


@pytest.fixture(scope="module", params=["vgg16", "mobilenet_v2"])
def weights(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "weights.safetensors"
    prepare(request.param, "none", path, "", seed=3)
    return request.param, path


def stored(pixels, weights, out, **settings):
    replace(STORED, architecture=weights[0], **settings).store(pixels, weights[1], out)
    return FeatureSet.open([out])


@pytest.mark.parametrize("frozen", [3, 5])
@pytest.mark.parametrize(("precision", "tolerance"), [("full", 1e-6), ("half", 1e-3)])
def test_what_is_stored_is_what_the_block_puts_out(tmp_path, pixels, weights, frozen, precision, tolerance):
    features = stored(pixels[0], weights, tmp_path, frozen=frozen, precision=precision)
    layers = Backbone(architecture=weights[0]).build((3, SIZE, SIZE), 1, weights[1]).eval().features
    stops = {"vgg16": {3: 17, 5: 31}, "mobilenet_v2": {3: 7, 5: 19}}[weights[0]]
    x = torch.from_numpy(pixels[0].take(range(COUNT))) / 255
    x = (x - torch.tensor([0.485, 0.456, 0.406])[:, None, None]) / torch.tensor([0.229, 0.224, 0.225])[:, None, None]
    with torch.no_grad():
        expected = nn.Sequential(*list(layers)[: stops[frozen]])(x)
        expected = expected.mean(dim=(2, 3)) if frozen == 5 else expected
    assert features.dtype == {"full": np.float32, "half": np.float16}[precision]
    computed = torch.from_numpy(features.take(range(COUNT))).float()
    if torch.cuda.is_available():  # what is expected was computed on the CPU
        tolerance = max(tolerance, 1e-5)
    torch.testing.assert_close(computed, expected, rtol=tolerance, atol=tolerance * float(expected.abs().max()))
    assert features.rows["clip"].tolist() == pixels[0].rows["clip"].tolist()


def test_altered_views_are_stored_beside_the_recorded_one(tmp_path, pixels, weights):
    features = stored(pixels[0], weights, tmp_path, frozen=2, views=3)
    assert len(features) == 3 * COUNT and features.rows["view"].value_counts().to_dict() == dict.fromkeys(
        range(3), COUNT
    )
    network = Backbone(architecture=weights[0]).build((3, SIZE, SIZE), 1, weights[1]).eval()
    for view in (1, 2):
        row = features.rows.query("clip == 'clip5' and view == @view")["row"].item()
        picture = altered(torch.from_numpy(pixels[0].take([5])[0]), 0.1, 0.1, np.random.default_rng([5, view]))
        with torch.no_grad():
            expected = network.activations(picture[None], 2)[0]
        # batch mates change the last digits
        torch.testing.assert_close(torch.from_numpy(features.take([row])[0]), expected, atol=1e-4, rtol=1e-4)


def test_a_view_is_flipped_moved_and_scaled_within_its_bounds():
    picture = torch.zeros(3, 101, 101, dtype=torch.uint8)
    picture[:, 40:61, 70:81] = 255  # right of the middle
    centres, sizes = [], []
    for number in range(60):
        rows, columns = torch.nonzero(
            altered(picture, 0.05, 0.1, np.random.default_rng(number))[0] > 127, as_tuple=True
        )
        centres.append((rows.float().mean().item() - 50, columns.float().mean().item() - 50))
        sizes.append(len(rows) ** 0.5 / (21 * 11) ** 0.5)
    down, across = np.abs(np.array(centres)).T
    assert 0.3 < np.mean([column < 0 for _, column in centres]) < 0.7
    assert down.max() < 6 and down.max() > 3
    assert across.min() > 25 * 0.9 - 6 and across.max() < 25 * 1.1 + 6 and np.ptp(across) > 5
    assert min(sizes) > 0.85 and max(sizes) < 1.15 and np.ptp(sizes) > 0.1


def in_the_loop(split, pixels, settings, weights):
    """The whole network trained by hand, frozen blocks and all; mean training loss of each epoch, and the network."""
    training = settings.training
    seed = int(np.random.SeedSequence([settings.seeds[0], 0]).generate_state(1)[0])
    torch.manual_seed(seed)
    network = replace(settings.network, frozen=0).build((3, SIZE, SIZE), 2, weights)
    groups = [
        {"params": network.head.parameters()},
        {"params": network.features.parameters(), "lr": training.learning_rate * training.backbone_rate},
    ]
    optimiser = torch.optim.Adam(groups, lr=training.learning_rate)
    rows = labelled_rows(pixels, split[split["split"] == "train"], ["happy", "sad"])
    sampler, losses = EpochBatches(len(rows), training.batch_size, seed), []
    for epoch in range(training.epochs):
        sampler.set_epoch(epoch)
        torch.manual_seed(int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0]))
        network.train()
        network.unfreeze(training.trainable_blocks(epoch))
        total = 0.0
        for batch, _ in sampler:
            x = torch.from_numpy(pixels.take(rows["row"].to_numpy()[batch]))
            loss = nn.functional.cross_entropy(network(x), torch.tensor(rows["label"].to_numpy()[batch]))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += loss.item() * len(batch)
        losses.append(total / len(rows))
    return losses, network.eval()


def test_training_on_stored_activations_is_training_with_the_prefix_in_the_loop(tmp_path, pixels, weights, cpu):
    training = Training(
        epochs=6,
        learning_rate=1e-3,
        batch_size=6,
        keep="last",
        backbone_rate=0.1,
        unfreeze=[Unfreeze(epoch=2, blocks=1), Unfreeze(epoch=4, blocks=2)],
    )
    backbone = Backbone(architecture=weights[0], hidden=[8])
    settings = ModelSettings(backbone.trained_part(training), training, seeds=[7], standardised=False)
    assert settings.network.frozen == 3
    features, split = stored(pixels[0], weights, tmp_path / "feature_cache", frozen=3), pixels[1]
    fit_folds(split, features, settings, tmp_path / "model", weights=weights[1])
    losses, network = in_the_loop(split, pixels[0], settings, weights[1])

    history = read_table(tmp_path / "model" / "history.parquet", HISTORY)
    np.testing.assert_allclose(history["train_loss"], losses, atol=1e-4)
    state, whole = load_file(tmp_path / "model" / "folds" / "0-7.safetensors"), network.state_dict()
    moved = 0
    start = backbone.build((3, SIZE, SIZE), 2, weights[1]).state_dict()
    for name, value in state.items():
        name = name.removeprefix("1.")
        torch.testing.assert_close(value, whole[name], atol=5e-4, rtol=1e-3)
        moved += name.startswith("features") and not torch.equal(value, start[name])
    assert moved > 2
    predictions = predict_folds(split, features, tmp_path / "model", PredictionsSettings(1, "full"))
    check(predictions, PREDICTIONS, "predictions")
    with torch.no_grad():
        logits = network(torch.from_numpy(pixels[0].take(range(COUNT)))).log_softmax(dim=1).numpy()
    of_clip = dict(zip(pixels[0].rows["clip"], logits, strict=True))
    computed = predictions[["logit_happy", "logit_sad"]].to_numpy()
    np.testing.assert_allclose(computed, [of_clip[clip] for clip in predictions["clip"]], atol=1e-3)


def test_without_a_file_of_weights_a_seed_draws_those_of_frozen_blocks_too(tmp_path, pixels):
    training = Training(epochs=2, learning_rate=1e-3, batch_size=6, keep="last", unfreeze=[Unfreeze(epoch=1, blocks=5)])
    backbone = Backbone(architecture="mobilenet_v2", hidden=[8]).trained_part(training)
    settings = ModelSettings(backbone, training, seeds=[7, 8], standardised=False)
    for name in ("first", "second"):
        fit_folds(pixels[1], pixels[0], settings, tmp_path / name)
    first, second = (
        [load_file(tmp_path / name / f"folds/0-{seed}.safetensors") for seed in (7, 8)] for name in ("first", "second")
    )
    assert all(torch.equal(one[name], other[name]) for one, other in zip(first, second, strict=True) for name in one)
    assert not torch.equal(first[0]["1.features.0.0.weight"], first[1]["1.features.0.0.weight"])


def test_an_interrupted_job_goes_on_where_it_stopped(tmp_path, pixels, monkeypatch):
    computed = []

    class Interrupted(BackboneNetwork):
        stop_at = -1

        def activations(self, inputs, stop):
            if len(computed) == self.stop_at:
                raise KeyboardInterrupt
            computed.append(len(inputs))
            return inputs.float().flatten(1)[:, :7]

    monkeypatch.setattr(feature_cache, "_PIECE", 16)
    settings = TrainedBackbone(architecture="vgg16")
    network = Interrupted(settings, (3, SIZE, SIZE), 1)
    store(network, pixels[0], pixels[0].rows, tmp_path / "whole", 2, views=2, shift=0.1)
    assert computed == [16, 8, 16, 8]
    for token, stop_at, expected in (("a", 3, [16, 8, 16]), ("a", -1, [8]), ("a", 1, [16]), ("b", -1, [16, 8, 16, 8])):
        computed.clear()
        network.stop_at = stop_at
        keep_unfinished(tmp_path / "out", token)
        with suppress(KeyboardInterrupt):
            store(network, pixels[0], pixels[0].rows, tmp_path / "out", 2, views=2, shift=0.1)
        assert computed == expected
        if stop_at < 0:
            for name in ("features.npy", "rows.parquet"):
                assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
            assert len(list((tmp_path / "out").iterdir())) == 2


@pytest.mark.parametrize("weights", ["mobilenet_v2"], indirect=True)
def test_a_training_in_phases_goes_on_where_it_was_interrupted(tmp_path, monkeypatch, pixels, weights):
    training = Training(
        epochs=5, learning_rate=1e-3, batch_size=6, unfreeze=[Unfreeze(epoch=1, blocks=1), Unfreeze(epoch=3, blocks=2)]
    )
    backbone = Backbone(architecture=weights[0], hidden=[8])
    settings = ModelSettings(backbone.trained_part(training), training, seeds=[7], standardised=False)
    features, split = stored(pixels[0], weights, tmp_path / "feature_cache", frozen=3), pixels[1]
    fit_folds(split, features, settings, tmp_path / "whole", weights=weights[1])

    class Cut(Exception):
        pass

    def cut(metrics, epoch):
        if epoch == 3:
            raise Cut

    seen = []
    with monkeypatch.context() as patch, pytest.raises(Cut):
        patch.setattr(callbacks, "CHECKPOINT_SECONDS", 0)
        fit_folds(split, features, settings, tmp_path / "cut", weights=weights[1], on_epoch=cut)
    earlier = []
    fit_folds(
        split,
        features,
        settings,
        tmp_path / "cut",
        weights=weights[1],
        on_epoch=lambda _, epoch: seen.append(epoch),
        on_earlier_epoch=lambda _, epoch: earlier.append(epoch),
    )
    assert (earlier, seen) == ([0, 1, 2], [3, 4])
    whole, resumed = (load_file(tmp_path / name / "folds" / "0-7.safetensors") for name in ("whole", "cut"))
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_half_precision_cuts_what_is_beyond_it(tmp_path, pixels):
    class Loud(BackboneNetwork):
        def activations(self, inputs, stop):
            return inputs.float().flatten(1)[:, :3] * 1e6

    settings = TrainedBackbone(architecture="vgg16")
    store(Loud(settings, (3, SIZE, SIZE), 1), pixels[0], pixels[0].rows, tmp_path, 5)
    values = np.load(tmp_path / "features.npy")
    assert values.dtype == np.float16 and np.isfinite(values).all() and values.max() == 65504


@pytest.mark.parametrize("precision", ["half", "full"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_output_that_is_not_finite_is_never_written_and_the_clip_is_named(tmp_path, pixels, precision, value):
    class Broken(BackboneNetwork):
        def activations(self, inputs, stop):
            values = inputs.float().flatten(1)[:, :3]
            values[inputs.flatten(1).float().mean(dim=1) == means[18], 1] = value
            return values

    means = torch.from_numpy(pixels[0].take(range(COUNT))).flatten(1).float().mean(dim=1)
    assert (means == means[18]).sum() == 1
    network = Broken(TrainedBackbone(architecture="vgg16"), (3, SIZE, SIZE), 1)
    with pytest.raises(EmofusionError, match=r"block 2 for the clip clip18 .* 1 of the 8 pictures .*exclude=\['clip18"):
        store(network, pixels[0], pixels[0].rows, tmp_path, 3, precision)
    assert not (tmp_path / "features.npy").exists()


def test_frozen_blocks_of_a_phase_go_on_where_they_were_interrupted(tmp_path, pixels, monkeypatch):
    """Of a training that unfreezes: the first phase computes what its frozen blocks put out."""
    training = Training(epochs=2, learning_rate=1e-3, batch_size=6, unfreeze=[Unfreeze(epoch=1, blocks=1)])
    backbone = Backbone(architecture="mobilenet_v2", hidden=[8])
    settings = ModelSettings(backbone.trained_part(training), training, seeds=[7], standardised=False)
    weights = tmp_path / "weights.safetensors"
    prepare("mobilenet_v2", "none", weights, "", seed=3)
    features, split = stored(pixels[0], ("mobilenet_v2", weights), tmp_path / "feature_cache", frozen=4), pixels[1]
    fit_folds(split, features, settings, tmp_path / "whole", weights=weights)

    computed, activations, stop_at = [], BackboneNetwork.activations, 1

    def interrupted(network, inputs, stop):
        if len(computed) == stop_at:
            raise KeyboardInterrupt
        computed.append(len(inputs))
        return activations(network, inputs, stop)

    monkeypatch.setattr(feature_cache, "_PIECE", 16)
    monkeypatch.setattr(BackboneNetwork, "activations", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fit_folds(split, features, settings, tmp_path / "cut", weights=weights)
    assert computed == [16]  # of 20 pictures to train and validate with
    computed.clear()
    stop_at = -1
    fit_folds(split, features, settings, tmp_path / "cut", weights=weights)
    assert computed[0] == 4 and max(computed[1:]) == 6  # the rest of the pictures, and then batches of the training
    for name in ("folds/0-7.safetensors", "model.json"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
