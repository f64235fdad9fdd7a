"""Estimators with scikit-learn's interface: linear models, support vector machines, forests and others."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import MISSING

from emofusion.errors import EmofusionError
from emofusion.networks.common.at_once import check_unused, used_part
from emofusion.settings.fields import must, setting
from emofusion.settings.kinds import Estimator
from emofusion.settings.training import Training

if TYPE_CHECKING:
    import pandas as pd

    from emofusion.plan.settings import ModelSettings, PredictionsSettings
    from emofusion.training.at_once import Fitted
    from emofusion.training.data import RowSource


@dataclass
class Sklearn(Estimator):
    """An estimator with scikit-learn's interface, on the flattened row of features.

    It is a classifier with `predict_proba` or `decision_function`, or a regressor. A regressor such as `KernelRidge` is
    fitted to 1 for a clip's own class and -1 for the others, and its predictions are the scores of the classes. The
    softmax of scores gives the posteriors. Features are standardised on the training clips where their kind says so.
    """

    kind: str = "sklearn"
    estimator: str = setting(
        "Name of the class, with its module, as in sklearn.linear_model.RidgeClassifier.", MISSING, filled=True
    )
    settings: dict[str, Any] = setting(
        "Settings of the estimator, as in {C: 0.1}. A setting that is an estimator itself is written {estimator: …, "
        "settings: {…}}.",
        {},
    )
    candidates: dict[str, list[Any]] = setting(
        "Settings of the estimator to choose among, as in {alpha: [1, 10, 100]}. In each fold, cross-validation over "
        "the actors who train chooses the combination that recognises most clips; of equally good ones the first.",
        {},
    )
    transformers: list[Any] = setting(
        "Transformers before the estimator, in this order. They are fitted on the training clips. Each is a name such "
        "as sklearn.feature_extraction.text.TfidfTransformer, or {estimator: …, settings: {…}}.",
        [],
    )

    def check_installed(self, name: str) -> None:
        """Raise `EmofusionError` where an estimator cannot be imported, is none, or has no such setting."""
        from emofusion.networks.sklearn.building import pipeline

        for key, values in self.candidates.items():
            must(key not in self.settings, f"{name}.candidates.{key}: {name}.settings.{key} is set too; leave one out")
            must(bool(values), f"{name}.candidates.{key}: name at least one value")
        for chosen in self.combinations():
            pipeline(chosen, name, standardised=False)

    def libraries(self) -> tuple[str, ...]:
        """The top-level packages of all estimators and transformers in the settings."""

        def names(node: Any) -> Iterator[str]:
            if isinstance(node, dict):
                for key, value in node.items():
                    yield from [value] if key == "estimator" and isinstance(value, str) else names(value)
            elif isinstance(node, list):
                for entry in node:
                    yield from [entry] if isinstance(entry, str) else names(entry)

        found = [self.estimator, *names(self.transformers), *names(self.settings), *names(self.candidates)]
        return tuple(sorted({name.partition(".")[0] for name in found if "." in name}))

    def combinations(self) -> "list[Sklearn]":
        """A copy for each combination of the candidates, in their order; without candidates this one alone."""
        chosen = product(*self.candidates.values())
        keys = list(self.candidates)
        return [
            replace(self, candidates={}, settings={**self.settings, **dict(zip(keys, values, strict=True))})
            for values in chosen
        ]

    def check_training(self, training: Training, name: str) -> None:
        """Raise `EmofusionError` for settings of the training that an estimator has no use for."""
        check_unused(training, self.training_defaults, name)

    def draws_at_random(self) -> bool:
        """Whether the estimator or a transformer has a setting for a seed; also where it cannot be imported here."""
        from emofusion.networks.sklearn.building import draws, pipeline

        try:
            return draws(pipeline(self.combinations()[0], "network", standardised=False))
        except EmofusionError:
            return True

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
        """See `Estimator.fit_folds`. The files of the models are `folds/<fold>-<seed>.skops`."""
        from emofusion.training.estimators import fit_estimators

        fit_estimators(self, split, features, classes, settings, out, on_epoch, progress)

    def predict_folds(
        self, split: "pd.DataFrame", features: "RowSource", model: Path, settings: "PredictionsSettings"
    ) -> "pd.DataFrame":
        """See `Estimator.predict_folds`."""
        from emofusion.training.estimators import predict_estimators

        return predict_estimators(self, split, features, model, settings)

    def load_folds(
        self, training: "tuple[pd.DataFrame, RowSource] | None", model: Path, settings: "PredictionsSettings"
    ) -> "list[Fitted]":
        """See `Estimator.load_folds`."""
        from emofusion.training.estimators import load_estimators

        return load_estimators(self, model)
