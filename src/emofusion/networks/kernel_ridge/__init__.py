"""Kernel ridge regression on joined features, with one kernel for each of them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from emofusion.networks.common.at_once import check_unused, used_part
from emofusion.settings.fields import setting
from emofusion.settings.kinds import Estimator
from emofusion.settings.training import Training

if TYPE_CHECKING:
    import pandas as pd

    from emofusion.plan.settings import ModelSettings, PredictionsSettings
    from emofusion.training.at_once import Fitted
    from emofusion.training.data import RowSource


@dataclass
class KernelRidge(Estimator):
    """Ridge regression with a Gaussian kernel for each of the joined features; the kernels are averaged or multiplied.

    The kernel of two clips is exp(-γ d²), where d² is the squared distance of their standardised features, divided by
    its mean over the training clips. So features with many values and with few count alike. The regression learns 1 for
    a clip's own class and -1 for the others. A softmax of what it predicts, at a temperature, gives the posteriors.
    In each fold, γ, the ridge penalty and the temperature are those with the lowest log loss in a cross-validation over
    the actors who train.
    """

    compares_with_training: ClassVar[bool] = True

    kind: str = "kernel_ridge"
    combine: str = setting(
        "How the kernels of joined features are combined: mean, or product. Of features that are joined in two levels, "
        "the kernels within a part are averaged first.",
        "mean",
        choices=["mean", "product"],
    )
    gammas: list[float] = setting("Values of γ to choose among.", [0.25, 0.5, 1.0], above=0, shortest=1, distinct=True)
    alphas: list[float] = setting(
        "Ridge penalties to choose among. The kernel of a clip with itself is 1.",
        [0.03, 0.1, 0.3],
        above=0,
        shortest=1,
        distinct=True,
    )
    within: float = setting(
        "Share of the covariance within classes by which features are normalised, so that directions in which clips of "
        "one emotion differ count less; 0: they count like all. Features with more values than training rows stay as "
        "they are.",
        0.0,
        least=0,
        below=1,
    )

    def check_training(self, training: Training, name: str) -> None:
        """Raise `EmofusionError` for settings of the training that have no effect."""
        check_unused(training, self.training_defaults, name)

    def draws_at_random(self) -> bool:
        return False

    def training_part(self, training: Training) -> Training:
        """A copy with only threads, and how features are normalised."""
        return used_part(training, self.training_defaults)

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
        """See `Estimator.fit_folds`. The files of the models are `folds/<fold>-<seed>.safetensors`."""
        from emofusion.training.kernel_ridge import fit_kernels

        fit_kernels(self, split, features, classes, settings, out, on_epoch, progress)

    def predict_folds(
        self, split: "pd.DataFrame", features: "RowSource", model: Path, settings: "PredictionsSettings"
    ) -> "pd.DataFrame":
        """See `Estimator.predict_folds`."""
        from emofusion.training.kernel_ridge import predict_kernels

        return predict_kernels(self, split, features, model, settings)

    def load_folds(
        self, training: "tuple[pd.DataFrame, RowSource] | None", model: Path, settings: "PredictionsSettings"
    ) -> "list[Fitted]":
        """See `Estimator.load_folds`. Raises `EmofusionError` as `predict_folds` does."""
        from emofusion.training.kernel_ridge import load_kernels

        if training is None:
            raise ValueError("a kernel machine needs the features of its training clips")
        return load_kernels(self, training, model, settings)
