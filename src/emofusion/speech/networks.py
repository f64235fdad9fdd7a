"""The two speech networks of the paper's section 4.2, on acoustic features of shape `(channels, frames)`."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from emofusion.messages import EmofusionError


class CNN1D(nn.Module):
    """The paper's 1D-CNN: convolutions over time, each followed by ReLU and max pooling, then a dense layer.

    `pool` is the width of the max pooling. `pooling` says what the dense layer of `hidden` units sees of the time that
    is left: each filter's mean (`average`), its mean and maximum (`average_max`), neither of which depends on when
    something was said, or all of it (`flatten`). The paper says neither this nor where its dropout is: here it is on
    the dense layer alone, and the default pooling is the one that recognised validation actors of RAVDESS best.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        filters: int = 32,
        kernels: Sequence[int] = (5, 7),
        pool: int = 4,
        pooling: str = "average_max",
        hidden: int = 64,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        channels, frames = _channels_and_frames(shape)
        layers: list[nn.Module] = []
        for (before, after), kernel in zip(pairwise([channels, *[filters] * len(kernels)]), kernels, strict=True):
            convolution = nn.Conv1d(before, after, kernel, padding="same")
            layers += [convolution, nn.ReLU(), nn.MaxPool1d(pool)]
            frames //= pool
        if frames < 1:
            raise EmofusionError(f"{shape[1]} frames are too few for {len(kernels)} poolings by {pool}: lower `pool`.")
        self.convolutions = nn.Sequential(*layers)
        self.pooling, width = _pooling(pooling, ("flatten", "average", "average_max"), filters, frames)
        self.head = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, classes))

    def forward(self, features: Tensor) -> Tensor:
        """Logits `(batch, classes)` of features `(batch, channels, frames)`."""
        return self.head(self.pooling(self.convolutions(features)))


class LSTM(nn.Module):
    """The paper's LSTM: one or more layers over the frames, `pooling` over their outputs, dropout and a dense layer.

    `pooling` is `last` (the state after the last frame), `average` or `average_max` over the frames.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        hidden: int = 64,
        layers: int = 1,
        pooling: str = "last",
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        channels, frames = _channels_and_frames(shape)
        self.lstm = nn.LSTM(channels, hidden, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0)
        self.pooling, width = _pooling(pooling, ("last", "average", "average_max"), hidden, frames)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(width, classes))

    def forward(self, features: Tensor) -> Tensor:
        """Logits `(batch, classes)` of features `(batch, channels, frames)`."""
        states, _ = self.lstm(features.transpose(1, 2))
        return self.head(self.pooling(states.transpose(1, 2)))


def _channels_and_frames(shape: tuple[int, ...]) -> tuple[int, int]:
    if len(shape) != 2:
        raise EmofusionError(f"a speech network needs features of shape (channels, frames), not {shape}.")
    return shape[0], shape[1]


def _pooling(name: str, known: Sequence[str], filters: int, frames: int) -> tuple[Callable[[Tensor], Tensor], int]:
    if name not in known:
        raise EmofusionError(f"the setting `pooling` is {name}; choose out of {', '.join(known)}.")
    pool, width = _POOLINGS[name]
    return pool, width(filters, frames)


def _flatten(values: Tensor) -> Tensor:
    return values.flatten(1)


def _last(values: Tensor) -> Tensor:
    return values[..., -1]


def _average(values: Tensor) -> Tensor:
    return values.mean(dim=-1)


def _average_max(values: Tensor) -> Tensor:
    return torch.cat([values.mean(dim=-1), values.amax(dim=-1)], dim=1)


# What is left of (batch, filters, frames), and how wide that is.
_POOLINGS = {
    "flatten": (_flatten, lambda filters, frames: filters * frames),
    "last": (_last, lambda filters, frames: filters),
    "average": (_average, lambda filters, frames: filters),
    "average_max": (_average_max, lambda filters, frames: 2 * filters),
}
