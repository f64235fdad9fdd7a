"""The layers of the deeper 1D-CNN."""

from itertools import pairwise

from torch import Tensor, nn

from emofusion.errors import EmofusionError
from emofusion.networks.cnn1d_deep import Cnn1dDeep
from emofusion.networks.common.time_pooling import channels_and_frames, time_pooling


class Cnn1dDeepNetwork(nn.Module):
    """Blocks of convolutions over time, pooling, and one linear layer; see `Cnn1dDeep` for the settings.

    Raises `EmofusionError` for a shape that is not `(channels, frames)`, or where fewer than two frames would remain.
    """

    def __init__(self, settings: Cnn1dDeep, shape: tuple[int, ...], classes: int) -> None:
        super().__init__()
        channels, frames = channels_and_frames(shape)
        filters, kernel, strides, pools = settings.filters, settings.kernel, settings.strides, settings.pools
        layers: list[nn.Module] = []
        for (before, after), stride, pool in zip(pairwise([channels, *filters]), strides, pools, strict=True):
            convolution = nn.Conv1d(before, after, kernel, stride, padding=kernel // 2, bias=False)
            layers += [convolution, nn.BatchNorm1d(after), nn.ReLU()]
            layers += [nn.MaxPool1d(pool)] if pool > 1 else []
            layers += [nn.Dropout1d(settings.block_dropout)]
            frames = -(-frames // stride) // pool
        if frames < 2:
            raise EmofusionError(f"{shape[1]} frames are too few: lower `strides` {strides} or `pools` {pools}.")
        self.convolutions = nn.Sequential(*layers)
        self.pooling, width = time_pooling(settings.pooling, filters[-1], frames)
        self.head = nn.Sequential(nn.Dropout(settings.dropout), nn.Linear(width, classes))

    def forward(self, features: Tensor) -> Tensor:
        """Logits `(batch, classes)` of features `(batch, channels, frames)`."""
        logits: Tensor = self.head(self.pooling(self.convolutions(features)))
        return logits
