"""The paper's LSTM for speech (Jiang and Sato-Shimokawara, section 4.2), on features `(channels, frames)`."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from emofusion.networks.common.shapes import WIDE, frames_of
from emofusion.settings.fields import setting
from emofusion.settings.kinds import Network

if TYPE_CHECKING:
    from torch import nn


@dataclass
class Lstm(Network):
    """One or more LSTM layers over the frames, pooling over their outputs, dropout and a linear layer."""

    kind: str = "lstm"
    hidden: int = setting("Number of units of each layer.", 64, least=1, most=16_384)
    layers: int = setting("Number of LSTM layers, with dropout between them.", 1, least=1, most=16)
    pooling: str = setting(
        "What the linear layer sees: the output after the last frame (last), or each unit's mean over the frames "
        "(average), or mean and maximum (average_max).",
        "last",
        choices=["last", "average", "average_max"],
    )
    dropout: float = setting("Dropout between layers and before the linear layer.", 0.5, least=0, below=1)

    def check_shape(self, shape: tuple[int, ...], name: str) -> None:
        frames_of(shape, self.kind, name)

    def profits_from_gpu(self) -> bool:
        return self.hidden >= WIDE

    def build(self, shape: tuple[int, ...], classes: int, weights: Path | None = None) -> "nn.Module":
        from emofusion.networks.lstm.network import LstmNetwork

        return LstmNetwork(self, shape, classes)
