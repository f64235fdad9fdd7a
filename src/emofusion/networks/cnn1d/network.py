"""The layers of the paper's 1D-CNN."""

from itertools import pairwise

from torch import Tensor, nn

from emofusion.errors import EmofusionError
from emofusion.networks.cnn1d import Cnn1d
from emofusion.networks.common.time_pooling import channels_and_frames, time_pooling


class Cnn1dNetwork(nn.Module):
    """Convolutions over time, pooling, and a dense layer; see `Cnn1d` for the settings.

    Raises `EmofusionError` for a shape that is not `(channels, frames)`, or has too few frames for the max pooling.
    """

    def __init__(self, settings: Cnn1d, shape: tuple[int, ...], classes: int) -> None:
        super().__init__()
        channels, frames = channels_and_frames(shape)
        filters, kernels, pool = settings.filters, settings.kernels, settings.pool
        layers: list[nn.Module] = []
        for (before, after), kernel in zip(pairwise([channels, *[filters] * len(kernels)]), kernels, strict=True):
            convolution = nn.Conv1d(before, after, kernel, padding="same")
            layers += [convolution, nn.ReLU(), nn.MaxPool1d(pool)]
            frames //= pool
        if frames < 1:
            raise EmofusionError(f"{shape[1]} frames are too few for {len(kernels)} poolings by {pool}: lower `pool`.")
        self.convolutions = nn.Sequential(*layers)
        self.pooling, width = time_pooling(settings.pooling, filters, frames)
        self.head = nn.Sequential(
            nn.Linear(width, settings.hidden),
            nn.ReLU(),
            nn.Dropout(settings.dropout),
            nn.Linear(settings.hidden, classes),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Logits `(batch, classes)` of features `(batch, channels, frames)`."""
        logits: Tensor = self.head(self.pooling(self.convolutions(features)))
        return logits
