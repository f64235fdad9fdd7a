"""The base class of fusion rules, and the rules without parameters to fit.

A rule is a small class with two methods, for any number of modalities. `fit(members, truth)` returns the rule itself.
`fuse(members)` returns the fused posteriors. `parameters` has the fitted parameters by name. A kind of fusion rule
(`emofusion.settings.kinds.FusionRule`) makes a rule from the settings of an experiment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from emofusion.errors import EmofusionError
from emofusion.predictions.pools import completed_logs, log_posteriors, pool
from emofusion.predictions.ties import predicted


@dataclass(frozen=True)
class Members:
    """The inputs of a rule for some clips. They contain no labels.

    posteriors: (modalities, clips, classes); each row of each modality sums to 1. actors: (clips,), the actor of each
    clip. modalities: their names, in the order of the first axis. known: (modalities, classes), whether a modality
    knows a class; a class that it does not know has the posterior 0. None: all classes are known.
    """

    posteriors: NDArray[Any]
    actors: NDArray[Any]
    modalities: Sequence[str]
    known: NDArray[np.bool_] | None = None

    def where(self, chosen: NDArray[Any]) -> "Members":
        """The clips that a mask or an index selects."""
        return Members(self.posteriors[:, chosen], self.actors[chosen], self.modalities, self.known)

    @property
    def knows_all(self) -> bool:
        """Whether each modality knows each class."""
        return self.known is None or bool(self.known.all())

    def completed(self) -> "Members":
        """Members that know all classes: see `pools.completed_logs`. Rules that multiply posteriors need them."""
        if self.knows_all:
            return self
        return Members(np.exp(completed_logs(self.posteriors, self.known)), self.actors, self.modalities)


class Rule:
    """The base class of rules. parameters: name → fitted value."""

    def __init__(self) -> None:
        self.parameters: dict[str, float] = {}

    def fit(self, members: Members, truth: NDArray[Any]) -> Self:
        """Fit the parameters on clips with known classes. A rule without parameters does nothing.

        members: the posteriors of the clips. truth: (clips,), the position of each clip's class among the classes.
        """
        return self

    def fuse(self, members: Members) -> NDArray[Any]:
        """Fused posteriors, (clips, classes); each row sums to 1."""
        raise NotImplementedError


class Pool(Rule):
    """A pool with fixed weights.

    name: in `pools.POOLS`. weights: (modalities,), 0 or more with sum 1; None for equal weights.
    """

    def __init__(self, name: str, weights: NDArray[Any] | None = None) -> None:
        super().__init__()
        self.name, self.weights = name, weights

    def fuse(self, members: Members) -> NDArray[Any]:
        count = len(members.posteriors)
        weights = np.full(count, 1 / count) if self.weights is None else self.weights
        return pool(self.name, members.posteriors, weights, members.known)


class Maximum(Rule):
    """The largest posterior of a class over all modalities, normalised (the max rule of Kittler et al. 1998,
    doi 10.1109/34.667881)."""

    def fuse(self, members: Members) -> NDArray[Any]:
        return normalised(members.posteriors.max(axis=0))


class Majority(Rule):
    """One vote for each modality's most probable class. The mean posterior decides between equally many votes.

    The fused posterior is the number of votes plus the mean posterior, normalised.
    """

    def fuse(self, members: Members) -> NDArray[Any]:
        classes = members.posteriors.shape[2]
        votes = np.eye(classes)[predicted(members.posteriors)].sum(axis=0)
        # a mean posterior is at most 1, so it never outweighs a vote
        return normalised(votes + members.posteriors.mean(axis=0))


class ByConfidence(Rule):
    """A linear pool with weights for each clip, in proportion to each modality's largest posterior."""

    def fuse(self, members: Members) -> NDArray[Any]:
        return _weighted_by_clip(members.posteriors, members.posteriors.max(axis=2))


class ByEntropy(Rule):
    """A linear pool with weights for each clip, in proportion to the largest possible entropy minus the modality's
    entropy."""

    def fuse(self, members: Members) -> NDArray[Any]:
        return _weighted_by_clip(members.posteriors, np.maximum(1 - relative_entropy(members.posteriors), 1e-9))


def relative_entropy(posteriors: NDArray[Any]) -> NDArray[Any]:
    """The entropy along the last axis divided by the largest possible one: 0 (certain) to 1 (all classes equal)."""
    entropy: NDArray[Any] = -(posteriors * log_posteriors(posteriors)).sum(axis=-1) / np.log(posteriors.shape[-1])
    return entropy


def normalised(scores: NDArray[Any]) -> NDArray[Any]:
    """The scores divided so that each row sums to 1."""
    shares: NDArray[Any] = scores / scores.sum(axis=-1, keepdims=True)
    return shares


def named(quantity: str, members: Members, values: NDArray[Any]) -> dict[str, float]:
    """Parameters with one value for each modality, such as `weight_speech`. values: (modalities,)."""
    return {f"{quantity}_{name}": float(value) for name, value in zip(members.modalities, values, strict=True)}


def weights_of(weights: dict[str, float], modalities: Sequence[str]) -> NDArray[Any]:
    """The weights in the order of the modalities, (modalities,).

    Raises `EmofusionError` unless each modality has one weight, none is negative and they sum to 1 (within 1e-6).
    """
    if set(weights) != set(modalities):
        raise EmofusionError(
            f"fusion.weights names {', '.join(weights) or 'nothing'}, but the modalities are {', '.join(modalities)}; "
            "set a weight for each of them."
        )
    values = np.array([weights[modality] for modality in modalities], dtype=float)
    if not (values >= 0).all() or abs(values.sum() - 1) > 1e-6:
        shown = ", ".join(f"{modality}: {weights[modality]}" for modality in modalities)
        raise EmofusionError(f"fusion.weights must be 0 or more and sum to 1, not {{{shown}}} (sum {values.sum():g}).")
    return values


def _weighted_by_clip(posteriors: NDArray[Any], weights: NDArray[Any]) -> NDArray[Any]:
    return normalised((weights[..., None] * posteriors).sum(axis=0))
