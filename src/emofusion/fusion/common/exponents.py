"""Log-linear pools with fitted exponents, and the same pools on log-posteriors that are centred on each speaker."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from emofusion.fusion.common.rules import Members, Rule, named, relative_entropy
from emofusion.predictions.pools import completed_logs, log_posteriors


class Exponents(Rule):
    """The product of the modalities' posteriors, each to the power of an exponent of 0 or more.

    The exponents have the lowest log loss. An exponent combines a modality's weight and its temperature. With `gated`,
    the exponent for a clip is a_m · exp(b_m · (H - 1/2)), where H is the relative entropy of the modality's posteriors
    of this clip.
    """

    def __init__(self, gated: bool = False) -> None:
        super().__init__()
        self.gated = gated

    def fit(self, members: Members, truth: NDArray[Any]) -> Self:
        members, count = members.completed(), len(members.posteriors)
        logs, rows = log_posteriors(members.posteriors), np.arange(len(truth))
        excess = relative_entropy(members.posteriors) - 0.5

        def loss(values: NDArray[Any]) -> tuple[float, NDArray[Any]]:
            powers, slopes = _powers(values, excess)
            logits = log_softmax((powers[..., None] * logs).sum(axis=0), axis=1)
            wrong = np.exp(logits)
            wrong[rows, truth] -= 1
            by_power = (wrong * logs).sum(axis=2) * slopes / len(truth)
            gradient = np.concatenate([by_power.sum(axis=1), (values[:count, None] * by_power * excess).sum(axis=1)])
            return -logits[rows, truth].mean(), gradient

        bounds = [(0, 20)] * count + [(-4, 4) if self.gated else (0, 0)] * count
        start = np.concatenate([np.full(count, 1 / count), np.zeros(count)])
        self.values = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
        self.parameters = named("exponent", members, self.values[:count])
        if self.gated:
            self.parameters |= named("exponent_by_entropy", members, self.values[count:])
        return self

    def fuse(self, members: Members) -> NDArray[Any]:
        members = members.completed()
        powers, _ = _powers(self.values, relative_entropy(members.posteriors) - 0.5)
        fused: NDArray[Any] = softmax((powers[..., None] * log_posteriors(members.posteriors)).sum(axis=0), axis=1)
        return fused


class BySpeaker(Rule):
    """Another rule on log-posteriors that are centred on each speaker's own clips.

    The mean over a speaker's clips is subtracted from this speaker's log-posteriors, and the mean over the clips that
    the rule learns from is added. This removes a model's bias for a person, which does not depend on the emotion. The
    rule is transductive: it uses all unlabelled clips of a test speaker.
    """

    def __init__(self, rule: Rule) -> None:
        super().__init__()
        self.rule = rule

    def fit(self, members: Members, truth: NDArray[Any]) -> Self:
        self.mean = completed_logs(members.posteriors, members.known).mean(axis=1, keepdims=True)
        self.rule.fit(self._centred(members), truth)
        self.parameters = self.rule.parameters
        return self

    def fuse(self, members: Members) -> NDArray[Any]:
        return self.rule.fuse(self._centred(members))

    def _centred(self, members: Members) -> Members:
        logs = completed_logs(members.posteriors, members.known)
        for actor in np.unique(members.actors):
            of_actor = members.actors == actor
            logs[:, of_actor] += self.mean - logs[:, of_actor].mean(axis=1, keepdims=True)
        return Members(softmax(logs, axis=2), members.actors, members.modalities)


def _powers(values: NDArray[Any], excess: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Each modality's exponent for each clip, and its derivative by the modality's base; (modalities, clips) each.

    values: the base of each modality, followed by the slope of each. excess: (modalities, clips), relative entropy
    minus 1/2.
    """
    base, by_entropy = np.split(values, 2)
    slopes = np.exp(by_entropy[:, None] * excess)
    return base[:, None] * slopes, slopes
