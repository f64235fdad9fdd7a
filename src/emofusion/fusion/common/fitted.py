"""Late-fusion rules with parameters, which are learnt from clips of known emotion: see `fusion.crossfit` for which."""

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_softmax, softmax

from emofusion.fusion.common.pools import POOLS, log_posteriors, pool, simplex, weighted_sum
from emofusion.fusion.common.rules import Members, Rule, normalised, relative_entropy

# One fused posterior in so many steps at once, so that many clips and weights stay in bounded memory (64 MiB).
CHUNK = 2**23


class Calibrated(Rule):
    """Another rule on members whose posteriors are scaled by a temperature each (Guo et al. 2017): P^(1/T), normalised.

    A member's temperature is the one with the least log loss on the clips learnt from; the other rule is fitted after.
    """

    def __init__(self, rule: Rule) -> None:
        super().__init__()
        self.rule = rule

    def fit(self, members: Members, truth: np.ndarray) -> "Calibrated":
        self.temperatures = np.array([temperature(member, truth) for member in members.posteriors])
        self.rule.fit(self._scaled(members), truth)
        named = zip(members.modalities, self.temperatures, strict=True)
        self.parameters = {**{f"temperature_{name}": float(value) for name, value in named}, **self.rule.parameters}
        return self

    def fuse(self, members: Members) -> np.ndarray:
        return self.rule.fuse(self._scaled(members))

    def _scaled(self, members: Members) -> Members:
        scaled = softmax(log_posteriors(members.posteriors) / self.temperatures[:, None, None], axis=2)
        return Members(scaled, members.actors, members.modalities)


class Chosen(Rule):
    """A pool under the weights of the grid of 1/steps that recognise most clips; of equal ones, those with the least
    log loss."""

    def __init__(self, name: str, steps: int) -> None:
        super().__init__()
        self.name, self.steps = name, steps

    def fit(self, members: Members, truth: np.ndarray) -> "Chosen":
        grid = simplex(len(members.posteriors), self.steps)
        summed = POOLS[self.name](members.posteriors)
        size = max(1, CHUNK // summed[0].size)
        parts = [
            (weighted_sum(summed, grid[start : start + size]).argmax(axis=-1) == truth).sum(axis=-1)
            for start in range(0, len(grid), size)
        ]
        correct = np.concatenate(parts)
        best = grid[correct == correct.max()]
        losses = [log_loss(pool(self.name, members.posteriors, weights), truth) for weights in best]
        self.weights = best[int(np.argmin(losses))]
        self.parameters = _named("weight", members, self.weights)
        return self

    def fuse(self, members: Members) -> np.ndarray:
        return pool(self.name, members.posteriors, self.weights)


class ByAccuracy(Rule):
    """A linear pool whose weights are in proportion to each modality's own accuracy: the paper's argument for 0.7 and
    0.3 ("selected based on their respective performance in unimodal classification tasks", section 4.3)."""

    def fit(self, members: Members, truth: np.ndarray) -> "ByAccuracy":
        accuracies = (members.posteriors.argmax(axis=2) == truth).mean(axis=1)
        self.weights = normalised(np.maximum(accuracies, 1e-9))
        self.parameters = _named("weight", members, self.weights)
        return self

    def fuse(self, members: Members) -> np.ndarray:
        return pool("linear", members.posteriors, self.weights)


class PerEmotion(Rule):
    """A linear pool with weights for each emotion, P_f(c) ∝ Σ_m w_m(c) P_m(c), Σ_m w_m(c) = 1, those with the least log
    loss. `ridge` holds an emotion's weights near equal ones where few clips speak (of the log-weights, per clip)."""

    def __init__(self, classes: list[str], ridge: float = 1.0) -> None:
        super().__init__()
        self.classes, self.ridge = classes, ridge

    def fit(self, members: Members, truth: np.ndarray) -> "PerEmotion":
        shape = len(members.posteriors), members.posteriors.shape[2]

        def loss(flat: np.ndarray) -> float:
            fused = self._fused(members.posteriors, softmax(flat.reshape(shape), axis=0))
            return log_loss(fused, truth) + self.ridge * (flat**2).sum() / len(truth)

        self.weights = softmax(minimize(loss, np.zeros(np.prod(shape)), method="L-BFGS-B").x.reshape(shape), axis=0)
        self.parameters = {
            f"weight_{name}_{emotion}": float(self.weights[m, c])
            for m, name in enumerate(members.modalities)
            for c, emotion in enumerate(self.classes)
        }
        return self

    def fuse(self, members: Members) -> np.ndarray:
        return self._fused(members.posteriors, self.weights)

    def _fused(self, posteriors: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return normalised(np.maximum((weights[:, None] * posteriors).sum(axis=0), 1e-300))


class Exponents(Rule):
    """The product of the members' posteriors, each to a power of 0 or more: the powers with the least log loss.

    A power is a member's weight and its temperature in one. With `gated`, a clip's power is a_m · exp(b_m · (H - 1/2)),
    H the member's entropy on that clip as a share of the greatest.
    """

    def __init__(self, gated: bool = False) -> None:
        super().__init__()
        self.gated = gated

    def fit(self, members: Members, truth: np.ndarray) -> "Exponents":
        count = len(members.posteriors)
        logs, rows = log_posteriors(members.posteriors), np.arange(len(truth))
        excess = relative_entropy(members.posteriors) - 0.5

        def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
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
        self.parameters = _named("exponent", members, self.values[:count])
        if self.gated:
            self.parameters |= _named("exponent_by_entropy", members, self.values[count:])
        return self

    def fuse(self, members: Members) -> np.ndarray:
        powers, _ = _powers(self.values, relative_entropy(members.posteriors) - 0.5)
        return softmax((powers[..., None] * log_posteriors(members.posteriors)).sum(axis=0), axis=1)


class Stacked(Rule):
    """Multinomial logistic regression on the log-posteriors of all members (stacked generalisation, Wolpert 1992).

    `strengths` are inverses of the penalty, as scikit-learn's C; that with the least log loss in five-fold
    cross-validation over the actors learnt from is taken, the first where there are too few actors for it.
    """

    def __init__(self, strengths: tuple[float, ...] = (0.1, 0.01, 1.0)) -> None:
        super().__init__()
        self.strengths = strengths

    def fit(self, members: Members, truth: np.ndarray) -> "Stacked":
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import GroupKFold, cross_val_predict
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        def model(strength: float):
            return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, C=strength))

        table, classes, best = self._table(members), np.unique(truth, return_inverse=True)[1], self.strengths[0]
        groups = min(5, len(set(members.actors)))
        folds = list(GroupKFold(groups).split(truth, groups=members.actors)) if groups > 1 else []
        if len(self.strengths) > 1 and folds and all(set(truth[train]) == set(truth) for train, _ in folds):
            losses = [
                log_loss(cross_val_predict(model(c), table, truth, cv=folds, method="predict_proba"), classes)
                for c in self.strengths
            ]
            best = self.strengths[int(np.argmin(losses))]
        self.model = model(best).fit(table, truth)
        self.parameters = {"inverse_penalty": float(best)}
        return self

    def fuse(self, members: Members) -> np.ndarray:
        fused = np.zeros(members.posteriors.shape[1:])  # a class that no clip learnt from has is never recognised
        fused[:, self.model.classes_] = self.model.predict_proba(self._table(members))
        return fused

    def _table(self, members: Members) -> np.ndarray:
        return np.concatenate(list(log_posteriors(members.posteriors)), axis=1)


