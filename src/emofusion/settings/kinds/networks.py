"""The base class of networks, and of the part of a network that no epoch trains."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from emofusion.settings.kinds.base import Kind, Preparation

if TYPE_CHECKING:
    import pandas as pd
    from torch import nn

    from emofusion.features.common.feature_set import FeatureSet
    from emofusion.settings.training import Training


@dataclass(frozen=True)
class FrozenPart:
    """The part of a network that no epoch trains, so that what it puts out is computed once: its settings, and `store`.

    Its fields decide the stage's key. `label` is the readable part of that key. `threads` is the number of threads.
    """

    @property
    def label(self) -> str:
        raise NotImplementedError

    def store(self, features: "FeatureSet", weights: Path | None, out: Path) -> None:
        """Write what the frozen part makes of every row of `features` as the feature set `out`."""
        raise NotImplementedError


@dataclass
class Network(Kind):
    """A network: `build` makes it for rows of a shape.

    A network that starts from given weights, or has a part that stays frozen, says so by `start_weights` and
    `frozen_part`; the plan then gives each a stage of its own, shared by all networks that agree on it.
    """

    family: ClassVar[str] = "networks"
    needs: ClassVar[tuple[str, ...]] = ("build",)

    def build(self, shape: tuple[int, ...], classes: int, weights: Path | None = None) -> "nn.Module":
        """A module whose `forward` maps `(batch, *shape)` to logits `(batch, classes)`.

        Weights are drawn from torch's global generator, so that the caller's seed decides them; `weights` is the file
        that `start_weights` has made. Raises `EmofusionError` for a shape that does not fit.
        """
        raise NotImplementedError

    def check_shape(self, shape: tuple[int, ...], name: str) -> None:
        """A look while planning: raise `EmofusionError` where rows of that shape do not fit. `name`: the modality."""

    def start_weights(self, seed: int) -> Preparation | None:
        """What makes the weights that the network starts from (`weights.safetensors`); None for a fresh start."""
        return None

    def frozen_part(self, training: "Training", trains: bool) -> FrozenPart | None:
        """The part that no epoch of `training` trains; `trains`: whether the corpus has training clips."""
        return None

    def trained_part(self, training: "Training") -> "Network":
        """The settings that decide the training: without those of `start_weights` and `frozen_part`."""
        return self

    def frozen_blocks(self, training: "Training", epoch: int) -> int:
        """How many of the first blocks of layers are still frozen in an epoch, counted from 0; 0 without such blocks.

        A training asks this of the network that `trained_part` gives. The number never rises from epoch to epoch, and
        in the last epoch it is that of `frozen_part`. A network for which it is ever above 0 builds an
        `emofusion.networks.common.blocks.BlockNetwork`.
        """
        return 0

    def store_frozen_blocks(
        self, blocks: int, features: "FeatureSet", rows: "pd.DataFrame", weights: Path | None, out: Path
    ) -> None:
        """Write what the first `blocks` blocks put out for rows of `features` as the feature set `out`.

        A training calls this where `frozen_blocks` is higher in early epochs than in the last one, so that these epochs
        need not compute the frozen blocks again. `features` are the network's inputs, `rows` is a part of
        `features.rows`, and `weights` is as in `build`.
        """
        raise NotImplementedError

    def check_training(self, training: "Training", name: str) -> None:
        """Raise `EmofusionError` where the training's settings do not fit the network. `name`: the modality."""
