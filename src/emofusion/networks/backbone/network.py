"""The layers of a backbone: the convolutions of VGG16 or MobileNetV2 (torchvision), pooling, and a head.

The convolutions come in blocks. A network can be built without its first blocks, and then takes as its input what the
last of them puts out.
"""

from collections import OrderedDict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Self

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torchvision.models import mobilenetv2, vgg

from emofusion.errors import EmofusionError
from emofusion.networks.backbone.pooling import GridAverage
from emofusion.networks.backbone.settings import BLOCKS, SMALLEST_PICTURE, TrainedBackbone
from emofusion.networks.common.blocks import BlockNetwork
from emofusion.networks.common.dense import dense_layers

# `normalise` → what is subtracted from pixels scaled to 0–1, and what they are then divided by. torchvision's weights
# were trained with the mean and standard deviation of ImageNet.
_SCALES = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "symmetric": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "none": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
}

# The first layer of each block in torchvision's `features`. VGG16: after each max pooling. MobileNetV2: where the
# resolution is halved, with the last convolution in the last block.
_BLOCK_STARTS = {"vgg16": (0, 5, 10, 17, 24), "mobilenet_v2": (0, 2, 4, 7, 14)}
# The number of output channels of each block.
_CHANNELS = {"vgg16": (64, 128, 256, 512, 512), "mobilenet_v2": (16, 24, 32, 96, 1280)}
# The statistics of the head's batch normalisation begin at a variance of 1, but features may have one of 1e-6. With
# torch's own momentum of 0.1 a hundred steps on a small corpus would not be enough to forget that start.
_HEAD_MOMENTUM = 0.3


def convolutions(architecture: str) -> nn.Sequential:
    """torchvision's `features` of `vgg16` or `mobilenet_v2`, with weights drawn from torch's global generator.

    They are drawn so that the variance stays the same in the forward pass (He et al. 2015, `fan_in`). torchvision's own
    draw keeps it in the backward pass, and the output of MobileNetV2 before its statistics are trained is then below
    1e-8.
    """
    if architecture == "vgg16":
        # not by vgg16(), which would draw 120 million weights of dense layers that are not used
        features: nn.Sequential = vgg.make_layers(vgg.cfgs["D"], batch_norm=False)
    else:
        features = mobilenetv2.MobileNetV2().features
    blocks = [module for module in features.modules() if isinstance(module, mobilenetv2.InvertedResidual)]
    without_relu = {layer for block in blocks for layer in block.conv if isinstance(layer, nn.Conv2d)}
    for module in features.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="linear" if module in without_relu else "relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return features


