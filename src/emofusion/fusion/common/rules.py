"""What every fusion rule does, and the rules that learn nothing.

A rule here is a small class with two methods over any number of modalities: `fit(members, truth)`, which returns the
rule itself, and `fuse(members)`, which returns the fused posteriors. What it has learnt is in `parameters`, by name.
A kind of fusion rule (`emofusion.settings.kinds.FusionRule`) makes one for the settings of an experiment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from emofusion.errors import EmofusionError
from emofusion.predictions.pools import log_posteriors, pool


@dataclass(frozen=True)
class Members:
    """What a rule sees of some clips. It sees no label.

    posteriors: (modalities, clips, classes); each row of each modality sums to 1. actors: (clips,), who is seen and
    heard. modalities: their names, in the order of the first axis.
    """

    posteriors: NDArray[Any]
    actors: NDArray[Any]
    modalities: Sequence[str]

    def where(self, chosen: NDArray[Any]) -> "Members":
        """The clips that a mask or an index chooses."""
        return Members(self.posteriors[:, chosen], self.actors[chosen], self.modalities)


class Rule:
    """What all rules have in common. `parameters`: those that were learnt, by name."""

    def __init__(self) -> None:
        self.parameters: dict[str, float] = {}

    def fit(self, members: Members, truth: NDArray[Any]) -> Self:
        """Learn from clips of known class; a rule without parameters learns nothing.

        truth: (clips,), each clip's class as its position among the classes.
        """
        return self

    def fuse(self, members: Members) -> NDArray[Any]:
        """Fused posteriors, (clips, classes); each row sums to 1."""
        raise NotImplementedError


class Pool(Rule):
    """A pool under given weights.

    name: in `pools.POOLS`. weights: (modalities,), 0 or more with sum 1; None for equal ones.
    """

    def __init__(self, name: str, weights: NDArray[Any] | None = None) -> None:
        super().__init__()
        self.name, self.weights = name, weights

    def fuse(self, members: Members) -> NDArray[Any]:
        count = len(members.posteriors)
        return pool(self.name, members.posteriors, np.full(count, 1 / count) if self.weights is None else self.weights)


class Maximum(Rule):
    """The greatest posterior that any modality gives a class, normalised (the max rule of Kittler et al. 1998,
    doi 10.1109/34.667881)."""

    def fuse(self, members: Members) -> NDArray[Any]:
        return normalised(members.posteriors.max(axis=0))


class Majority(Rule):
    """One vote for each modality's most probable class; the mean posterior decides between classes with as many votes.

    The fused posterior is the number of votes and the mean posterior together, normalised.
    """

    def fuse(self, members: Members) -> NDArray[Any]:
        classes = members.posteriors.shape[2]
        votes = np.eye(classes)[members.posteriors.argmax(axis=2)].sum(axis=0)
        # A mean posterior is at most 1, so that it never outweighs a vote.
        return normalised(votes + members.posteriors.mean(axis=0))


class ByConfidence(Rule):
    """A linear pool whose weights are, clip by clip, in proportion to each modality's greatest posterior."""

    def fuse(self, members: Members) -> NDArray[Any]:
        return _weighted_by_clip(members.posteriors, members.posteriors.max(axis=2))


class ByEntropy(Rule):
    """A linear pool whose weights are, clip by clip, in proportion to how far each modality's entropy is below that of
    equal posteriors."""

    def fuse(self, members: Members) -> NDArray[Any]:
        return _weighted_by_clip(members.posteriors, np.maximum(1 - relative_entropy(members.posteriors), 1e-9))


def relative_entropy(posteriors: NDArray[Any]) -> NDArray[Any]:
    """The entropy along the last axis as a share of the greatest possible: 0 (certain) to 1 (all classes equal)."""
    entropy: NDArray[Any] = -(posteriors * log_posteriors(posteriors)).sum(axis=-1) / np.log(posteriors.shape[-1])
    return entropy


def normalised(scores: NDArray[Any]) -> NDArray[Any]:
    """The scores divided so that each row sums to 1."""
    shares: NDArray[Any] = scores / scores.sum(axis=-1, keepdims=True)
    return shares


def named(quantity: str, members: Members, values: NDArray[Any]) -> dict[str, float]:
    """Parameters with one value for each modality, as in `weight_speech`."""
    return {f"{quantity}_{name}": float(value) for name, value in zip(members.modalities, values, strict=True)}


def weights_of(weights: dict[str, float], modalities: Sequence[str]) -> NDArray[Any]:
    """The weights in the order of the modalities, (modalities,).

    Raises `EmofusionError` unless each modality has one weight, none is negative and they sum to 1 (within 1e-6).
    """
    if set(weights) != set(modalities):
        raise EmofusionError(
            f"fusion.weights names {', '.join(weights) or 'nothing'}, but the modalities are {', '.join(modalities)}; "
            "give each of them a weight."
        )
    values = np.array([weights[modality] for modality in modalities], dtype=float)
    if not (values >= 0).all() or abs(values.sum() - 1) > 1e-6:
        shown = ", ".join(f"{modality}: {weights[modality]}" for modality in modalities)
        raise EmofusionError(f"fusion.weights must be 0 or more and sum to 1, not {{{shown}}} (sum {values.sum():g}).")
    return values


def _weighted_by_clip(posteriors: NDArray[Any], weights: NDArray[Any]) -> NDArray[Any]:
    return normalised((weights[..., None] * posteriors).sum(axis=0))
