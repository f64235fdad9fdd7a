"""Gaussian kernels of joined features, and the choice of their width, of a ridge penalty and of a temperature."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.model_selection import GroupKFold

from emofusion.errors import EmofusionError
from emofusion.networks.common.scaling import LimitedScaler

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

    Values are standardised on the training rows and clipped. Then directions in which clips of one class differ count
    less: distances are those after a normalisation by the covariance within classes (Hatch, Kajarekar and Stolcke,
    "Within-class covariance normalization for SVM-based speaker recognition", Interspeech 2006), which is drawn towards
    a multiple of the identity. Last, they are divided by their mean over all pairs of training rows.

    Attributes:
        own: after `fit`, the distances of the training rows to each other.

    Args:
        columns: name → the columns of these features. Names with the same beginning up to a point form a part.
        limit: standardised values are at most so far from 0; None: there is no limit.
        within: the share of the covariance within classes, 0–1; the identity has the rest. 0: plain distances.
    """

    def __init__(self, columns: dict[str, slice], limit: float | None, within: float = 0.0) -> None:
        self.columns, self.limit, self.within = columns, limit, within

    def fit(self, values: Array, labels: Array) -> "Distances":
        """Learn from the training rows. values: `(rows, values)`. labels: `(rows,)`, their classes."""
        self.scaler = LimitedScaler(self.limit).fit(values.astype(np.float64))
        standardised = self._standardised(values)
        self.maps = {
            name: _Whitening(standardised[:, part], labels, self.within) for name, part in self.columns.items()
        }
        self.rows = {name: self.maps[name].of(standardised[:, part]) for name, part in self.columns.items()}
        squared = {name: _squared(one, one) for name, one in self.rows.items()}
        # features that are constant over the training rows have no distance, and a kernel of 1
        self.means = {name: float(one.mean()) or 1.0 for name, one in squared.items()}
        self.own = {name: one / self.means[name] for name, one in squared.items()}
        return self

    def between(self, values: Array) -> dict[str, Array]:
        """Name → `(rows, training rows)`. values: `(rows, values)`."""
        standardised = self._standardised(values)
        return {
            name: _squared(self.maps[name].of(standardised[:, part]), self.rows[name]) / self.means[name]
            for name, part in self.columns.items()
        }

    def _standardised(self, values: Array) -> Array:
        standardised: Array = self.scaler.transform(values.astype(np.float64))
        return standardised


class _Whitening:
    """Multiplication by the inverse root of a covariance within classes, drawn towards a multiple of the identity.

    Of features with more values than there are rows, this covariance is not known: they stay as they are.

    values: (rows, values). labels: (rows,). within: as in `Distances`.
    """

    def __init__(self, values: Array, labels: Array, within: float) -> None:
        self.map: Array | None = None
        if within == 0 or values.shape[1] > len(values):
            return
        rest = values.copy()
        for label in np.unique(labels):
            rest[labels == label] -= rest[labels == label].mean(axis=0)
        total = float((rest**2).mean())
        if total > 0:
            variances, directions = eigh(rest.T @ rest / len(rest))
            self.map = directions / np.sqrt(within * np.maximum(variances, 0) + (1 - within) * total)

    def of(self, values: Array) -> Array:
        """(rows, values), along other axes."""
        return values if self.map is None else values @ self.map


def _squared(rows: Array, others: Array) -> Array:
    squared: Array = euclidean_distances(rows, others, squared=True)
    return squared


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
    distances: Distances,
    values: Array,
    labels: Array,
    actors: Sequence[Any],
    counted: Array,
    classes: int,
    candidates: tuple[Sequence[float], Sequence[float], str],
) -> Chosen:
    """The width, the penalty and the temperature with the lowest log loss over the actors who train.

    Actors are divided into five groups. Each is scored by models that are fitted on the others, and so is all that
    these models rest on: the standardisation, and the covariance within classes, which reads labels. Of equally good
    candidates the first counts.

    Args:
        distances: how rows are compared; what they have learnt is not used, and stays.
        values: (training rows, values).
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
    gammas, alphas, combine = candidates
    scores = {pair: np.zeros((len(labels), classes)) for pair in product(gammas, alphas)}
    for train, rest in GroupKFold(min(GROUPS, people)).split(labels, groups=actors):
        fitted = Distances(distances.columns, distances.limit, distances.within).fit(values[train], labels[train])
        between = fitted.between(values[rest])
        for gamma in gammas:
            own, other = kernel(fitted.own, gamma, combine), kernel(between, gamma, combine)
            for alpha in alphas:
                scores[gamma, alpha][rest] = Ridge(alpha).fit(own, labels[train], classes).scores(other)
    found = [Chosen(*pair, *calibrated(one[counted], labels[counted])) for pair, one in scores.items()]
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
