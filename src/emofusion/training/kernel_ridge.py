"""Fit kernel ridge regressions to the folds of a split, and score clips with them."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save
from scipy.special import softmax
from threadpoolctl import threadpool_limits

from emofusion.errors import EmofusionError
from emofusion.features.common.joined import JoinedFeatures
from emofusion.networks.kernel_ridge import KernelRidge
from emofusion.networks.kernel_ridge.kernels import Chosen, Distances, Ridge, choose, kernel
from emofusion.plan.settings import ModelSettings, PredictionsSettings
from emofusion.training.at_once import Fitted, Load, fit_each, load_each, predict_each
from emofusion.training.data import RowSource
from emofusion.training.description import read_model
from emofusion.whole_files import write_whole

Columns = dict[str, slice]


@dataclass(frozen=True)
class FittedKernels:
    """A kernel ridge regression of one fold.

    inputs: the features. train: clip and view of its training rows. labels: their classes. distances: to these rows.
    """

    network: KernelRidge
    inputs: RowSource
    train: pd.DataFrame
    distances: Distances
    ridge: Ridge
    chosen: Chosen

    @property
    def parameters(self) -> int:
        """The coefficients of the training rows."""
        return int(self.ridge.coefficients.size)

    def posteriors(self, rows: pd.DataFrame) -> NDArray[np.float64]:
        """(rows, classes)."""
        own = np.array_equal(rows["row"].to_numpy(), self.train["row"].to_numpy())
        return self._at(self.distances.own) if own else self.of_values(_taken(self.inputs, rows))

    def of_values(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """(rows, classes), as `posteriors`, of features (rows, values)."""
        return self._at(self.distances.between(values))

    def _at(self, between: dict[str, NDArray[Any]]) -> NDArray[np.float64]:
        """(rows, classes). between: name → the distances of rows to the training rows."""
        scores = self.ridge.scores(kernel(between, self.chosen.gamma, self.network.combine))
        posteriors: NDArray[np.float64] = softmax(self.chosen.factor * scores, axis=1)
        return posteriors

    def store(self, file: Path) -> None:
        """Write `<file>.safetensors`: coefficients and offset, and what was chosen; of training rows only names."""
        facts = {
            "chosen": json.dumps(asdict(self.chosen)),
            "clips": json.dumps(self.train["clip"].tolist()),
            "views": json.dumps(self.train["view"].tolist()),
            "labels": json.dumps(self.train["label"].tolist()),
        }
        arrays = {"coefficients": self.ridge.coefficients, "offset": self.ridge.offset}
        write_whole(_file(file), save({name: np.ascontiguousarray(one) for name, one in arrays.items()}, facts))


def fit_kernels(
    network: KernelRidge,
    split: pd.DataFrame,
    features: RowSource,
    classes: list[str],
    settings: ModelSettings,
    out: Path,
    on_epoch: Callable[[dict[str, float], int], None],
    progress: Callable[[str], None],
) -> None:
    """Fit a kernel ridge regression for each fold; see `Estimator.fit_folds`.

    Raises `EmofusionError` where only one actor trains.
    """

    def fit(inputs: RowSource, rows: pd.DataFrame, drawn: int, which: str) -> FittedKernels:
        values, labels = _taken(inputs, rows), rows["label"].to_numpy()
        distances = Distances(_columns(features), settings.training.outlier_limit, network.within).fit(values, labels)
        candidates = (network.gammas, network.alphas, network.combine)
        counted = (rows["view"] == 0).to_numpy()
        chosen = choose(distances, values, labels, rows["actor"].tolist(), counted, len(classes), candidates)
        combined = kernel(distances.own, chosen.gamma, network.combine)
        ridge = Ridge(chosen.alpha).fit(combined, labels, len(classes))
        progress(
            f"{which}: chosen on the actors who train: gamma {chosen.gamma:g}, alpha {chosen.alpha:g} (log loss "
            f"{chosen.loss:.3f})"
        )
        return FittedKernels(network, inputs, rows, distances, ridge, chosen)

    with threadpool_limits(settings.training.threads):
        fit_each(split, features, classes, settings, out, on_epoch, progress, fit)


def predict_kernels(
    network: KernelRidge,
    split: pd.DataFrame,
    features: RowSource,
    model: Path,
    settings: PredictionsSettings,
) -> pd.DataFrame:
    """The prediction table; see `emofusion.training.predict.predict_folds`.

    Raises `EmofusionError` where a model cannot be read, or was fitted on clips that are not there.
    """

    with threadpool_limits(settings.threads):
        return predict_each(split, features, model, _loading(network, features, model))


def load_kernels(
    network: KernelRidge, training: tuple[pd.DataFrame, RowSource], model: Path, settings: PredictionsSettings
) -> list[Fitted]:
    """The regressions of all folds; see `Estimator.load_folds`."""
    with threadpool_limits(settings.threads):
        return load_each(training, model, _loading(network, training[1], model))


def _loading(network: KernelRidge, features: RowSource, model: Path) -> Load:
    """The function that loads the model of a fold. features: as they are joined, before any normalisation."""
    limit, columns = read_model(model)[1].training.outlier_limit, _columns(features)

    def load(file: Path, inputs: RowSource, classes: int) -> FittedKernels:
        return _load(network, _file(file), inputs, columns, limit)

    return load


def _load(network: KernelRidge, file: Path, inputs: RowSource, columns: Columns, limit: float | None) -> FittedKernels:
    try:
        with safe_open(file, framework="numpy") as stored:
            facts = {name: json.loads(text) for name, text in stored.metadata().items()}
            arrays = {name: stored.get_tensor(name) for name in ("coefficients", "offset")}
        chosen, train = Chosen(**facts["chosen"]), pd.DataFrame({"clip": facts["clips"], "view": facts["views"]})
    except (OSError, SafetensorError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise EmofusionError(
            f"cannot read {file}: {error}. Delete its folder, and the model is fitted again."
        ) from error
    # a row is named by clip and view; frames of videos are rows of their own, in their order
    number = train.groupby(["clip", "view"]).cumcount()
    rows = inputs.rows.assign(number=inputs.rows.groupby(["clip", "view"]).cumcount())
    train = train.assign(number=number).merge(rows, on=["clip", "view", "number"], how="left", validate="one_to_one")
    if train["row"].isna().any() or len(train) != len(arrays["coefficients"]):
        raise EmofusionError(
            f"{file} was fitted on other clips than there are now. Delete its folder, and the model is fitted again."
        )
    train = train.astype({"row": "int64"})
    ridge = Ridge(chosen.alpha)
    ridge.coefficients, ridge.offset = arrays["coefficients"], arrays["offset"]
    labels = np.array(facts["labels"])
    distances = Distances(columns, limit, network.within).fit(_taken(inputs, train), labels)
    return FittedKernels(network, inputs, train, distances, ridge, chosen)


def _columns(features: RowSource) -> Columns:
    """The columns of each of the joined features; of features that are one, all columns."""
    return features.columns if isinstance(features, JoinedFeatures) else {"all": slice(None)}


def _taken(features: RowSource, rows: pd.DataFrame) -> NDArray[Any]:
    numbers = rows["row"].to_numpy()
    return features.take(numbers).reshape(len(numbers), -1)


def _file(file: Path) -> Path:
    return file.with_name(f"{file.name}.safetensors")
