"""The pooling between the convolutions of a backbone and its head."""

import torch
from torch import Tensor, nn


class GridAverage(nn.Module):
    """The means over a grid of areas, as those of `nn.AdaptiveAvgPool2d`.

    On a GPU, the gradients of that one change from run to run, because they are added up in a changing order. Here, two
    products of matrices take the means, one over rows and one over columns.

    grid: the number of areas in each row and in each column.
    """

    def __init__(self, grid: int) -> None:
        super().__init__()
        self.grid = grid

    def forward(self, values: Tensor) -> Tensor:
        """`(batch, channels, height, width)` → `(batch, channels, grid, grid)`."""
        height, width = values.shape[2:]
        if (height, width) == (self.grid, self.grid):
            return values
        rows, columns = (_means(self.grid, length).to(values) for length in (height, width))
        return rows @ values @ columns.T


def _means(parts: int, length: int) -> Tensor:
    """The matrix `(parts, length)` that averages: its product with values has the mean of each part of them.

    Part i has the values from i · length / parts, rounded down, to (i + 1) · length / parts, rounded up. Where the
    number of parts does not divide the length, neighbours share a value.
    """
    part, position = torch.arange(parts)[:, None], torch.arange(length)[None]
    start, stop = part * length // parts, -(-(part + 1) * length // parts)
    inside = ((position >= start) & (position < stop)).float()
    return inside / inside.sum(dim=1, keepdim=True)
