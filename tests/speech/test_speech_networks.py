import pytest
import torch

from emofusion.messages import EmofusionError
from emofusion.networks import build

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
