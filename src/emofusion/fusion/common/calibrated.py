"""Fused posteriors calibrated by one temperature."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from emofusion.fusion.common.rules import Members, Rule
from emofusion.predictions.pools import log_posteriors


class Calibrated(Rule):
    """Another rule, whose fused posteriors P become P^(1/T), normalised (Guo et al. 2017, arXiv 1706.04599).

    The temperature T has the lowest log loss on the clips that the rule learns from. It comes after the fusion, because
    a mean of calibrated posteriors is not calibrated: it is too cautious (Ranjan and Gneiting 2010, doi
    10.1111/j.1467-9868.2009.00726.x). The same classes are predicted as without it.
    """

    def __init__(self, rule: Rule) -> None:
        super().__init__()
        self.rule = rule

    def fit(self, members: Members, truth: NDArray[Any]) -> Self:
        self.rule.fit(members, truth)
        self.temperature = temperature(self.rule.fuse(members), truth)
        self.parameters = {"temperature": self.temperature, **self.rule.parameters}
        return self

    def fuse(self, members: Members) -> NDArray[Any]:
        fused: NDArray[Any] = softmax(log_posteriors(self.rule.fuse(members)) / self.temperature, axis=1)
        return fused


def temperature(posteriors: NDArray[Any], truth: NDArray[Any]) -> float:
    """The temperature T, from 0.05 to 20, for which softmax(log P / T) has the lowest log loss.

    posteriors: (clips, classes). truth: (clips,), positions among the classes.
    """
    logs, clips = log_posteriors(posteriors), np.arange(len(truth))

    def loss(log_t: float) -> float:
        return float(-log_softmax(logs / np.exp(log_t), axis=1)[clips, truth].mean())

    return float(np.exp(minimize_scalar(loss, bounds=(np.log(0.05), np.log(20)), method="bounded").x))
