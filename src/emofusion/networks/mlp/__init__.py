"""A multi-layer perceptron on features of any shape."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from emofusion.networks.common.shapes import WIDE
from emofusion.settings.fields import setting
from emofusion.settings.kinds import Network

if TYPE_CHECKING:
    from torch import nn


@dataclass
class Mlp(Network):
    """Dense layers, each with ReLU and dropout, on the flattened row of features."""

    kind: str = "mlp"
    hidden: list[int] = setting(
        "Units of each hidden layer; with [] the network is linear.", [64], least=1, most=65_536
    )
    dropout: float = setting("Dropout after each hidden layer.", 0.5, least=0, below=1)
    input_dropout: float = setting("Dropout of single values of the features.", 0.0, least=0, below=1)

    def profits_from_gpu(self) -> bool:
        return max(self.hidden, default=0) >= WIDE

    def build(self, shape: tuple[int, ...], classes: int, weights: Path | None = None) -> "nn.Module":
        from emofusion.networks.mlp.network import MlpNetwork

        return MlpNetwork(self, shape, classes)
