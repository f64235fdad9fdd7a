"""The dense layers at the end of several networks."""

from collections.abc import Sequence

from torch import nn


def dense_layers(width: int, hidden: Sequence[int], classes: int, dropout: float) -> list[nn.Module]:
    """Layers from `width` values to `classes` logits: each hidden layer with ReLU and dropout, then a linear one."""
    layers: list[nn.Module] = []
    for units in hidden:
        layers += [nn.Linear(width, units), nn.ReLU(), nn.Dropout(dropout)]
        width = units
    return [*layers, nn.Linear(width, classes)]