class BySpeaker(Rule):
    """Another rule on members whose log-posteriors are centred on each speaker's own clips: transductive.

    From each speaker's log-posteriors their mean over that speaker's clips is taken, and that over the clips learnt
    from is added, so that what a model says of a person whatever they express is left out. It uses all unlabelled clips
    of a test speaker.
    """

    def __init__(self, rule: Rule) -> None:
        super().__init__()
        self.rule = rule

    def fit(self, members: Members, truth: np.ndarray) -> "BySpeaker":
        self.mean = log_posteriors(members.posteriors).mean(axis=1, keepdims=True)
        self.rule.fit(self._centred(members), truth)
        self.parameters = self.rule.parameters
        return self

    def fuse(self, members: Members) -> np.ndarray:
        return self.rule.fuse(self._centred(members))

    def _centred(self, members: Members) -> Members:
        logs = log_posteriors(members.posteriors)
        for actor in np.unique(members.actors):
            own = members.actors == actor
            logs[:, own] += self.mean - logs[:, own].mean(axis=1, keepdims=True)
        return Members(softmax(logs, axis=2), members.actors, members.modalities)


def temperature(posteriors: np.ndarray, truth: np.ndarray) -> float:
    """The T, from 0.05 to 20, for which softmax(log P / T) has the least log loss; posteriors: (clips, classes)."""
    logs = log_posteriors(posteriors)

    def loss(log_t: float) -> float:
        return -log_softmax(logs / np.exp(log_t), axis=1)[np.arange(len(truth)), truth].mean()

    return float(np.exp(minimize_scalar(loss, bounds=(np.log(0.05), np.log(20)), method="bounded").x))


def log_loss(posteriors: np.ndarray, truth: np.ndarray) -> float:
    """The mean over clips of minus the natural logarithm of the true class's posterior, of 1e-12 where it is less."""
    return float(-log_posteriors(posteriors[np.arange(len(truth)), truth]).mean())


def _powers(values: np.ndarray, excess: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each member's power on each clip, (members, clips), and its slope by the first half of the values."""
    base, by_entropy = np.split(values, 2)
    slopes = np.exp(by_entropy[:, None] * excess)
    return base[:, None] * slopes, slopes


def _named(what: str, members: Members, values: np.ndarray) -> dict[str, float]:
    return {f"{what}_{name}": float(value) for name, value in zip(members.modalities, values, strict=True)}
