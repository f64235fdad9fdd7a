from dataclasses import replace

import numpy as np
import pytest
import torch

from emofusion.errors import EmofusionError
from emofusion.networks.cnn1d import Cnn1d
from emofusion.networks.cnn1d_deep import Cnn1dDeep
from emofusion.networks.common.time_pooling import time_pooling
from emofusion.networks.lstm import Lstm
from emofusion.settings.fields import check

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
        Cnn1d(),
        Cnn1d(pooling="flatten"),
        Cnn1d(pooling="average"),
        Cnn1d(pooling="average_max", kernels=[3, 3, 3], pool=2),
        Lstm(),
        Lstm(layers=2, pooling="last"),
        Lstm(pooling="average"),
    ],
)
def test_learns_which_channel_is_loud(settings):
    torch.manual_seed(0)
    network = replace(settings, dropout=0.1, hidden=16).build(SHAPE, 3)
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
    network = Cnn1d(filters=32, kernels=[5, 7]).build((179, 188), 8)
    first, second = (layer for layer in network.modules() if isinstance(layer, torch.nn.Conv1d))
    assert (first.in_channels, first.out_channels, first.kernel_size) == (179, 32, (5,))
    assert (second.in_channels, second.out_channels, second.kernel_size) == (32, 32, (7,))
    assert [layer.p for layer in network.modules() if isinstance(layer, torch.nn.Dropout)] == [0.5]
    assert sum(layer.numel() for layer in first.parameters()) == 32 * 179 * 5 + 32


@pytest.mark.parametrize("kind", [Cnn1d, Lstm])
def test_the_callers_seed_decides_the_weights(kind):
    states = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        states.append(torch.cat([value.flatten() for value in kind().build(SHAPE, 8).state_dict().values()]))
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])


@pytest.mark.parametrize(
    ("settings", "shape", "message"),
    [
        (Cnn1d(), (35,), r"\(channels, frames\), not \(35,\)"),
        (Lstm(), (3, 32, 32), r"\(channels, frames\)"),
        (Cnn1d(pool=9), SHAPE, "64 frames are too few"),
    ],
)
def test_a_shape_that_does_not_fit_is_refused(settings, shape, message):
    with pytest.raises(EmofusionError, match=message):
        settings.build(shape, 8)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (Cnn1d(pooling="last"), "network.pooling=last: flatten or average or average_max"),
        (Lstm(pooling="flatten"), "network.pooling=flatten: last or average"),
    ],
)
def test_a_pooling_that_the_network_does_not_have_is_refused(settings, message):
    with pytest.raises(EmofusionError, match=message):
        check(settings, "speech.network")


@pytest.mark.parametrize("pooling", ["average", "average_max", "average_deviation", "attention"])
def test_the_deep_cnn1d_learns_which_channel_is_loud(pooling):
    torch.manual_seed(0)
    settings = Cnn1dDeep(filters=[16, 24], strides=[1, 2], pools=[2, 1], dropout=0.1, pooling=pooling)
    network = settings.build(SHAPE, 3)
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
    settings = Cnn1dDeep(filters=[8, 12, 16], kernel=3, strides=[2, 1, 1], pools=[1, 4, 2])
    network = settings.build((10, 65), 5)
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
    pool, width = time_pooling("average_deviation", 4, 9)
    assert width == 8
    np.testing.assert_allclose(pool(values), np.hstack([mean, deviation]), atol=1e-4)
    attentive, width = time_pooling("attention", 4, 9)
    assert width == 8
    score = attentive.score(values).detach().numpy()[:, 0]
    weights = np.exp(score) / np.exp(score).sum(-1, keepdims=True)
    mean = np.einsum("bt,bft->bf", weights, values.numpy())
    deviation = np.sqrt(np.einsum("bt,bft->bf", weights, (values.numpy() - mean[..., None]) ** 2))
    np.testing.assert_allclose(attentive(values).detach(), np.hstack([mean, deviation]), atol=1e-4)
    torch.nn.init.zeros_(attentive.score[2].weight)  # equal weights
    np.testing.assert_allclose(attentive(values).detach(), pool(values), atol=1e-4)


def test_blocks_and_pools_that_do_not_fit_are_refused():
    with pytest.raises(EmofusionError, match=r"network\.pools=\[2\]: a number for each block, and .*filters has 2"):
        check(Cnn1dDeep(filters=[8, 8], strides=[1, 1], pools=[2]), "speech.network")
    with pytest.raises(EmofusionError, match=r"network\.kernel=4: an odd number, such as 3 or 5"):
        check(Cnn1dDeep(kernel=4), "speech.network")
    with pytest.raises(EmofusionError, match="too few"):
        Cnn1dDeep(filters=[8, 8], strides=[1, 1], pools=[8, 8]).build(SHAPE, 3)
