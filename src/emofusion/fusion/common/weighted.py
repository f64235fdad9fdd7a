"""Pools whose weights are fitted on clips with known emotions. `fusion.common.crossfit` chooses these clips."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import softmax

from emofusion.fusion.common.losses import log_loss
from emofusion.fusion.common.rules import Members, Rule, named, normalised
from emofusion.predictions.pools import combined, pool, simplex, summands
from emofusion.predictions.ties import predicted, untied

# The number of fused posteriors in memory at once (64 MiB), so that many clips and weights do not need more memory.
CHUNK = 2**23


class Tuned(Rule):
    """A pool with the weights, in multiples of 1/steps, that recognise the most clips.

    If several weights recognise equally many clips, the lowest log loss decides. name: in `pools.POOLS`.
    """

    def __init__(self, name: str, steps: int) -> None:
        super().__init__()
        self.name, self.steps = name, steps

    def fit(self, members: Members, truth: NDArray[Any]) -> Self:
        grid = simplex(len(members.posteriors), self.steps)
        summed = untied(summands(self.name, members.posteriors, members.known))
        size = max(1, CHUNK // summed[0].size)
        parts = [grid[start : start + size] for start in range(0, len(grid), size)]
        sums = (combined(self.name, summed, part, members.known) for part in parts)
        counts = [(part.argmax(axis=-1) == truth).sum(axis=-1) for part in sums]
        correct = np.concatenate(counts)
        best = grid[correct == correct.max()]
        losses = [log_loss(self._fused(members, weights), truth) for weights in best]
        self.weights = best[int(np.argmin(losses))]
        self.parameters = named("weight", members, self.weights)
        return self

    def fuse(self, members: Members) -> NDArray[Any]:
        return self._fused(members, self.weights)

    def _fused(self, members: Members, weights: NDArray[Any]) -> NDArray[Any]:
        return pool(self.name, members.posteriors, weights, members.known)


class ByAccuracy(Rule):
    """A linear pool with weights in proportion to the accuracy of each single modality.

    This is the paper's argument for its weights 0.7 and 0.3: "selected based on their respective performance in
    unimodal classification tasks" (section 4.3).
    """

    def fit(self, members: Members, truth: NDArray[Any]) -> Self:
        accuracies = (predicted(members.posteriors) == truth).mean(axis=1)
        self.weights = normalised(np.maximum(accuracies, 1e-9))
        self.parameters = named("weight", members, self.weights)
        return self

    def fuse(self, members: Members) -> NDArray[Any]:
        return pool("linear", members.posteriors, self.weights)


class PerEmotion(Rule):
    """A linear pool with weights for each emotion: P_f(c) ∝ Σ_m w_m(c) P_m(c), where Σ_m w_m(c) = 1.

    The weights have the lowest log loss. ridge: the penalty on the squares of the log-weights, divided by the number of
    clips. With few clips, it keeps the weights of an emotion close to equal weights.
    """

    def __init__(self, classes: Sequence[str], ridge: float = 1.0) -> None:
        super().__init__()
        self.classes, self.ridge = classes, ridge

    def fit(self, members: Members, truth: NDArray[Any]) -> Self:
        shape = len(members.posteriors), members.posteriors.shape[2]

        def loss(flat: NDArray[Any]) -> float:
            fused = self._fused(members.posteriors, softmax(flat.reshape(shape), axis=0))
            return float(log_loss(fused, truth) + self.ridge * (flat**2).sum() / len(truth))

        self.weights = softmax(minimize(loss, np.zeros(np.prod(shape)), method="L-BFGS-B").x.reshape(shape), axis=0)
        self.parameters = {
            f"weight_{name}_{emotion}": float(self.weights[m, c])
            for m, name in enumerate(members.modalities)
            for c, emotion in enumerate(self.classes)
        }
        return self

    def fuse(self, members: Members) -> NDArray[Any]:
        return self._fused(members.posteriors, self.weights)

    def _fused(self, posteriors: NDArray[Any], weights: NDArray[Any]) -> NDArray[Any]:
        return normalised(np.maximum((weights[:, None] * posteriors).sum(axis=0), 1e-300))
