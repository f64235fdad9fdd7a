"""VGG16 and MobileNetV2 (torchvision) as face networks: their convolutions, and a new head for the emotions.

The convolutions come in blocks, so that a training can begin with all of them frozen and let them go from the deepest
up (the paper's section 4.1). Blocks that stay frozen need not be there: a network can begin at any block, and then
takes what the block before it put out (`face.activations` stores that).
"""

from collections import OrderedDict
from collections.abc import Sequence
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
from emofusion.networks.common.build import dense
from emofusion.settings.schema import BLOCKS

# What ImageNet weights were trained with, for pixels scaled to 0–1.
_IMAGENET_MEAN = (0.485, 0.456, 0.406)
_IMAGENET_STD = (0.229, 0.224, 0.225)

# The first layer of each block in torchvision's `features`. VGG16: after each max pooling. MobileNetV2: where the
# resolution is halved, with the last convolution in the last block.
_BLOCK_STARTS = {"vgg16": (0, 5, 10, 17, 24), "mobilenet_v2": (0, 2, 4, 7, 14)}
# What each block puts out.
_CHANNELS = {"vgg16": (64, 128, 256, 512, 512), "mobilenet_v2": (16, 24, 32, 96, 1280)}
ARCHITECTURES = tuple(_BLOCK_STARTS)
# The head's statistics begin at a variance of 1, where features may have 1e-6: on a small corpus torch's own 0.1 would
# not have forgotten that after a hundred steps.
_HEAD_MOMENTUM = 0.3


def check_architecture(name: str) -> None:
    """Raises `EmofusionError` that names the known architectures."""
    if name not in ARCHITECTURES:
        raise EmofusionError(f"the architecture {name} is unknown; choose out of {', '.join(ARCHITECTURES)}.")


def convolutions(architecture: str) -> nn.Sequential:
    """torchvision's `features` of `vgg16` or `mobilenet_v2`, with fresh weights.

    They are drawn so that the variance stays the same on the way forward (He et al. 2015, `fan_in`): torchvision's own
    draw keeps it on the way back, and what MobileNetV2 puts out before its statistics are trained is then below 1e-8.
    """
    check_architecture(architecture)
    if architecture == "vgg16":
        # not by way of vgg16(), which would fill 120 million weights of dense layers only to drop them
        features = vgg.make_layers(vgg.cfgs["D"], batch_norm=False)
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


