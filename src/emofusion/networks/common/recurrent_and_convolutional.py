"""The two speech networks of the paper's section 4.2, and a deeper one, on acoustic features `(channels, frames)`."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from emofusion.errors import EmofusionError

_TINY = 1e-5  # added to a variance, whose root has no slope at 0


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


class DeepCNN1D(nn.Module):
    """A deeper 1D-CNN, regularised for few clips: blocks of convolution over time, batch normalisation, ReLU, max
    pooling and dropout, then `pooling` over the time that is left, and one linear layer.

    `filters`, `strides` and `pools` say how many filters each block has, by how many frames its kernel (of odd width)
    moves on, and how many frames it pools into one (1: none). `pooling` is `average`, `average_max`,
    `average_deviation` or `attention` (`AttentiveStatistics`). `block_dropout` drops whole filters of a clip between
    blocks, `dropout` single values before the linear layer.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        filters: Sequence[int] = (64, 64, 96),
        kernel: int = 5,
        strides: Sequence[int] = (2, 1, 1),
        pools: Sequence[int] = (1, 2, 1),
        pooling: str = "average_deviation",
        block_dropout: float = 0.1,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        channels, frames = _channels_and_frames(shape)
        if not len(filters) == len(strides) == len(pools):
            raise EmofusionError(
                f"`filters`, `strides` and `pools` need a number for each block: {filters}, {strides}, {pools}."
            )
        layers: list[nn.Module] = []
        for (before, after), stride, pool in zip(pairwise([channels, *filters]), strides, pools, strict=True):
            convolution = nn.Conv1d(before, after, kernel, stride, padding=kernel // 2, bias=False)
            layers += [convolution, nn.BatchNorm1d(after), nn.ReLU()]
            layers += [nn.MaxPool1d(pool)] if pool > 1 else []
            layers += [nn.Dropout1d(block_dropout)]
            frames = -(-frames // stride) // pool
        if kernel % 2 == 0:
            raise EmofusionError(f"the setting `kernel` is {kernel}: it has to be odd.")
        if frames < 2:
            raise EmofusionError(f"{shape[1]} frames are too few: lower `strides` {strides} or `pools` {pools}.")
        self.convolutions = nn.Sequential(*layers)
        known = ("average", "average_max", "average_deviation", "attention")
        self.pooling, width = _pooling(pooling, known, filters[-1], frames)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(width, classes))

    def forward(self, features: Tensor) -> Tensor:
        """Logits `(batch, classes)` of features `(batch, channels, frames)`."""
        return self.head(self.pooling(self.convolutions(features)))


class AttentiveStatistics(nn.Module):
    """Mean and deviation of each filter over time, frames weighted by attention (Okabe et al. 2018, section 3)."""

    def __init__(self, filters: int, hidden: int = 32) -> None:
        super().__init__()
        self.score = nn.Sequential(nn.Conv1d(filters, hidden, 1), nn.Tanh(), nn.Conv1d(hidden, 1, 1))

    def forward(self, values: Tensor) -> Tensor:
        """`(batch, 2 * filters)` of `(batch, filters, frames)`."""
        weights = self.score(values).softmax(dim=-1)
        mean = (weights * values).sum(dim=-1, keepdim=True)
        variance = (weights * (values - mean) ** 2).sum(dim=-1)
        return torch.cat([mean.squeeze(-1), (variance + _TINY).sqrt()], dim=1)


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
    if name == "attention":
        return AttentiveStatistics(filters), 2 * filters
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


def _average_deviation(values: Tensor) -> Tensor:
    return torch.cat([values.mean(dim=-1), (values.var(dim=-1, correction=0) + _TINY).sqrt()], dim=1)


# What is left of (batch, filters, frames), and how wide that is.
_POOLINGS = {
    "flatten": (_flatten, lambda filters, frames: filters * frames),
    "last": (_last, lambda filters, frames: filters),
    "average": (_average, lambda filters, frames: filters),
    "average_max": (_average_max, lambda filters, frames: 2 * filters),
    "average_deviation": (_average_deviation, lambda filters, frames: 2 * filters),
}
