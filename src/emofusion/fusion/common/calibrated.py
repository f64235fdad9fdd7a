"""Posteriors calibrated by a temperature for each modality, before another rule fuses them."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from emofusion.fusion.common.rules import Members, Rule, named
from emofusion.predictions.pools import log_posteriors


class Calibrated(Rule):
    """Another rule on posteriors P^(1/T), normalised, with a temperature T for each modality (Guo et al. 2017, arXiv
    1706.04599).

    A modality's temperature has the lowest log loss on the clips that the rule learns from. The other rule is fitted on
    the calibrated posteriors.
    """

    def __init__(self, rule: Rule) -> None:
        super().__init__()
        self.rule = rule

    def fit(self, members: Members, truth: NDArray[Any]) -> Self:
        numbers = range(len(members.posteriors))
        self.temperatures = np.array([_temperature_of(members, number, truth) for number in numbers])
        self.rule.fit(self._scaled(members), truth)
        self.parameters = {**named("temperature", members, self.temperatures), **self.rule.parameters}
        return self

    def fuse(self, members: Members) -> NDArray[Any]:
        return self.rule.fuse(self._scaled(members))

    def _scaled(self, members: Members) -> Members:
        logs = log_posteriors(members.posteriors) / self.temperatures[:, None, None]
        if members.known is not None:
            logs = np.where(members.known[:, None], logs, -np.inf)
        return Members(softmax(logs, axis=2), members.actors, members.modalities, members.known)


def _temperature_of(members: Members, number: int, truth: NDArray[Any]) -> float:
    """The temperature of a modality, on the clips whose class it knows; 1 where there is none."""
    posteriors = members.posteriors[number]
    if members.known is None or members.known[number].all():
        return temperature(posteriors, truth)
    known = members.known[number]
    clips, positions = known[truth], np.cumsum(known) - 1
    return temperature(posteriors[clips][:, known], positions[truth[clips]]) if clips.any() else 1.0


def temperature(posteriors: NDArray[Any], truth: NDArray[Any]) -> float:
    """The temperature T, from 0.05 to 20, for which softmax(log P / T) has the lowest log loss.

    posteriors: (clips, classes). truth: (clips,), positions among the classes.
    """
    logs, clips = log_posteriors(posteriors), np.arange(len(truth))

    def loss(log_t: float) -> float:
        return float(-log_softmax(logs / np.exp(log_t), axis=1)[clips, truth].mean())

    return float(np.exp(minimize_scalar(loss, bounds=(np.log(0.05), np.log(20)), method="bounded").x))