class Backbone(nn.Module):
    """Convolutions of `architecture`, pooling, and a head of dense layers.

    `weights` is a file that `weights.prepare` wrote, or None for a fresh start. `normalise` is `imagenet` (what the
    published weights expect) or `none`. `pooling` is `average` over the picture or `flatten`, the grid that VGG16's own
    head sees, 7 × 7 of 224 pixels. `head_norm` puts a batch normalisation before the dense layers: features of
    convolutions that were never trained differ little from picture to picture. Without its first `frozen` blocks, the
    network takes their activations, of `shape`; without any block (5) it is the head and takes pooled ones. Raises
    `EmofusionError` for weights that do not belong to the architecture.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        architecture: str = "vgg16",
        weights: str | Path | None = None,
        normalise: str = "imagenet",
        pooling: str = "average",
        head_norm: bool = False,
        hidden: Sequence[int] = (256,),
        dropout: float = 0.5,
        frozen: int = 0,
    ) -> None:
        super().__init__()
        check_architecture(architecture)
        if frozen == 0 and (len(shape) != 3 or shape[0] != 3 or min(shape[1:]) < 32):
            raise EmofusionError(f"a backbone needs pictures of shape (3, height, width) of 32 and more, not {shape}.")
        if pooling not in ("average", "flatten"):
            raise EmofusionError(f"the setting `pooling` is {pooling}; choose average or flatten.")
        if normalise not in ("imagenet", "none"):
            raise EmofusionError(f"the setting `normalise` is {normalise}; choose imagenet or none.")
        imagenet = normalise == "imagenet"
        mean, std = (_IMAGENET_MEAN, _IMAGENET_STD) if imagenet else ((0.0,) * 3, (1.0,) * 3)
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(3, 1, 1), persistent=False)

        self._architecture, self._first = architecture, frozen
        # both halve the picture five times; VGG16's own grid of 7 × 7 is that of 224 pixels
        grid = 1 if pooling == "average" else max(1, min(7, min(shape[1:], default=1) // 2 ** (BLOCKS - frozen)))
        width = shape[0] if frozen == BLOCKS else _CHANNELS[architecture][-1] * grid * grid
        # by what comes in, the block that it comes in at
        self._entries = _entries(architecture, shape, frozen) | {(width,): BLOCKS}
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(grid), nn.Flatten())
        scaler = [nn.BatchNorm1d(width, momentum=_HEAD_MOMENTUM)] if head_norm else []
        # before the convolutions: a seed then gives the same head whatever is frozen
        self.head = nn.Sequential(*scaler, *dense(width, hidden, classes, dropout))

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

        Or of the activations of any block from the last of those left out on, in any floating-point precision.
        """
        return self.head(self.activations(inputs, BLOCKS))

    def activations(self, inputs: Tensor, stop: int) -> Tensor:
        """What the block before `stop` puts out for inputs as of `forward`; after the last one (5), pooled."""
        entry = self._entries.get(tuple(inputs.shape[1:]))
        if entry is None or entry > stop:
            raise ValueError(f"no way from inputs of {tuple(inputs.shape[1:])} to block {stop}")
        values = self.normalised(inputs) if entry == 0 else inputs.to(self.mean.dtype)
        if values.dim() == 4:
            values = values.contiguous(memory_format=torch.channels_last)
        for block in self.blocks()[entry - self._first : stop - self._first]:
            for layer in block:
                values = layer(values)
        return self.pool(values) if stop == BLOCKS and values.dim() == 4 else values

    def normalised(self, pixels: Tensor) -> Tensor:
        """What the first convolution sees: pixels scaled to 0–1, then by ImageNet's mean and deviation if so set."""
        return (pixels.to(self.mean.dtype) / 255 - self.mean) / self.std

    def blocks(self) -> list[list[nn.Module]]:
        """The blocks of layers that are here, to the deepest; one after the other they are all of `features`."""
        starts = _BLOCK_STARTS[self._architecture][self._first :]
        layers = list(self.features)
        bounds = [start - starts[0] for start in starts] + [len(layers)]
        return [layers[start:stop] for start, stop in pairwise(bounds)]

    def unfreeze(self, deepest: int) -> None:
        """Let the `deepest` last blocks and the head learn, and freeze every block before them."""
        for number, block in enumerate(self.blocks(), start=self._first):
            for layer in block:
                layer.requires_grad_(number >= BLOCKS - deepest)
        self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        """As of any module, but a batch normalisation that is frozen keeps its statistics too."""
        super().train(mode)
        for module in self.features.modules():
            if isinstance(module, _BatchNorm) and not module.weight.requires_grad:
                module.eval()
        return self


def _entries(architecture: str, shape: tuple[int, ...], frozen: int) -> dict[tuple[int, ...], int]:
    """The shapes of activations from those of the last frozen block on, and the number of the block that takes them."""
    shape, entries = tuple(shape), {tuple(shape): frozen}
    for number in range(frozen, BLOCKS):
        # VGG16's pooling drops an odd row at the end, MobileNetV2's strided convolutions keep it
        sides = [side // 2 if architecture == "vgg16" else (side + 1) // 2 for side in shape[1:]]
        shape = (_CHANNELS[architecture][number], *sides)
        entries[shape] = number + 1
    return entries


def _load(features: nn.Sequential, path: Path, architecture: str) -> None:
    """Load the layers that are there; the file holds those of all blocks."""
    try:
        state = {name.removeprefix("features."): tensor for name, tensor in load_file(path).items()}
        features.load_state_dict({name: state[name] for name in features.state_dict()})
    except (OSError, SafetensorError, RuntimeError, KeyError) as error:
        raise EmofusionError(f"{path} does not hold prepared weights of {architecture}: {error}") from error
