import numpy as np
import pytest
import torch

from emofusion.errors import EmofusionError
from emofusion.networks.common.build import build
from emofusion.networks.common.recurrent_and_convolutional import _pooling

SHAPE = (6, 64)


@pytest.fixture(autouse=True)
def one_thread():
    """Threads that wait for each other cost far more than such small networks do."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize(
    "settings",
    [
        {"kind": "cnn1d"},
        {"kind": "cnn1d", "pooling": "flatten"},
        {"kind": "cnn1d", "pooling": "average"},
        {"kind": "cnn1d", "pooling": "average_max", "kernels": [3, 3, 3], "pool": 2},
        {"kind": "lstm"},
        {"kind": "lstm", "layers": 2, "pooling": "last"},
        {"kind": "lstm", "pooling": "average"},
    ],
)
def test_learns_which_channel_is_loud(settings):
    torch.manual_seed(0)
    network = build({**settings, "dropout": 0.1, "hidden": 16}, SHAPE, 3)
    emotion = torch.arange(48) % 3
    features = 0.2 * torch.randn(48, *SHAPE)
    features[torch.arange(48), emotion] += 1.0
    optimiser = torch.optim.Adam(network.parameters(), 1e-2)
    for _ in range(40):
        loss = torch.nn.functional.cross_entropy(network(features), emotion)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    logits = network.eval()(features)
    assert logits.shape == (48, 3)
    assert (logits.argmax(1) == emotion).float().mean() > 0.95


def test_cnn1d_is_the_papers():
    network = build({"kind": "cnn1d", "filters": 32, "kernels": [5, 7]}, (179, 188), 8)
    first, second = (layer for layer in network.modules() if isinstance(layer, torch.nn.Conv1d))
    assert (first.in_channels, first.out_channels, first.kernel_size) == (179, 32, (5,))
    assert (second.in_channels, second.out_channels, second.kernel_size) == (32, 32, (7,))
    assert [layer.p for layer in network.modules() if isinstance(layer, torch.nn.Dropout)] == [0.5]
    assert sum(layer.numel() for layer in first.parameters()) == 32 * 179 * 5 + 32


@pytest.mark.parametrize("kind", ["cnn1d", "lstm"])
def test_the_callers_seed_decides_the_weights(kind):
    states = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        states.append(torch.cat([value.flatten() for value in build({"kind": kind}, SHAPE, 8).state_dict().values()]))
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])


@pytest.mark.parametrize(
    ("settings", "shape", "message"),
    [
        ({"kind": "cnn1d"}, (35,), r"\(channels, frames\), not \(35,\)"),
        ({"kind": "lstm"}, (3, 32, 32), r"\(channels, frames\)"),
        ({"kind": "cnn1d", "pool": 9}, SHAPE, "64 frames are too few"),
        ({"kind": "cnn1d", "pooling": "last"}, SHAPE, "choose out of flatten"),
        ({"kind": "lstm", "pooling": "flatten"}, SHAPE, "choose out of last"),
    ],
)
def test_what_does_not_fit_is_said(settings, shape, message):
    with pytest.raises(EmofusionError, match=message):
        build(settings, shape, 8)


@pytest.mark.parametrize("pooling", ["average", "average_max", "average_deviation", "attention"])
def test_the_deep_cnn1d_learns_which_channel_is_loud(pooling):
    torch.manual_seed(0)
    settings = {
        "kind": "cnn1d_deep",
        "filters": [16, 24],
        "strides": [1, 2],
        "pools": [2, 1],
        "dropout": 0.1,
        "pooling": pooling,
    }
    network = build(settings, SHAPE, 3)
    emotion = torch.arange(48) % 3
    features = 0.2 * torch.randn(48, *SHAPE)
    features[torch.arange(48), emotion] += 1.0
    optimiser = torch.optim.Adam(network.parameters(), 1e-2)
    for _ in range(40):
        loss = torch.nn.functional.cross_entropy(network(features), emotion)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert (network.eval()(features).argmax(1) == emotion).float().mean() > 0.95


def test_the_deep_cnn1d_has_the_blocks_of_its_settings():
    sizes = {"filters": [8, 12, 16], "kernel": 3, "strides": [2, 1, 1], "pools": [1, 4, 2]}
    network = build({"kind": "cnn1d_deep", **sizes}, (10, 65), 5)
    convolutions = [layer for layer in network.modules() if isinstance(layer, torch.nn.Conv1d)]
    assert [(layer.in_channels, layer.out_channels, layer.kernel_size) for layer in convolutions] == [
        (10, 8, (3,)),
        (8, 12, (3,)),
        (12, 16, (3,)),
    ]
    assert [layer.num_features for layer in network.modules() if isinstance(layer, torch.nn.BatchNorm1d)] == [8, 12, 16]
    assert [layer.kernel_size for layer in network.modules() if isinstance(layer, torch.nn.MaxPool1d)] == [4, 2]
    assert [layer.stride for layer in convolutions] == [(2,), (1,), (1,)]
    assert network.convolutions(torch.zeros(2, 10, 65)).shape == (2, 16, 4)
    assert network.head[1].in_features == 32


def test_poolings_are_the_statistics_they_are_named_after():
    values = torch.randn(3, 4, 9)
    mean, deviation = values.numpy().mean(-1), values.numpy().std(-1)
    pool, width = _pooling("average_deviation", ["average_deviation"], 4, 9)
    assert width == 8
    np.testing.assert_allclose(pool(values), np.hstack([mean, deviation]), atol=1e-4)
    attentive, width = _pooling("attention", ["attention"], 4, 9)
    assert width == 8
    score = attentive.score(values).detach().numpy()[:, 0]
    weights = np.exp(score) / np.exp(score).sum(-1, keepdims=True)
    mean = np.einsum("bt,bft->bf", weights, values.numpy())
    deviation = np.sqrt(np.einsum("bt,bft->bf", weights, (values.numpy() - mean[..., None]) ** 2))
    np.testing.assert_allclose(attentive(values).detach(), np.hstack([mean, deviation]), atol=1e-4)
    torch.nn.init.zeros_(attentive.score[2].weight)  # equal weights
    np.testing.assert_allclose(attentive(values).detach(), pool(values), atol=1e-4)


def test_blocks_and_pools_that_do_not_fit_are_said():
    with pytest.raises(EmofusionError, match="a number for each block"):
        build({"kind": "cnn1d_deep", "filters": [8, 8], "strides": [1, 1], "pools": [2]}, SHAPE, 3)
    with pytest.raises(EmofusionError, match="too few"):
        build({"kind": "cnn1d_deep", "filters": [8, 8], "strides": [1, 1], "pools": [8, 8]}, SHAPE, 3)
    with pytest.raises(EmofusionError, match="odd"):
        build({"kind": "cnn1d_deep", "kernel": 4}, SHAPE, 3)
