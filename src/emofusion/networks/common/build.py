"""The registry of networks: from settings to a module, whatever the modality."""

from collections.abc import Callable, Sequence
from math import prod

from torch import Tensor, nn

from emofusion.errors import EmofusionError


def build(settings: dict, shape: tuple[int, ...], classes: int) -> nn.Module:
    """The network of `settings["kind"]` with the other settings as its options, for rows of `shape`.

    Its `forward` maps `(batch, *shape)` to logits `(batch, classes)`. Weights are drawn from torch's global generator,
    so that the caller's seed decides them. Raises `EmofusionError` for an unknown kind or a shape that does not fit.
    """
    options = {name: value for name, value in settings.items() if name != "kind"}
    if settings["kind"] not in _MAKERS:
        raise EmofusionError(f"there is no network of kind {settings['kind']}; choose out of {', '.join(_MAKERS)}.")
    return _MAKERS[settings["kind"]]()(shape, classes, **options)


class MLP(nn.Module):
    """Dense layers of `hidden` units, each with ReLU and dropout, on the flattened row.

    `input_dropout` drops single values of the row.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        hidden: Sequence[int] = (64,),
        dropout: float = 0.5,
        input_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        first = [nn.Dropout(input_dropout)] if input_dropout else []
        self.layers = nn.Sequential(nn.Flatten(), *first, *dense(prod(shape), hidden, classes, dropout))

    def forward(self, features: Tensor) -> Tensor:
        """Logits `(batch, classes)` of features `(batch, *shape)`."""
        return self.layers(features)


def dense(width: int, hidden: Sequence[int], classes: int, dropout: float) -> list[nn.Module]:
    """Layers from `width` values to `classes` logits: each hidden layer with ReLU and dropout, then a linear one."""
    layers: list[nn.Module] = []
    for units in hidden:
        layers += [nn.Linear(width, units), nn.ReLU(), nn.Dropout(dropout)]
        width = units
    return [*layers, nn.Linear(width, classes)]


def _cnn1d() -> Callable[..., nn.Module]:
    from emofusion.networks.common.recurrent_and_convolutional import CNN1D

    return CNN1D


def _cnn1d_deep() -> Callable[..., nn.Module]:
    from emofusion.networks.common.recurrent_and_convolutional import DeepCNN1D

    return DeepCNN1D


def _lstm() -> Callable[..., nn.Module]:
    from emofusion.networks.common.recurrent_and_convolutional import LSTM

    return LSTM


def _backbone() -> Callable[..., nn.Module]:
    from emofusion.networks.backbone.network import Backbone  # torchvision takes seconds to import

    return Backbone


_MAKERS = {
    "cnn1d": _cnn1d,
    "cnn1d_deep": _cnn1d_deep,
    "lstm": _lstm,
    "mlp": lambda: MLP,
    "backbone": _backbone,
}
