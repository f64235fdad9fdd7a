"""The base class of networks, and the base class of a network's frozen part."""

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
    """The part of a network that is not trained in any epoch, so that its output is computed once and stored.

    The fields are the settings of the frozen part; they decide the stage's key. A field `threads`, if there is one, is
    the number of threads that the stage computes with.

    profits_from_gpu: whether its job asks for a GPU where there is one.
    """

    profits_from_gpu: ClassVar[bool] = True

    @property
    def label(self) -> str:
        """The readable part of the stage's key."""
        raise NotImplementedError

    def store(self, features: "FeatureSet", weights: Path | None, out: Path) -> None:
        """Compute the frozen part's output for every row of `features`, and write it as the feature set `out`.

        weights: the file that the network's `start_weights` has made; None where there is none.
        """
        raise NotImplementedError


@dataclass
class Network(Kind):
    """A network that classifies rows of features.

    A network that starts from pretrained weights defines `start_weights`, and a network with a frozen part defines
    `frozen_part`. The plan makes a stage of each, and all networks with the same settings share it.
    """

    family: ClassVar[str] = "networks"
    needs: ClassVar[tuple[str, ...]] = ("build",)

    def build(self, shape: tuple[int, ...], classes: int, weights: Path | None = None) -> "nn.Module":
        """A module whose `forward` maps `(batch, *shape)` to logits `(batch, classes)`.

        Initial weights are drawn from torch's global generator, so that the caller's seed decides them.

        Args:
            shape: the shape of one row of features.
            classes: the number of classes.
            weights: the file that `start_weights` has made; None where there is none.

        Raises:
            EmofusionError: the shape does not fit the network.
        """
        raise NotImplementedError

    def check_shape(self, shape: tuple[int, ...], name: str) -> None:
        """Check, while planning, that rows of this shape fit; raise `EmofusionError` where they do not.

        name: the name of the modality, for the message.
        """

    def start_weights(self, seed: int) -> Preparation | None:
        """The work that makes the initial weights (`weights.safetensors`); None where `build` draws them at random.

        seed: the experiment's seed.
        """
        return None

    def frozen_part(self, training: "Training", trains: bool) -> FrozenPart | None:
        """The part that no epoch of `training` trains; None where there is none.

        trains: whether the corpus has training clips.
        """
        return None

    def trained_part(self, training: "Training") -> "Network":
        """A copy with only the settings that decide the training. `start_weights` and `frozen_part` keep the others."""
        return self

    def profits_from_gpu(self) -> bool:
        """Whether jobs that train or use the network ask for a GPU where there is one. A small network waits for one
        longer than it trains without."""
        return False

    def frozen_blocks(self, training: "Training", epoch: int) -> int:
        """How many of the network's first blocks of layers are frozen in an epoch; 0 for a network without such blocks.

        The training calls this method of the network that `trained_part` returns. The number must not rise from epoch
        to epoch, and in the last epoch it must be the number of blocks in `frozen_part`. If it can be above 0, `build`
        must return an `emofusion.networks.common.blocks.BlockNetwork`.

        Args:
            training: the settings of the training.
            epoch: the number of the epoch, counted from 0.
        """
        return 0

    def store_frozen_blocks(
        self, blocks: int, features: "FeatureSet", rows: "pd.DataFrame", weights: Path | None, out: Path
    ) -> None:
        """Compute the output of the first `blocks` blocks, and write it as the feature set `out`.

        The training calls this method where `frozen_blocks` is higher in early epochs than in the last one, so that
        these epochs do not compute the frozen blocks again.

        Args:
            blocks: the number of blocks.
            features: the network's inputs.
            rows: the rows of `features.rows` to compute the output for.
            weights: as in `build`.
            out: the folder to write.
        """
        raise NotImplementedError

    def check_training(self, training: "Training", name: str) -> None:
        """Raise `EmofusionError` where the training's settings do not fit the network.

        name: the name of the modality, for the message.
        """
