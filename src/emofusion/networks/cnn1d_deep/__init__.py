"""A deeper 1D-CNN than the paper's, regularised for few clips, on features `(channels, frames)`."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from emofusion.networks.common.shapes import WIDE, frames_of
from emofusion.settings.fields import must, setting
from emofusion.settings.kinds import Network

if TYPE_CHECKING:
    from torch import nn


@dataclass
class Cnn1dDeep(Network):
    """Blocks of convolution, batch normalisation, ReLU, max pooling and dropout; then pooling and a linear layer."""

    kind: str = "cnn1d_deep"
    filters: list[int] = setting("Filters of each block's convolution.", [64, 64, 96], least=1, most=4096, shortest=1)
    kernel: int = setting("Width of every convolution's kernel, in frames; an odd number.", 5, least=1, most=1001)
    strides: list[int] = setting(
        "Frames by which each block's kernel moves on.", [2, 1, 1], least=1, most=1000, shortest=1
    )
    pools: list[int] = setting(
        "Width of each block's max pooling, in frames; 1: none.", [1, 2, 1], least=1, most=1000, shortest=1
    )
    pooling: str = setting(
        "What the linear layer sees of the remaining frames: each filter's mean (average), also its maximum "
        "(average_max) or standard deviation (average_deviation), or both statistics weighted by attention.",
        "average_deviation",
        choices=["average", "average_max", "average_deviation", "attention"],
    )
    block_dropout: float = setting("Dropout of whole filters of a clip after each block.", 0.1, least=0, below=1)
    dropout: float = setting("Dropout of single values before the linear layer.", 0.5, least=0, below=1)

    def check_together(self, name: str) -> None:
        """Each block needs its stride and its pool; a kernel has as many frames on either side of its middle."""
        blocks = len(self.filters)
        for setting_name, values in (("strides", self.strides), ("pools", self.pools)):
            shown = ",".join(map(str, values))
            must(
                len(values) == blocks,
                f"{name}.{setting_name}=[{shown}]: a number for each block, and {name}.filters has {blocks}",
            )
        must(
            self.kernel % 2 == 1,
            f"{name}.kernel={self.kernel}: an odd number, such as {self.kernel - 1} or {self.kernel + 1}",
        )

    def check_shape(self, shape: tuple[int, ...], name: str) -> None:
        frames = remaining = frames_of(shape, self.kind, name)
        for stride, pool in zip(self.strides, self.pools, strict=True):
            remaining = -(-remaining // stride) // pool
        must(
            remaining >= 2,
            f"{name}.network.strides={self.strides} and {name}.network.pools={self.pools} leave {remaining} of "
            f"{frames} frames, and at least 2 are needed; lower them",
        )

    def profits_from_gpu(self) -> bool:
        return max(self.filters) >= WIDE

    def build(self, shape: tuple[int, ...], classes: int, weights: Path | None = None) -> "nn.Module":
        from emofusion.networks.cnn1d_deep.network import Cnn1dDeepNetwork

        return Cnn1dDeepNetwork(self, shape, classes)
