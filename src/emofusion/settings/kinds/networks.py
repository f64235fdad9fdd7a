"""The base classes of networks, of networks that are fitted at once, and of a network's frozen part."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from emofusion.settings.kinds.base import Kind, Preparation

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from torch import nn

    from emofusion.features.common.feature_set import FeatureSet
    from emofusion.plan.settings import ModelSettings, PredictionsSettings
    from emofusion.settings.training import Training
    from emofusion.training.at_once import Fitted
    from emofusion.training.data import RowSource


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

    def for_scoring(self) -> Self:
        """A copy without what only training needs, such as altered copies of pictures."""
        return self

    def loaded(self, shape: tuple[int, ...], weights: Path | None) -> "Callable[[NDArray[Any]], NDArray[Any]]":
        """The function from rows `(rows, *shape)` to the frozen part's output, with the values that `store` writes.

        It keeps the layers in memory, for rows that come one by one. weights: as for `store`.
        """
        raise NotImplementedError


@dataclass
class Network(Kind):
    """A network that classifies rows of features.

    A network that starts from pretrained weights defines `start_weights`, and a network with a frozen part defines
    `frozen_part`. The plan makes a stage of each, and all networks with the same settings share it.

    Class attributes:
        is_fitted_at_once: whether it has no epochs and no layers, see `Estimator`.
        training_defaults: values of settings of the training that the configuration need not set for this network.
        compares_with_training: whether it needs the features of the training clips to score others.
    """

    family: ClassVar[str] = "networks"
    needs: ClassVar[tuple[str, ...]] = ("build",)
    is_fitted_at_once: ClassVar[bool] = False
    training_defaults: ClassVar[dict[str, Any]] = {}
    compares_with_training: ClassVar[bool] = False

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

    def training_part(self, training: "Training") -> "Training":
        """A copy of the settings of the training with only those that this network uses."""
        return training

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

    def draws_at_random(self) -> bool:
        """Whether a training draws at random. Where it does not, another seed gives the same model."""
        return True


@dataclass
class Estimator(Network):
    """A model that is fitted at once, and not in epochs, such as a support vector machine.

    The jobs that train and score call its methods in place of their own. Both write the same files and tables.
    """

    needs: ClassVar[tuple[str, ...]] = ("fit_folds", "predict_folds")
    is_fitted_at_once: ClassVar[bool] = True
    training_defaults: ClassVar[dict[str, Any]] = {"epochs": 1, "learning_rate": 1.0}

    def fit_folds(
        self,
        split: "pd.DataFrame",
        features: "RowSource",
        classes: list[str],
        settings: "ModelSettings",
        out: Path,
        on_epoch: Callable[[dict[str, float], int], None],
        progress: Callable[[str], None],
    ) -> None:
        """Fit a model for each fold and seed; see `emofusion.training.fit.fit_folds`. The only epoch is 0.

        classes: the classes in order.
        """
        raise NotImplementedError

    def predict_folds(
        self, split: "pd.DataFrame", features: "RowSource", model: Path, settings: "PredictionsSettings"
    ) -> "pd.DataFrame":
        """The prediction table of a model; see `emofusion.training.predict.predict_folds`."""
        raise NotImplementedError

    def load_folds(
        self, training: "tuple[pd.DataFrame, RowSource] | None", model: Path, settings: "PredictionsSettings"
    ) -> "list[Fitted]":
        """The models of all folds and seeds, in memory, for clips that come one by one.

        training: where the network compares clips with those of its training, their split and features, as in
        `fit_folds`; otherwise None. model, settings: as in `predict_folds`.
        """
        raise NotImplementedError
