"""Pictures: the convolutions of VGG16 or MobileNetV2, trained on ImageNet, and a new head for the emotions.

A training can start with all convolutions frozen, and later train them too, from the last block on (the paper's section
4.1). The output of blocks that stay frozen is computed once and stored.
"""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from emofusion.networks.backbone.settings import BLOCKS, SMALLEST_PICTURE, BackboneLayers, FeatureCache, TrainedBackbone
from emofusion.networks.backbone.stages import BackboneWeights, FrozenBlocks
from emofusion.settings.fields import must, setting
from emofusion.settings.training import Training

if TYPE_CHECKING:
    from torch import nn


@dataclass
class Backbone(BackboneLayers):
    """Convolutions that start from given weights, pooling, and a head of dense layers."""

    kind: str = "backbone"
    weights: str = setting(
        "Weights to start from: imagenet (torchvision's), none (drawn), or a file.", "imagenet", filled=True
    )
    source: str = setting("Web address of the folder with torchvision's files; empty: torchvision's own.", "")
    feature_cache: FeatureCache = setting("How the output of frozen blocks is stored.", FeatureCache())

    def build(self, shape: tuple[int, ...], classes: int, weights: Path | None = None) -> "nn.Module":
        """The whole network, with every block; see `TrainedBackbone` for one without its frozen blocks."""
        return self._without_blocks(0).build(shape, classes, weights)

    def start_weights(self, seed: int) -> BackboneWeights:
        source = self.source if self.weights == "imagenet" else ""  # nothing else is fetched
        drawn_by = seed if self.weights == "none" else 0
        return BackboneWeights(self.architecture, self.weights, source, drawn_by)

    def frozen_part(self, training: Training, trains: bool) -> FrozenBlocks | None:
        """The blocks that no epoch trains. Corpora without training clips need only one view of a picture."""
        frozen = self._always_frozen(training)
        if not frozen:
            return None
        cache = self.feature_cache
        return FrozenBlocks(
            architecture=self.architecture,
            normalise=self.normalise,
            # pooling follows the last block, so networks that differ in their pooling share the output of earlier ones
            pooling=self.pooling if frozen == BLOCKS else "average",
            frozen=frozen,
            precision=cache.precision,
            views=cache.views if trains else 1,
            shift=cache.shift,
            scale=cache.scale,
            threads=cache.threads,
        )

    def trained_part(self, training: Training) -> TrainedBackbone:
        return self._without_blocks(self._always_frozen(training))

    def check_together(self, name: str) -> None:
        must(
            not self.source or self.source.startswith(("http://", "https://")),
            f"{name}.source={self.source}: a web address such as https://download.pytorch.org/models, or empty",
        )

    def check_shape(self, shape: tuple[int, ...], name: str) -> None:
        must(
            len(shape) == 3,
            f"{name}.network.kind={self.kind}: a backbone needs pictures, not rows of {shape}; choose pixels as "
            f"{name}.features, or another network",
        )
        must(
            min(shape[1:]) >= SMALLEST_PICTURE,
            f"{name}.features.size={shape[1]}: a backbone needs pictures of {SMALLEST_PICTURE} pixels and more",
        )

    def check_training(self, training: Training, name: str) -> None:
        must(
            not training.speaker_normalisation,
            f"{name}.training.speaker_normalisation=true: not of pictures, which a backbone scales itself",
        )
        must(
            not training.enrolment,
            f"{name}.training.enrolment={training.enrolment}: not of pictures, which a backbone scales itself; set "
            f"{name}.training.enrolment=0",
        )
        views = self.feature_cache.views
        must(
            views == 1 or self._always_frozen(training) > 0,
            f"{name}.network.feature_cache.views={views}: views are those of frozen blocks, and "
            f"{name}.training.unfreeze lets all of them go; set {name}.network.feature_cache.views=1 or unfreeze fewer "
            "blocks",
        )

    def _always_frozen(self, training: Training) -> int:
        return BLOCKS - training.trainable_blocks(training.epochs - 1)

    def _without_blocks(self, frozen: int) -> TrainedBackbone:
        layers = {field.name: getattr(self, field.name) for field in fields(BackboneLayers)}
        return TrainedBackbone(**layers, frozen=frozen)
