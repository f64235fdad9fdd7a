"""Fit estimators with scikit-learn's interface to the folds of a split, and score clips with them."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.base import is_regressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from emofusion.errors import EmofusionError
from emofusion.features.common.feature_set import FeatureSet
from emofusion.networks.sklearn import Sklearn
from emofusion.networks.sklearn.building import pipeline
from emofusion.networks.sklearn.storing import load, store, values_in
from emofusion.plan.settings import ModelSettings, PredictionsSettings
from emofusion.training.at_once import Fitted, fit_each, load_each, predict_each
from emofusion.training.data import RowSource


@dataclass(frozen=True)
class FittedPipeline:
    """A fitted estimator of one fold and seed.

    inputs: the features; None where it scores values that come one by one. classes: the number of classes.
    """

    model: Pipeline
    inputs: RowSource | None
    classes: int

    @property
    def parameters(self) -> int:
        """How many numbers it has learnt."""
        return values_in(self.model)

    def posteriors(self, rows: pd.DataFrame) -> NDArray[np.float64]:
        """(rows, classes). A class that the model does not know has the posterior 0."""
        if self.inputs is None:
            raise ValueError("this model was loaded without features")
        return self.of_values(_taken(self.inputs, rows))

    def of_values(self, values: Any) -> NDArray[np.float64]:
        """(rows, classes), as `posteriors`, of features (rows, values)."""
        return _posteriors(self.model, values, self.classes)

    def store(self, file: Path) -> None:
        """Write `<file>.skops`."""
        store(self.model, _file(file))


def fit_estimators(
    network: Sklearn,
    split: pd.DataFrame,
    features: RowSource,
    classes: list[str],
    settings: ModelSettings,
    out: Path,
    on_epoch: Callable[[dict[str, float], int], None],
    progress: Callable[[str], None],
) -> None:
    """Fit an estimator for each fold and seed; see `Estimator.fit_folds`.

    It writes `folds/<fold>-<seed>.skops`, and `history.parquet` and `model.json` as a training in epochs does.

    Raises `EmofusionError` where the estimator refuses the features.
    """

    def fit(inputs: RowSource, rows: pd.DataFrame, drawn: int, which: str) -> FittedPipeline:
        def make(chosen: Sklearn) -> Pipeline:
            return pipeline(chosen, "network", settings.standardised, drawn, settings.training.outlier_limit)

        with threadpool_limits(settings.training.threads), _one_message(network, which, progress):
            values = _taken(inputs, rows)
            chosen = _chosen(network, make, values, rows, len(classes))
            model = make(chosen)
            _fit(model, values, rows["label"].to_numpy(), len(classes))
        if network.candidates:
            found = ", ".join(f"{key} {chosen.settings[key]}" for key in network.candidates)
            progress(f"{which}: chosen on the actors who train: {found}")
        return FittedPipeline(model, inputs, len(classes))

    fit_each(split, features, classes, settings, out, on_epoch, progress, fit)


def predict_estimators(
    network: Sklearn,
    split: pd.DataFrame,
    features: RowSource,
    model: Path,
    settings: PredictionsSettings,
) -> pd.DataFrame:
    """The prediction table of estimators; see `emofusion.training.predict.predict_folds`.

    Raises `EmofusionError` where a model cannot be read, or holds types that its settings do not name.
    """

    with threadpool_limits(settings.threads):
        return predict_each(split, features, model, partial(_load, network))


def load_estimators(network: Sklearn, model: Path) -> list[Fitted]:
    """The estimators of all folds and seeds; see `Estimator.load_folds`."""
    return load_each(None, model, partial(_load, network))


def _load(network: Sklearn, file: Path, inputs: RowSource | None, classes: int) -> FittedPipeline:
    return FittedPipeline(load(_file(file), network), inputs, classes)


def _chosen(
    network: Sklearn, make: Callable[[Sklearn], Pipeline], values: Any, rows: pd.DataFrame, classes: int
) -> Sklearn:
    """The network with the candidates that recognise most clips, in five groups of the actors who train.

    Args:
        network: with candidates; without them it is returned.
        make: an unfitted model of a network.
        values: the features of the training rows, (rows, values).
        rows: their `label`, `actor` and `view`; altered views train, and are not counted.
        classes: the number of classes.

    Raises:
        EmofusionError: fewer than two actors train.
    """
    combinations = network.combinations()
    if len(combinations) == 1:
        return combinations[0]
    actors, labels = rows["actor"].nunique(), rows["label"].to_numpy()
    if actors < 2:
        raise EmofusionError("network.candidates: only one actor trains, and choosing needs two; set network.settings")
    parts = list(GroupKFold(min(5, actors)).split(labels, groups=rows["actor"]))
    recognised = []
    for combination in combinations:
        right = 0
        for train, held_out in parts:
            held_out = held_out[(rows["view"].to_numpy() == 0)[held_out]]
            model = make(combination)
            _fit(model, values[train], labels[train], classes)
            right += int((_posteriors(model, values[held_out], classes).argmax(axis=1) == labels[held_out]).sum())
        recognised.append(right)
    return combinations[int(np.argmax(recognised))]


def _taken(features: RowSource, rows: pd.DataFrame) -> Any:
    """The features of rows: a sparse matrix, or a flat array (rows, values)."""
    numbers = rows["row"].to_numpy()
    if isinstance(features, FeatureSet) and features.is_sparse:
        return features.take_sparse(numbers)
    return features.take(numbers).reshape(len(numbers), -1)


def _fit(model: Pipeline, values: Any, labels: NDArray[np.int64], classes: int) -> None:
    # a regressor learns 1 for a clip's own class and -1 for the others, like scikit-learn's RidgeClassifier
    targets = np.where(np.eye(classes)[labels] > 0, 1.0, -1.0) if is_regressor(model) else labels
    model.fit(values, targets)


def _posteriors(model: Pipeline, values: Any, classes: int) -> NDArray[np.float64]:
    """(rows, classes). A class that the model does not know has the posterior 0."""
    if is_regressor(model):
        scores = np.asarray(model.predict(values), float)
        known = np.arange(classes)
        posteriors = softmax(_checked(scores, len(scores), classes), axis=1)
    else:
        known = np.asarray(model.classes_, int)
        if hasattr(model, "predict_proba"):
            posteriors = _checked(np.asarray(model.predict_proba(values), float), values.shape[0], len(known))
        else:
            scores = np.asarray(model.decision_function(values), float)
            if scores.ndim == 1:  # of two classes, the score of the second one
                scores = np.stack([np.zeros_like(scores), scores], axis=1)
            posteriors = softmax(_checked(scores, values.shape[0], len(known)), axis=1)
    full = np.zeros((values.shape[0], classes))
    full[:, known] = posteriors
    return full


def _checked(scores: NDArray[np.float64], rows: int, classes: int) -> NDArray[np.float64]:
    if scores.shape != (rows, classes) or not np.isfinite(scores).all():
        raise EmofusionError(
            f"scores of the shape {scores.shape}, or not all of them finite; there must be a finite number "
            f"for each of {rows} rows and {classes} classes. Of a support vector machine, set "
            "network.settings.decision_function_shape=ovr"
        )
    return scores


def _file(file: Path) -> Path:
    return file.with_name(f"{file.name}.skops")


@contextmanager
def _one_message(network: Sklearn, which: str, progress: Callable[[str], None]) -> Iterator[None]:
    """Turn an estimator's errors into one sentence, and pass on that it has not converged."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield
        except (ValueError, TypeError, ArithmeticError, np.linalg.LinAlgError) as error:
            raise EmofusionError(
                f"{network.estimator} cannot be fitted in {which}: {str(error).splitlines()[0]}. Correct "
                "network.settings, or choose other features"
            ) from error
    for warning in caught:
        if issubclass(warning.category, ConvergenceWarning):
            progress(f"{which}: {network.estimator} has not converged; raise max_iter in network.settings")
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
