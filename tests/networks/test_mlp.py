import pytest
import torch

from emofusion.networks.mlp import Mlp


def test_mlp_computes_what_its_layers_say():
    network = Mlp(hidden=[7, 5], dropout=0.5).build((35,), 8).eval()
    features = torch.randn(4, 35)
    (w1, b1), (w2, b2), (w3, b3) = (
        (layer.weight, layer.bias) for layer in network.modules() if isinstance(layer, torch.nn.Linear)
    )
    expected = ((features @ w1.T + b1).relu() @ w2.T + b2).relu() @ w3.T + b3
    assert expected.shape == (4, 8)
    torch.testing.assert_close(network(features), expected)


def test_mlp_drops_values_of_the_row_while_training():
    network = Mlp(hidden=[], input_dropout=0.25).build((4000,), 2)
    kept = network.layers[:2](torch.ones(1, 4000))
    assert kept.unique().tolist() == pytest.approx([0, 4 / 3])
    assert (kept == 0).float().mean().item() == pytest.approx(0.25, abs=0.03)


def test_mlp_takes_rows_of_any_shape():
    assert Mlp(hidden=[]).build((4, 6), 3)(torch.zeros(2, 4, 6)).shape == (2, 3)
