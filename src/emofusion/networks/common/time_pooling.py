"""Pooling over time: from the values of filters over frames to a row of a fixed width."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from emofusion.errors import EmofusionError

_TINY = 1e-5  # added to a variance, because the square root has no finite slope at 0


def channels_and_frames(shape: tuple[int, ...]) -> tuple[int, int]:
    """The two sizes of a row of features over time; raises `EmofusionError` for a row of another shape."""
    if len(shape) != 2:
        raise EmofusionError(f"this network needs features of shape (channels, frames), not {shape}.")
    return shape[0], shape[1]


def time_pooling(name: str, filters: int, frames: int) -> tuple[Callable[[Tensor], Tensor], int]:
    """A pooling by its name, and the width of its output.

    The pooling maps `(batch, filters, frames)` to `(batch, width)`:

    * `flatten`: all values;
    * `last`: those of the last frame;
    * `average`: each filter's mean;
    * `average_max`: each filter's mean and maximum;
    * `average_deviation`: each filter's mean and standard deviation;
    * `attention`: as `average_deviation`, frames weighted by attention (`AttentiveStatistics`).
    """
    if name == "attention":
        return AttentiveStatistics(filters), 2 * filters
    width = {"flatten": filters * frames, "average_max": 2 * filters, "average_deviation": 2 * filters}
    return _POOLINGS[name], width.get(name, filters)


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


_POOLINGS: dict[str, Callable[[Tensor], Tensor]] = {
    "flatten": _flatten,
    "last": _last,
    "average": _average,
    "average_max": _average_max,
    "average_deviation": _average_deviation,
}
