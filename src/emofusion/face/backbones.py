"""VGG16 and MobileNetV2 (torchvision) as face networks: their convolutions, and a new head for the emotions.

The convolutions come in blocks, so that a training can begin with all of them frozen and let them go from the deepest
up (the paper's section 4.1).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torchvision.models import mobilenetv2, vgg

from emofusion.messages import EmofusionError
from emofusion.networks import dense

# What ImageNet weights were trained with, for pixels scaled to 0–1.
_IMAGENET_MEAN = (0.485, 0.456, 0.406)
_IMAGENET_STD = (0.229, 0.224, 0.225)

# The first layer of each block in torchvision's `features`. VGG16: after each max pooling. MobileNetV2: where the
# resolution is halved, with the last convolution in the last block.
_BLOCK_STARTS = {"vgg16": (0, 5, 10, 17, 24), "mobilenet_v2": (0, 2, 4, 7, 14)}
ARCHITECTURES = tuple(_BLOCK_STARTS)
# Statistics that start from nothing begin at a variance of 1, where features may have 1e-6: on a small corpus torch's
# own 0.1 would not have forgotten that after a hundred steps.
_FRESH_MOMENTUM = 0.3


def convolutions(architecture: str) -> nn.Sequential:
    """torchvision's `features` of `vgg16` or `mobilenet_v2`, with fresh weights drawn as torchvision does (He 2015)."""
    if architecture not in ARCHITECTURES:
        raise EmofusionError(f"the architecture {architecture} is unknown; choose out of {', '.join(ARCHITECTURES)}.")
    if architecture == "vgg16":
        # not by way of vgg16(), which would fill 120 million weights of dense layers only to drop them
        features = vgg.make_layers(vgg.cfgs["D"], batch_norm=False)
    else:
        features = mobilenetv2.MobileNetV2().features
    for module in features.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return features


class Backbone(nn.Module):
    """Convolutions of `architecture`, pooling, and a head of dense layers.

    `weights` is a file that `weights.prepare` wrote, or None for a fresh start. `normalise` is `imagenet` (what the
    published weights expect) or `none`. `pooling` is `average` over the picture or `flatten`, the grid that VGG16's own
    head sees, 7 × 7 of 224 pixels. `head_norm` puts a batch normalisation before the dense layers: features of
    convolutions that were never trained differ little from picture to picture. Raises `EmofusionError` for weights that
    do not belong to the architecture.
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
    ) -> None:
        super().__init__()
        if len(shape) != 3 or shape[0] != 3 or min(shape[1:]) < 32:
            raise EmofusionError(f"a backbone needs pictures of shape (3, height, width) of 32 and more, not {shape}.")
        if pooling not in ("average", "flatten"):
            raise EmofusionError(f"the setting `pooling` is {pooling}; choose average or flatten.")
        if normalise not in ("imagenet", "none"):
            raise EmofusionError(f"the setting `normalise` is {normalise}; choose imagenet or none.")
        self.features = convolutions(architecture)
        self._pretrained = weights is not None
        if weights is not None:
            _load(self.features, Path(weights), architecture)
        else:
            for module in self.features.modules():
                if isinstance(module, _BatchNorm):
                    module.momentum = _FRESH_MOMENTUM
        self._block_starts = _BLOCK_STARTS[architecture]
        # channels last is several times faster for MobileNet's depthwise convolutions
        fast = architecture == "mobilenet_v2"
        self._memory_format = torch.channels_last if fast else torch.contiguous_format
        self.features.to(memory_format=self._memory_format)

        imagenet = normalise == "imagenet"
        mean, std = (_IMAGENET_MEAN, _IMAGENET_STD) if imagenet else ((0.0,) * 3, (1.0,) * 3)
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(3, 1, 1), persistent=False)

        # both halve the picture five times; VGG16's own grid of 7 × 7 is that of 224 pixels
        grid = 1 if pooling == "average" else max(1, min(7, min(shape[1:]) // 32))
        width = {"vgg16": 512, "mobilenet_v2": 1280}[architecture] * grid * grid
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(grid), nn.Flatten())
        scaler = [nn.BatchNorm1d(width, momentum=_FRESH_MOMENTUM)] if head_norm else []
        self.head = nn.Sequential(*scaler, *dense(width, hidden, classes, dropout))

    def forward(self, pixels: Tensor) -> Tensor:
        """Logits `(batch, classes)` of pictures `(batch, 3, height, width)`, RGB 0–255 in bytes or floats."""
        return self.head(self.pool(self.features(self.normalised(pixels))))

    def normalised(self, pixels: Tensor) -> Tensor:
        """What the first convolution sees: pixels scaled to 0–1, then by ImageNet's mean and deviation if so set."""
        scaled = (pixels.to(self.mean.dtype) / 255 - self.mean) / self.std
        return scaled.contiguous(memory_format=self._memory_format)

    def blocks(self) -> list[list[nn.Module]]:
        """The blocks of layers from the first to the deepest; one after the other they are all of `features`."""
        layers = list(self.features)
        stops = [*self._block_starts[1:], len(layers)]
        return [layers[start:stop] for start, stop in zip(self._block_starts, stops, strict=True)]

    def unfreeze(self, deepest: int) -> None:
        """Let the `deepest` last blocks and the head learn, and freeze every block before them."""
        blocks = self.blocks()
        for number, block in enumerate(blocks):
            for layer in block:
                layer.requires_grad_(number >= len(blocks) - deepest)
        self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        """As of any module, but a batch normalisation whose pretrained weights are frozen keeps its statistics too.

        Without pretrained weights there are no statistics to keep, and a deep network would fade without new ones.
        """
        super().train(mode)
        for module in self.features.modules():
            if isinstance(module, _BatchNorm) and self._pretrained and not module.weight.requires_grad:
                module.eval()
        return self


def _load(features: nn.Sequential, path: Path, architecture: str) -> None:
    try:
        state = load_file(path)
        features.load_state_dict({name.removeprefix("features."): tensor for name, tensor in state.items()})
    except (OSError, SafetensorError, RuntimeError) as error:
        raise EmofusionError(f"{path} does not hold prepared weights of {architecture}: {error}") from error
