"""Late-fusion rules that learn nothing: what they make of several modalities' posteriors.

Every rule, here and in `fusion.fitted`, is a small class with the same two methods over any number of modalities:
`fit(members, truth)`, which returns the rule itself, and `fuse(members)`, the fused posteriors. What a rule has learnt
is in its `parameters`, by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emofusion.errors import EmofusionError
from emofusion.fusion.common.pools import log_posteriors, pool


@dataclass(frozen=True)
class Members:
    """What a rule sees of some clips: no label.

    posteriors: (modalities, clips, classes), rows sum to 1. actors: (clips,), who is seen and heard.
    modalities: their names, in that order.
    """

    posteriors: np.ndarray
    actors: np.ndarray
    modalities: Sequence[str]

    def where(self, chosen: np.ndarray) -> "Members":
        """The clips that a mask or an index chooses."""
        return Members(self.posteriors[:, chosen], self.actors[chosen], self.modalities)


class Rule:
    """What rules have in common; `parameters` are those learnt."""

    def __init__(self) -> None:
        self.parameters: dict[str, float] = {}

    def fit(self, members: Members, truth: np.ndarray) -> "Rule":
        """Learn from clips whose classes, (clips,) as numbers, are known; nothing, unless a rule says so."""
        return self

    def fuse(self, members: Members) -> np.ndarray:
        """Fused posteriors, (clips, classes); each row sums to 1."""
        raise NotImplementedError


class Pool(Rule):
    """A weighted pool under given weights: `linear` is the paper's rule, `product` the log-linear one.

    name: in `pools.POOLS`. weights: (modalities,), 0 or more with sum 1; equal ones if None.
    """

    def __init__(self, name: str, weights: np.ndarray | None = None) -> None:
        super().__init__()
        self.name, self.weights = name, weights

    def fuse(self, members: Members) -> np.ndarray:
        count = len(members.posteriors)
        return pool(self.name, members.posteriors, np.full(count, 1 / count) if self.weights is None else self.weights)


class Maximum(Rule):
    """The greatest posterior that any modality gives a class, normalised (the max rule of Kittler et al. 1998,
    doi 10.1109/34.667881)."""

    def fuse(self, members: Members) -> np.ndarray:
        return normalised(members.posteriors.max(axis=0))


class Majority(Rule):
    """One vote a modality for its most probable class; of classes with as many votes, the mean posterior decides."""

    def fuse(self, members: Members) -> np.ndarray:
        classes = members.posteriors.shape[2]
        votes = np.eye(classes)[members.posteriors.argmax(axis=2)].sum(axis=0)
        # a mean posterior is at most 1, so that it never outweighs a vote
        return normalised(votes + members.posteriors.mean(axis=0))


class ByConfidence(Rule):
    """A linear pool whose weights are, clip by clip, in proportion to each modality's greatest posterior."""

    def fuse(self, members: Members) -> np.ndarray:
        return _weighted_by_clip(members.posteriors, members.posteriors.max(axis=2))


class ByEntropy(Rule):
    """A linear pool whose weights are, clip by clip, in proportion to how far each modality's entropy is below that of
    equal posteriors."""

    def fuse(self, members: Members) -> np.ndarray:
        return _weighted_by_clip(members.posteriors, np.maximum(1 - relative_entropy(members.posteriors), 1e-9))


def relative_entropy(posteriors: np.ndarray) -> np.ndarray:
    """The entropy along the last axis as a share of the greatest possible: 0 (certain) to 1 (all classes equal)."""
    return -(posteriors * log_posteriors(posteriors)).sum(axis=-1) / np.log(posteriors.shape[-1])


def normalised(scores: np.ndarray) -> np.ndarray:
    """Divided so that each row sums to 1."""
    return scores / scores.sum(axis=-1, keepdims=True)


def _weighted_by_clip(posteriors: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return normalised((weights[..., None] * posteriors).sum(axis=0))


def weights_of(weights: dict[str, float], modalities: Sequence[str]) -> np.ndarray:
    """The weights in the order of the modalities, (modalities,).

    Raises `EmofusionError` unless each modality has one weight, none is negative and they sum to 1 (within 1e-6).
    """
    if set(weights) != set(modalities):
        raise EmofusionError(
            f"fusion.weights names {', '.join(weights) or 'nothing'}, but the modalities are {', '.join(modalities)}; "
            "give each of them a weight."
        )
    found = np.array([weights[modality] for modality in modalities], dtype=float)
    if not (found >= 0).all() or abs(found.sum() - 1) > 1e-6:
        shown = ", ".join(f"{modality}: {weights[modality]}" for modality in modalities)
        raise EmofusionError(f"fusion.weights must be 0 or more and sum to 1, not {{{shown}}} (sum {found.sum():g}).")
    return found
