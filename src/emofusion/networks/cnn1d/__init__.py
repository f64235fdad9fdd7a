"""The paper's 1D-CNN for speech (Jiang and Sato-Shimokawara, section 4.2), on features `(channels, frames)`."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from emofusion.networks.common.shapes import WIDE, frames_of
from emofusion.settings.fields import must, setting
from emofusion.settings.kinds import Network

if TYPE_CHECKING:
    from torch import nn


@dataclass
class Cnn1d(Network):
    """Convolutions over time, each followed by ReLU and max pooling, then a dense layer.

    The paper says neither what its dense layer sees nor where its dropout is. Here dropout is on the dense layer alone,
    and the default pooling is the one that recognised validation actors of RAVDESS best.
    """

    kind: str = "cnn1d"
    filters: int = setting("Number of filters of each convolution.", 32, least=1, most=4096)
    kernels: list[int] = setting(
        "Width of each convolution's kernel, in frames; one entry for each convolution.",
        [5, 7],
        least=1,
        most=1001,
        shortest=1,
    )
    pool: int = setting("Width of the max pooling after each convolution, in frames.", 4, least=1, most=1000)
    pooling: str = setting(
        "What the dense layer sees of the remaining frames: all values (flatten), or each filter's mean (average), or "
        "mean and maximum (average_max).",
        "average_max",
        choices=["flatten", "average", "average_max"],
    )
    dropout: float = setting("Dropout after the dense layer.", 0.5, least=0, below=1)
    hidden: int = setting("Number of units of the dense layer.", 64, least=1, most=65_536)

    def check_shape(self, shape: tuple[int, ...], name: str) -> None:
        frames = frames_of(shape, self.kind, name)
        must(
            frames >= self.pool ** len(self.kernels),
            f"{name}.network.kernels has {len(self.kernels)} convolutions, and {name}.network.pool={self.pool} after "
            f"each leaves nothing of {frames} frames; lower the pool, or name fewer kernels",
        )

    def profits_from_gpu(self) -> bool:
        return max(self.filters, self.hidden) >= WIDE

    def build(self, shape: tuple[int, ...], classes: int, weights: Path | None = None) -> "nn.Module":
        from emofusion.networks.cnn1d.network import Cnn1dNetwork

        return Cnn1dNetwork(self, shape, classes)
