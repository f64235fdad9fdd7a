"""A fusion rule in use: fitted on all clips of an experiment, and applied to clips that belong to none."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from emofusion.fusion.common.calibrated import Calibrated
from emofusion.fusion.common.crossfit import members_of
from emofusion.fusion.common.rules import Rule, weights_of
from emofusion.plan.settings import FusionSettings
from emofusion.predictions.missing import patterns, shared_weights
from emofusion.predictions.table import Aligned
from emofusion.settings.kinds import FusionRule, FusionTask


@dataclass(frozen=True)
class DeployedRule:
    """A rule that learns from the test clips of an experiment, each scored by models that did not learn from its actor.

    A clip that lacks a modality is fused by a rule that is fitted on the other modalities alone, as in an experiment
    (`crossfit.score`).

    rule: the rule. settings: its weights and options. examples: the cached predictions of all modalities. calibrated:
    whether one temperature, fitted on the same clips, follows the rule.
    """

    rule: FusionRule
    settings: FusionSettings
    examples: Aligned
    calibrated: bool = True

    def fuse(self, aligned: Aligned) -> NDArray[np.float64]:
        """The fused posteriors of clips, (clips, classes of the examples).

        aligned: the posteriors of new clips, with the modalities and the classes of the examples.
        """
        fused = np.zeros((len(aligned.clips), len(self.examples.classes)))
        for modalities, chosen in patterns(aligned.present):
            fitted, classes = self.fitted(modalities)
            part = aligned.only(modalities)
            rows = aligned.present[np.ix_(modalities, np.arange(len(aligned.clips)))].all(axis=0).cumsum()[chosen] - 1
            with threadpool_limits(1):
                fused[np.ix_(chosen, classes)] = fitted.fuse(members_of(part).where(rows))
        return fused

    def fitted(self, modalities: NDArray[np.intp]) -> tuple[Rule, NDArray[np.intp]]:
        """The rule of some modalities (their positions), fitted; and the positions of the classes that they know."""
        part = self.examples.only(modalities)
        weights = shared_weights(weights_of(self.settings.weights, self.examples.modalities), modalities)
        task = FusionTask(part.modalities, part.classes, weights, self.settings.steps, self.settings.candidates)
        rule = self.rule.make(task)
        rule = Calibrated(rule) if self.calibrated else rule
        truth = np.array([part.classes.index(name) if name in part.classes else -1 for name in part.clips["emotion"]])
        learnt = (part.clips["split"] == "test").to_numpy() & (truth >= 0)
        with threadpool_limits(1):
            rule.fit(members_of(part).where(learnt), truth[learnt])
        classes = np.array([self.examples.classes.index(name) for name in part.classes])
        return rule, classes

    def with_weights(self, weights: dict[str, float]) -> "DeployedRule":
        """The same rule with other weights: modality → weight, 0 or more, with sum 1."""
        return replace(self, settings=replace(self.settings, weights=weights))
