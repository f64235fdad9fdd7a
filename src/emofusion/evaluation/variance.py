"""The variance of accuracies by seed, fold, training, actor and the rest.

The accuracy of an actor with a seed is modelled as a mean for each gender + seed + fold + training + actor + rest. All
but the first are random effects; a training is a fold with a seed, and actors belong to folds. The components are
estimated from sums of squares, each adjusted for the effects before it, whose expectations follow from the design
(Henderson's method 3; Searle, Casella and McCulloch 1992, *Variance Components*, chapter 5). With equally many actors
in each fold this is the usual analysis of variance. What seeds add for men and for women counts for no component.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

NAMES = ("seed", "fold", "training", "actor", "rest")
_TINY = 1e-9


@dataclass(frozen=True)
class Components:
    """Variances (squared fractions), never negative. They are NaN where the design cannot tell them from others.

    With one seed there are only `fold` and `actor`, and `actor` contains the rest. `fold` is missing where there is one
    fold, where an actor is in several folds, and where each fold tests one actor. negative: the components whose
    estimate was negative, so that 0 was taken.
    """

    seed: float
    fold: float
    training: float
    actor: float
    rest: float
    negative: tuple[str, ...]


def components(values: NDArray[Any], strata: NDArray[Any], folds: NDArray[Any] | None = None) -> Components:
    """Split the variance of values by seed and actor.

    Args:
        values: (S, A), for S seeds and A actors.
        strata: (A,), such as whether an actor is a man, see `bootstrap.strata_of`.
        folds: (A,), the fold that tests each actor; None where an actor is in several folds.
    """
    fold = np.zeros(values.shape[1], dtype=int) if folds is None else np.unique(folds, return_inverse=True)[1]
    bases, expected = _design(len(values), tuple(np.asarray(strata).tolist()), tuple(fold.tolist()))
    flat = values.astype(float).ravel()
    squares = np.array([((basis.T @ flat) ** 2).sum() for basis in bases.values()])
    found = dict(zip(bases, np.linalg.solve(expected, squares), strict=True)) if len(bases) else {}
    negative = tuple(name for name, value in found.items() if value < -_TINY)
    known = {name: max(float(found[name]), 0.0) if name in found else float("nan") for name in NAMES}
    return Components(**known, negative=negative)


@lru_cache(maxsize=32)
def _design(
    seeds: int, strata: tuple[int, ...], folds: tuple[int, ...]
) -> tuple[dict[str, NDArray[Any]], NDArray[Any]]:
    """What the estimates need of a design, which many settings of a grid have in common.

    Returns:
        Component → an orthonormal basis (N, r) of what it adds to the effects before it, for N = seeds · actors; and
        the expectation of each sum of squares as a sum of the components, (components, components).
    """
    actors = len(strata)
    seed, actor = np.divmod(np.arange(seeds * actors), actors)
    stratum, fold = np.asarray(strata)[actor], np.asarray(folds)[actor]
    if len(set(folds)) == actors:  # a fold is an actor
        fold = np.zeros_like(fold)
    effects = {
        "seed": _indicators(seed),
        "": _indicators(seed * (max(strata) + 1) + stratum),  # for no component
        "fold": _indicators(fold),
        "training": _indicators(fold * seeds + seed),
        "actor": _indicators(actor),
        "rest": np.eye(len(actor)),
    }
    before = _orthonormal(_indicators(stratum))
    bases: dict[str, NDArray[Any]] = {}
    for name, indicators in effects.items():
        added = _orthonormal(indicators - before @ (before.T @ indicators))
        if added.shape[1] and name:
            bases[name] = added
        before = np.concatenate([before, added], axis=1)
    # with one seed the actors are the rest, which then adds nothing
    expected = np.array([[((basis.T @ effects[other]) ** 2).sum() for other in bases] for basis in bases.values()])
    return bases, expected


def _indicators(labels: NDArray[Any]) -> NDArray[np.float64]:
    """A column for each label, 1 where a row has it: (N, labels)."""
    return np.eye(len(np.unique(labels)))[np.unique(labels, return_inverse=True)[1]]


def _orthonormal(columns: NDArray[Any]) -> NDArray[Any]:
    """An orthonormal basis of the space of columns, (N, rank)."""
    basis, sizes, _ = np.linalg.svd(columns, full_matrices=False)
    found: NDArray[Any] = basis[:, sizes > 1e-8 * max(1.0, float(sizes.max(initial=0.0)))]
    return found