class BackboneNetwork(BlockNetwork):
    """Convolutions, pooling, and a head of dense layers.

    Args:
        settings: the layers, and how many blocks are left out (`frozen`); see `BackboneLayers`. The grid of
            `pooling: flatten` is that of VGG16's own head, 7 × 7 of 224 pixels, and smaller for smaller pictures.
        shape: `(3, height, width)` of pictures; without the first blocks, the shape of the output of these blocks.
        classes: the number of logits.
        weights: a file that `weights.prepare` wrote, or None for weights drawn from torch's global generator.

    Raises:
        EmofusionError: for pictures that are too small, and weights that do not belong to the architecture.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, settings: TrainedBackbone, shape: tuple[int, ...], classes: int, weights: Path | None = None
    ) -> None:
        super().__init__()
        architecture, frozen = settings.architecture, settings.frozen
        if frozen == 0 and (len(shape) != 3 or shape[0] != 3 or min(shape[1:]) < SMALLEST_PICTURE):
            raise EmofusionError(f"a backbone needs pictures of shape (3, height, width) of 32 and more, not {shape}.")
        mean, std = _SCALES[settings.normalise]
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(3, 1, 1), persistent=False)

        self._architecture, self._first = architecture, frozen
        # both architectures halve the picture five times
        side = min(shape[1:], default=1) // 2 ** (BLOCKS - frozen)
        grid = 1 if settings.pooling == "average" else max(1, min(7, side))
        width = shape[0] if frozen == BLOCKS else _CHANNELS[architecture][-1] * grid * grid
        # the shape of an input tells which block it goes into; pooled features go into none
        self._entries = _entries(architecture, shape, frozen) | {(width,): BLOCKS}
        self.pool = nn.Sequential(GridAverage(grid), nn.Flatten())
        scaler = [nn.BatchNorm1d(width, momentum=_HEAD_MOMENTUM)] if settings.head_norm else []
        # drawn before the convolutions, so that a seed gives the same head for any number of frozen blocks
        self.head = nn.Sequential(*scaler, *dense_layers(width, settings.hidden, classes, settings.dropout))

        layers = list(convolutions(architecture).named_children())
        start = [*_BLOCK_STARTS[architecture], len(layers)][frozen]
        self.features = nn.Sequential(OrderedDict(layers[start:]))
        self.frozen_parameters = sum(value.numel() for _, layer in layers[:start] for value in layer.parameters())
        if weights is not None:
            _load(self.features, Path(weights), architecture)
        # channels last is several times faster for MobileNet's depthwise convolutions, and a little for VGG16
        self.features.to(memory_format=torch.channels_last)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits `(batch, classes)` of pictures `(batch, 3, height, width)`, RGB 0–255 in bytes or floats.

        Inputs may also be what a block puts out, in any floating-point precision: the last block that was left out, or
        any later one.
        """
        logits: Tensor = self.head(self.activations(inputs, BLOCKS))
        return logits

    def activations(self, inputs: Tensor, stop: int) -> Tensor:
        """The output of the block before block `stop`, for inputs as in `forward`; pooled after the last block (5).

        Raises `ValueError` for inputs whose shape belongs to no block, or to a later one.
        """
        entry = self._entries.get(tuple(inputs.shape[1:]))
        if entry is None or entry > stop:
            raise ValueError(f"no way from inputs of {tuple(inputs.shape[1:])} to block {stop}")
        values = self.normalised(inputs) if entry == 0 else inputs.to(self.mean.dtype)
        if values.dim() == 4:
            values = values.contiguous(memory_format=torch.channels_last)
        for block in self.blocks()[entry - self._first : stop - self._first]:
            for layer in block:
                values = layer(values)
        if stop == BLOCKS and values.dim() == 4:
            values = self.pool(values)
        return values

    def normalised(self, pixels: Tensor) -> Tensor:
        """The input of the first convolution: pixels scaled to 0–1, and then as the setting `normalise` says."""
        return (pixels.to(self.mean.dtype) / 255 - self.mean) / self.std

    def blocks(self) -> list[list[nn.Module]]:
        """The layers of each block that was not left out, in order; together they are all of `features`."""
        starts = _BLOCK_STARTS[self._architecture][self._first :]
        layers = list(self.features)
        bounds = [start - starts[0] for start in starts] + [len(layers)]
        return [layers[start:stop] for start, stop in pairwise(bounds)]

    def block_parameters(self) -> Iterator[nn.Parameter]:
        return self.features.parameters()

    def unfreeze(self, last: int) -> None:
        for number, block in enumerate(self.blocks(), start=self._first):
            for layer in block:
                layer.requires_grad_(number >= BLOCKS - last)
        self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        """As for any module, except that a frozen batch normalisation also keeps its statistics."""
        super().train(mode)
        for module in self.features.modules():
            if isinstance(module, _BatchNorm) and not module.weight.requires_grad:
                module.eval()
        return self


def _entries(architecture: str, shape: tuple[int, ...], frozen: int) -> dict[tuple[int, ...], int]:
    """Shape of a block's output → the number of the block that takes it, from the input of the network on."""
    shape = tuple(shape)
    entries = {shape: frozen}
    for number in range(frozen, BLOCKS):
        # of an odd number of rows, VGG16's pooling drops the last one, and MobileNetV2's strided convolutions keep it
        sides = [side // 2 if architecture == "vgg16" else (side + 1) // 2 for side in shape[1:]]
        shape = (_CHANNELS[architecture][number], *sides)
        entries[shape] = number + 1
    return entries


def _load(features: nn.Sequential, path: Path, architecture: str) -> None:
    """Load the weights of the layers in `features`; the file holds those of all blocks."""
    try:
        state = {name.removeprefix("features."): tensor for name, tensor in load_file(path).items()}
        features.load_state_dict({name: state[name] for name in features.state_dict()})
    except (OSError, SafetensorError, RuntimeError, KeyError) as error:
        raise EmofusionError(f"{path} does not hold prepared weights of {architecture}: {error}") from error
