"""The settings that a backbone has before and while it is trained."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import MISSING

from emofusion.settings.fields import setting
from emofusion.settings.kinds import Network
from emofusion.settings.training import Training

if TYPE_CHECKING:
    import pandas as pd
    from torch import nn

    from emofusion.features.common.feature_set import FeatureSet

# How many blocks the convolutions of every architecture are divided into.
BLOCKS = 5
# The side in pixels that remains one pixel after every block has halved it.
SMALLEST_PICTURE = 32
ARCHITECTURES = ("vgg16", "mobilenet_v2")


@dataclass
class FeatureCache:
    """How the output of frozen blocks is computed and stored, once for all heads, folds and seeds."""

    precision: str = setting(
        "Precision of the stored values: half (16 bit) or full (32 bit).", "half", choices=["half", "full"]
    )
    views: int = setting(
        "Views of each picture to train on: the picture itself, and altered copies of it.", 1, least=1, most=64
    )
    shift: float = setting(
        "How far an altered copy is moved at most, as a share of the picture's width.", 0.05, least=0, most=1
    )
    scale: float = setting("Largest share by which an altered copy is enlarged or reduced.", 0.1, least=0, below=1)
    threads: int = setting(
        "Threads of torch. Sums depend on their number, so the cores do not decide it.", 1, least=1, most=256
    )


@dataclass
class BackboneLayers(Network):
    """The settings that decide which layers a backbone has."""

    architecture: str = setting("The architecture of the convolutions.", MISSING, choices=ARCHITECTURES)
    normalise: str = setting(
        "How pixels are scaled: by ImageNet's mean and deviation (imagenet), as torchvision's weights expect; from -1 "
        "to 1 (symmetric), as TensorFlow's weights of MobileNet expect; or from 0 to 1 alone (none).",
        "imagenet",
        choices=["imagenet", "symmetric", "none"],
    )
    pooling: str = setting(
        "What the head sees of the last convolution: the average over the picture (average), or a grid of values "
        "(flatten), 7 x 7 of 224 pixels.",
        "average",
        choices=["average", "flatten"],
    )
    head_norm: bool = setting(
        "Batch normalisation before the head; features of convolutions that were never trained need it.", False
    )
    hidden: list[int] = setting(
        "Units of each hidden layer of the head; with [] the head is linear.", [256], least=1, most=65_536
    )
    dropout: float = setting("Dropout after each hidden layer of the head.", 0.5, least=0, below=1)

    def profits_from_gpu(self) -> bool:
        return True


@dataclass
class TrainedBackbone(BackboneLayers):
    """What decides the training of a backbone: its layers, and how many of its blocks stay frozen throughout.

    frozen: the network takes the output of that many blocks; without any block (5) it is a head on pooled features.
    """

    kind: str = "backbone"
    frozen: int = 0

    def profits_from_gpu(self) -> bool:
        return self.frozen < BLOCKS

    def build(self, shape: tuple[int, ...], classes: int, weights: Path | None = None) -> "nn.Module":
        from emofusion.networks.backbone.network import BackboneNetwork

        return BackboneNetwork(self, shape, classes, weights)

    def frozen_blocks(self, training: Training, epoch: int) -> int:
        return BLOCKS - training.trainable_blocks(epoch)

    def store_frozen_blocks(
        self, blocks: int, features: "FeatureSet", rows: "pd.DataFrame", weights: Path | None, out: Path
    ) -> None:
        from emofusion.networks.backbone.feature_cache import store
        from emofusion.networks.backbone.network import BackboneNetwork

        network = BackboneNetwork(self, features.shape, 1, weights)
        store(network, features, rows, out, blocks, "half" if features.dtype.itemsize == 2 else "full")
