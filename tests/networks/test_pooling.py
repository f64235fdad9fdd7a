"""The means over a grid of areas, against torch's own adaptive pooling."""

import pytest
import torch
from torch import nn

from emofusion.networks.backbone.pooling import GridAverage


@pytest.mark.parametrize(
    ("grid", "size"), [(1, (5, 7)), (3, (3, 3)), (3, (6, 9)), (7, (10, 13)), (4, (7, 4)), (2, (3, 2))]
)
def test_means_and_gradients_are_those_of_adaptive_pooling(grid, size):
    torch.manual_seed(0)
    values = torch.randn(2, 5, *size, dtype=torch.float64, requires_grad=True)
    means, expected = GridAverage(grid)(values), nn.AdaptiveAvgPool2d(grid)(values)
    torch.testing.assert_close(means, expected)
    weights = torch.randn_like(means)
    gradients = [torch.autograd.grad((pooled * weights).sum(), values)[0] for pooled in (means, expected)]
    torch.testing.assert_close(*gradients)
