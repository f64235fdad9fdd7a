"""The choice of a rule by cross-validation over the actors that it learns from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emofusion.fusion.common.crossfit import NothingToLearnFrom, balanced_groups
from emofusion.fusion.common.losses import log_loss
from emofusion.fusion.common.rules import Members, Rule

GROUPS = 3  # more groups cost more fits, and change the choice on RAVDESS's posteriors in no fold


@dataclass(frozen=True)
class Candidate:
    """A rule that can be chosen. name: its kind. learns: whether it has parameters to fit. make: makes it, unfitted."""

    name: str
    learns: bool
    make: Callable[[], Rule]


class Choice(Rule):
    """The candidate with the lowest log loss on actors that it was not fitted on, fitted again on all clips.

    A candidate that learns is fitted on all groups of actors but one, and scored on that one, for each of three groups.
    The choice is nested: nothing about the clips that are fused afterwards has a part in it.

    candidates: the rules to choose from; among equal losses it is the first.
    """

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        super().__init__()
        self.candidates = candidates

    def fit(self, members: Members, truth: NDArray[Any]) -> Self:
        if not self.candidates:
            raise NothingToLearnFrom(
                "fusion.compare: the rule chosen has no rule to choose from; add one that uses no configured weights, "
                "such as product_equal or log_linear"
            )
        losses = [_loss(candidate, members, truth) for candidate in self.candidates]
        best = self.candidates[int(np.argmin(losses))]
        self.rule = best.make().fit(members, truth)
        named = {f"log_loss_{candidate.name}": loss for candidate, loss in zip(self.candidates, losses, strict=True)}
        self.parameters = {f"chosen_{best.name}": 1.0, **named}
        return self

    def fuse(self, members: Members) -> NDArray[Any]:
        return self.rule.fuse(members)


def _loss(candidate: Candidate, members: Members, truth: NDArray[Any]) -> float:
    """The log loss of a candidate on actors that it was not fitted on; with one actor, on this one's own clips."""
    actors = pd.Series(members.actors)
    number = min(GROUPS, actors.nunique())
    if not candidate.learns or number < 2:
        return log_loss(candidate.make().fit(members, truth).fuse(members), truth)
    of_clip = actors.map(balanced_groups(actors, number)).to_numpy()
    fused = np.empty(members.posteriors.shape[1:])
    for group in range(number):
        inside = of_clip == group
        fused[inside] = candidate.make().fit(members.where(~inside), truth[~inside]).fuse(members.where(inside))
    return log_loss(fused, truth)
