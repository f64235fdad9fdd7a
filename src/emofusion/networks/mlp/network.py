"""The layers of the multi-layer perceptron."""

from math import prod

from torch import Tensor, nn

from emofusion.networks.common.dense import dense_layers
from emofusion.networks.mlp import Mlp


class MlpNetwork(nn.Module):
    """Dense layers on the flattened row of `shape`; see `Mlp` for the settings."""

    def __init__(self, settings: Mlp, shape: tuple[int, ...], classes: int) -> None:
        super().__init__()
        first = [nn.Dropout(settings.input_dropout)] if settings.input_dropout else []
        layers = dense_layers(prod(shape), settings.hidden, classes, settings.dropout)
        self.layers = nn.Sequential(nn.Flatten(), *first, *layers)

    def forward(self, features: Tensor) -> Tensor:
        """Logits `(batch, classes)` of features `(batch, *shape)`."""
        logits: Tensor = self.layers(features)
        return logits
