"""Logistic regression as a fusion rule."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from emofusion.fusion.common.losses import log_loss
from emofusion.fusion.common.rules import Members, Rule
from emofusion.predictions.pools import log_posteriors


class Stacking(Rule):
    """Multinomial logistic regression on the log-posteriors of all modalities (stacked generalisation, Wolpert 1992).

    strengths: candidates for the inverse of the penalty, scikit-learn's C. Five-fold cross-validation over the actors
    that the rule learns from chooses the one with the lowest log loss. With too few actors, the first is used.
    """

    def __init__(self, strengths: Sequence[float] = (0.1, 0.01, 1.0)) -> None:
        super().__init__()
        self.strengths = strengths

    def fit(self, members: Members, truth: NDArray[Any]) -> Self:
        from sklearn.dummy import DummyClassifier
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import GroupKFold, cross_val_predict
        from sklearn.pipeline import make_pipeline

        from emofusion.fusion.common.scaling import LogScaler

        def model(strength: float) -> Any:
            return make_pipeline(LogScaler(), LogisticRegression(max_iter=1000, C=strength))

        table, classes, best = self._table(members), np.unique(truth, return_inverse=True)[1], self.strengths[0]
        several, groups = len(set(truth)) > 1, min(5, len(set(members.actors)))
        folds = list(GroupKFold(groups).split(truth, groups=members.actors)) if several and groups > 1 else []
        with threadpool_limits(1):  # again, because a limit only affects libraries that are loaded already
            if len(self.strengths) > 1 and folds and all(set(truth[train]) == set(truth) for train, _ in folds):
                losses = [
                    log_loss(cross_val_predict(model(c), table, truth, cv=folds, method="predict_proba"), classes)
                    for c in self.strengths
                ]
                best = self.strengths[int(np.argmin(losses))]
            # clips of one class teach nothing else: this class is always recognised then
            chosen = model(best) if several else DummyClassifier(strategy="prior")
            self.model = chosen.fit(table, truth)
        self.parameters = {"inverse_penalty": float(best)}
        return self

    def fuse(self, members: Members) -> NDArray[Any]:
        # a class without clips to learn from is never recognised
        fused = np.zeros(members.posteriors.shape[1:])
        fused[:, self.model.classes_] = self.model.predict_proba(self._table(members))
        return fused

    def _table(self, members: Members) -> NDArray[Any]:
        return np.concatenate(list(log_posteriors(members.posteriors)), axis=1)
