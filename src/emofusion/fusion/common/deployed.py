"""A fusion rule in use: fitted on all clips of an experiment, and applied to clips that belong to none."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from emofusion.fusion.common.calibrated import Calibrated
from emofusion.fusion.common.crossfit import members_of
from emofusion.fusion.common.rules import Rule, weights_of
from emofusion.plan.settings import FusionSettings
from emofusion.predictions.missing import patterns, shared_weights
from emofusion.predictions.table import Aligned
from emofusion.settings.kinds import FusionRule, FusionTask
from emofusion.threads import limited_threads


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
    _fitted: dict[tuple[int, ...], tuple[Rule, NDArray[np.intp]]] = field(default_factory=dict, init=False, repr=False)

    def fuse(self, aligned: Aligned) -> NDArray[np.float64]:
        """The fused posteriors of clips, (clips, classes of the examples).

        aligned: the posteriors of new clips, with the modalities and the classes of the examples.
        """
        fused = np.zeros((len(aligned.clips), len(self.examples.classes)))
        for modalities, chosen in patterns(aligned.present):
            fitted, classes = self.fitted(modalities)
            part = aligned.only(modalities)
            rows = aligned.present[modalities].all(axis=0).cumsum()[chosen] - 1
            with limited_threads(1):
                fused[np.ix_(chosen, classes)] = fitted.fuse(members_of(part).where(rows))
        return fused

    def fitted(self, modalities: NDArray[np.intp]) -> tuple[Rule, NDArray[np.intp]]:
        """The rule of some modalities (their positions), fitted; and the positions of the classes that they know.

        It is fitted once, because a server asks for it with every request.
        """
        key = tuple(modalities.tolist())
        if key not in self._fitted:
            self._fitted[key] = self._fit(modalities)
        return self._fitted[key]

    def _fit(self, modalities: NDArray[np.intp]) -> tuple[Rule, NDArray[np.intp]]:
        part = self.examples.only(modalities)
        weights = shared_weights(weights_of(self.settings.weights, self.examples.modalities), modalities)
        task = FusionTask(part.modalities, part.classes, weights, self.settings.steps, self.settings.candidates)
        rule = self.rule.make(task)
        rule = Calibrated(rule) if self.calibrated else rule
        truth = pd.Index(part.classes).get_indexer(part.clips["emotion"])
        learnt = (part.clips["split"] == "test").to_numpy() & (truth >= 0)
        with threadpool_limits(1):
            rule.fit(members_of(part).where(learnt), truth[learnt])
        return rule, pd.Index(self.examples.classes).get_indexer(part.classes)
