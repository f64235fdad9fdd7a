"""Gaussian kernels of joined features, and the choice of their width, of a ridge penalty and of a temperature."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

from emofusion.errors import EmofusionError

Array = NDArray[Any]
GROUPS = 5  # of actors, in the cross-validation
_LEAST, _MOST = np.log(0.05), np.log(200.0)  # of the factor on the scores


@dataclass(frozen=True)
class Chosen:
    """What a cross-validation chose. factor: on the scores, before the softmax: 1 / temperature. loss: in nats."""

    gamma: float
    alpha: float
    factor: float
    loss: float


class Distances:
    """Squared distances of rows to training rows, for each of the features that stand in a row.

    Values are standardised on the training rows and clipped, and distances are divided by their mean over all pairs of
    training rows.

    Args:
        columns: name → the columns of these features. Names with the same beginning up to a point form a part.
        limit: standardised values are at most so far from 0.
    """

    def __init__(self, columns: dict[str, slice], limit: float) -> None:
        self.columns, self.limit = columns, limit

    def fit(self, values: Array) -> "Distances":
        """Learn from the training rows: `(rows, values)`."""
        self.scaler = StandardScaler().fit(values.astype(np.float64))
        self.rows = self._standardised(values)
        self.means = {name: 1.0 for name in self.columns}
        # features that are constant over the training rows have no distance, and a kernel of 1
        self.means = {name: float(one.mean()) or 1.0 for name, one in self._of(self.rows).items()}
        return self

    def between(self, values: Array) -> dict[str, Array]:
        """Name → `(rows, training rows)`. values: `(rows, values)`."""
        return self._of(self._standardised(values))

    def _standardised(self, values: Array) -> Array:
        return np.clip(self.scaler.transform(values.astype(np.float64)), -self.limit, self.limit)

    def _of(self, rows: Array) -> dict[str, Array]:
        return {
            name: euclidean_distances(rows[:, part], self.rows[:, part], squared=True) / self.means[name]
            for name, part in self.columns.items()
        }


def kernel(distances: dict[str, Array], gamma: float, combine: str) -> Array:
    """The combined kernel, of the shape of the distances.

    Args:
        distances: name → squared distances; see `Distances`.
        gamma: γ of exp(-γ d²).
        combine: `mean` or `product` of the parts; within a part, kernels are averaged.
    """
    parts: dict[str, list[Array]] = {}
    for name, one in distances.items():
        parts.setdefault(name.partition(".")[0], []).append(np.exp(-gamma * one))
    of_parts = [np.mean(inside, axis=0) for inside in parts.values()]
    combined: Array = np.prod(of_parts, axis=0) if combine == "product" else np.mean(of_parts, axis=0)
    return combined


class Ridge:
    """Kernel ridge regression to 1 for the own class and -1 for the others, around the mean of the training rows."""

    def __init__(self, alpha: float) -> None:
        self.alpha = alpha

    def fit(self, between: Array, labels: Array, classes: int) -> "Ridge":
        """between: the kernel of the training rows with each other. labels: (training rows,)."""
        targets = np.where(np.eye(classes)[labels] > 0, 1.0, -1.0)
        self.offset = targets.mean(axis=0)
        fitted = KernelRidge(alpha=self.alpha, kernel="precomputed").fit(between, targets - self.offset)
        self.coefficients = fitted.dual_coef_
        return self

    def scores(self, between: Array) -> Array:
        """(rows, classes). between: the kernel of rows with the training rows."""
        predicted: Array = between @ self.coefficients + self.offset
        return predicted


def choose(
    distances: dict[str, Array],
    labels: Array,
    actors: Sequence[Any],
    counted: Array,
    classes: int,
    candidates: tuple[Sequence[float], Sequence[float], str],
) -> Chosen:
    """The width, the penalty and the temperature with the lowest log loss over the actors who train.

    Actors are divided into five groups. Each is scored by models that are fitted on the others. (Standardisation is by
    all training rows; it reads no label.) Of equally good candidates the first counts.

    Args:
        distances: of the training rows with each other.
        labels: (training rows,).
        actors: (training rows,).
        counted: (training rows,), whether a row is scored. Altered copies of clips only train.
        classes: the number of classes.
        candidates: values of γ, ridge penalties, and how kernels are combined.

    Raises:
        EmofusionError: fewer than two actors train.
    """
    people = len(set(actors))
    if people < 2:
        raise EmofusionError("only one actor trains, and the choice of γ and of the penalty needs two")
    folds = list(GroupKFold(min(GROUPS, people)).split(labels, groups=actors))
    found: list[Chosen] = []
    gammas, alphas, combine = candidates
    for gamma in gammas:
        combined = kernel(distances, gamma, combine)
        for alpha in alphas:
            scores = np.zeros((len(labels), classes))
            for train, rest in folds:
                ridge = Ridge(alpha).fit(combined[np.ix_(train, train)], labels[train], classes)
                scores[rest] = ridge.scores(combined[np.ix_(rest, train)])
            found.append(Chosen(gamma, alpha, *calibrated(scores[counted], labels[counted])))
    return min(found, key=lambda one: one.loss)


def calibrated(scores: Array, labels: Array) -> tuple[float, float]:
    """The factor on scores with the lowest log loss of their softmax, and this log loss in nats.

    It is the inverse of the temperature of Guo et al., "On calibration of modern neural networks", ICML 2017.

    scores: (rows, classes). labels: (rows,).
    """
    rows = np.arange(len(labels))

    def loss(logarithm: float) -> float:
        return -float(log_softmax(np.exp(logarithm) * scores, axis=1)[rows, labels].mean())

    best = minimize_scalar(loss, bounds=(_LEAST, _MOST), method="bounded", options={"xatol": 1e-3})
    return float(np.exp(best.x)), float(best.fun)
