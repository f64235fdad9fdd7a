"""Networks behind a scaler of their features. Nothing here imports Lightning, which takes seconds and only trains."""

from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from emofusion.settings.kinds import Network
from emofusion.training.data import RowSource
from emofusion.training.standardise import channel_statistics


class Standardise(nn.Module):
    """Standardises each channel: (x - mean) / standard deviation. Channels are the first axis of a row.

    Before `fit` it changes nothing but values beyond the limit.

    Args:
        shape: the shape of one row.
        limit: standardised values beyond it are set to it; None: they stay. A single value that is far off, such as a
            statistic of a few odd frames, would otherwise decide the loss of its batch.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, shape: tuple[int, ...], limit: float | None = None) -> None:
        super().__init__()
        self.limit = limit
        size = (shape[0], *[1] * (len(shape) - 1))
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("deviation", torch.ones(size))

    def fit(self, features: RowSource, row_numbers: NDArray[Any], chunk: int = 256) -> None:
        """Compute mean and standard deviation of each channel over some rows, and keep them.

        Args:
            features: the features to read.
            row_numbers: (rows,), the numbers of the rows.
            chunk: how many rows are read at a time.
        """
        mean, deviation = channel_statistics(features, row_numbers, chunk)
        self.mean.copy_(torch.from_numpy(mean).view_as(self.mean))
        self.deviation.copy_(torch.from_numpy(deviation).view_as(self.deviation))

    def forward(self, features: Tensor) -> Tensor:
        standardised = (features - self.mean) / self.deviation
        return standardised if self.limit is None else standardised.clamp(-self.limit, self.limit)


class ScaledNetwork(nn.Sequential):
    """A network behind a scaler of its features; it maps `(batch, *shape)` to logits `(batch, classes)`."""

    def __init__(self, scaler: nn.Module, network: nn.Module) -> None:
        super().__init__(scaler, network)

    @property
    def scaler(self) -> nn.Module:
        return self[0]

    @property
    def network(self) -> nn.Module:
        return self[1]


def build_model(
    network: Network,
    shape: tuple[int, ...],
    classes: int,
    standardised: bool,
    weights: Path | None = None,
    limit: float | None = None,
) -> ScaledNetwork:
    """A network behind a scaler.

    Args:
        network: the settings of the network.
        shape: the shape of one row of features.
        classes: the number of classes.
        standardised: whether the scaler standardises the features; otherwise it does nothing.
        weights: the file with the initial weights, or None; see `Network.build`.
        limit: of the standardised values; see `Standardise`.
    """
    scaler = Standardise(shape, limit) if standardised else nn.Identity()
    return ScaledNetwork(scaler, network.build(shape, classes, weights))
