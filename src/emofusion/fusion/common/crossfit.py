"""Choose the clips that a fusion rule learns from, so that no parameters are fitted on an actor whom they score.

* `validation`: the clips of the validation actors in the fold of the scored clip.
* `cross_fitted`: test clips of other actors. Test actors are divided into groups, as the folds divide them. If one fold
  tests all actors, or two folds share an actor, there are five groups with about equally many clips. Each group is
  scored with parameters that were fitted on the other groups.
* `nested`: as `cross_fitted`, on posteriors of models that learnt from neither fold, see `nested`.
* `auto`: `validation`, if two conditions hold, and otherwise `cross_fitted`. First, every fold must have validation
  clips, scored by all modalities, of every emotion tested in it. Second, no actor may have validation and test clips in
  the same fold, as it happens in folds of clips.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from emofusion.errors import EmofusionError
from emofusion.fusion.common.nested import nested_parts
from emofusion.fusion.common.rules import Members, weights_of
from emofusion.plan.settings import FusionSettings
from emofusion.predictions.missing import in_words, patterns, shared_weights
from emofusion.predictions.table import Aligned
from emofusion.settings.kinds import FusionRule, FusionTask

GROUPS = 5
WORDS = {
    "nothing": "nothing",
    "validation": "validation clips",
    "cross_fitted": "test clips of other actors (cross-fitted)",
    "nested": "test clips of other actors, scored by models that learnt from nobody of the fold (nested cross-fitting)",
    "oracle": "the test clips themselves (oracle)",
}

NO_OTHER_ACTOR = (
    "fusion.rule: there is only one test actor, and no other actor to learn its parameters from; choose a rule "
    "without parameters, such as linear or product."
)

Mask = NDArray[np.bool_]


class NothingToLearnFrom(EmofusionError):
    """A rule has parameters, but there are no clips to learn them from except those that it is tested on."""


@dataclass(frozen=True)
class Scored:
    """The posteriors of a rule for the test clips.

    posteriors: (test clips, classes). fitted_on: a key of `WORDS`. parameters: a row for each parameter and group of
    test clips, with the columns group, clips (the number of clips that it was fitted on), name and value.
    """

    posteriors: NDArray[Any]
    fitted_on: str
    parameters: pd.DataFrame


def how_to_fit(aligned: Aligned, fit_on: str) -> str:
    """`validation`, `cross_fitted` or `nested`.

    Args:
        aligned: the posteriors of all modalities on the same clips, which the rule is fitted on.
        fit_on: the setting `fusion.fit_on`, which may be `auto`.

    Raises:
        EmofusionError: `fit_on` is `validation`, and some tested emotion has no validation clip.
    """
    if fit_on in ("cross_fitted", "nested"):
        return fit_on
    groups = aligned.clips.groupby(["fold", "split"])
    emotions = {part: set(rows["emotion"]) for part, rows in groups}
    actors = {part: set(rows["actor"]) for part, rows in groups}
    tested = sorted(fold for fold, split in emotions if split == "test")
    nobody: set[str] = set()
    if fit_on == "auto" and any(actors[fold, "test"] & actors.get((fold, "validation"), nobody) for fold in tested):
        return "cross_fitted"
    lacking = [fold for fold in tested if emotions[fold, "test"] - emotions.get((fold, "validation"), nobody)]
    if fit_on == "validation" and lacking:
        raise EmofusionError(
            f"fusion.fit_on=validation: in fold {lacking[0]} not every tested emotion has a validation clip that all "
            "modalities scored; set fusion.fit_on=cross_fitted."
        )
    return "cross_fitted" if lacking else "validation"


def score(aligned: Aligned, rule: FusionRule, settings: FusionSettings) -> Scored:
    """Fit the rule on the clips that its role and `settings.fit_on` allow, and fuse every test clip.

    A clip that lacks modalities is fused as if the experiment had only the modalities that the clip has: by a rule that
    is fitted on the clips that have them too, with the configured weights in their proportions.

    Everything runs on one thread. With more threads, sums are added up in another order, and fitted parameters would
    depend on the machine's number of cores.

    Args:
        aligned: the posteriors of all modalities on the same clips, and those that rules are fitted on.
        rule: the kind of rule, with its settings.
        settings: the weights, and the clips that rules learn from.

    Raises:
        EmofusionError: the weights do not fit the modalities.
        NothingToLearnFrom: there are too few actors for cross-fitting.
    """
    if aligned.present.all():
        return _score(aligned, rule, settings)
    test = (aligned.clips["split"] == "test").to_numpy()
    fused, parameters, fitted_on = np.zeros((int(test.sum()), len(aligned.classes))), [], ""
    weights = weights_of(settings.weights, aligned.modalities)
    for modalities, chosen in patterns(aligned.present[:, test]):
        part = aligned.only(modalities)
        shares = dict(zip(part.modalities, shared_weights(weights, modalities), strict=True))
        names = in_words(part.modalities, len(aligned.modalities))
        try:
            scored = _score(part, rule, replace(settings, weights=shares))
        except NothingToLearnFrom as error:
            raise NothingToLearnFrom(f"{error} (of clips with {names})") from error
        # the part has all clips with these modalities; those that have further ones belong to another pattern
        rows = aligned.present[np.ix_(modalities, np.flatnonzero(test))].all(axis=0)
        columns = pd.Index(aligned.classes).get_indexer(part.classes)
        fused[np.ix_(chosen, columns)] = scored.posteriors[rows.cumsum()[chosen] - 1]
        if len(part.modalities) < len(aligned.modalities):
            scored.parameters["name"] += f" ({names})"
        parameters.append(scored.parameters)
        fitted_on = fitted_on or scored.fitted_on
    return Scored(fused, fitted_on, pd.concat(parameters, ignore_index=True))


def _score(aligned: Aligned, rule: FusionRule, settings: FusionSettings) -> Scored:
    """`score` where no clip lacks a modality."""
    test = (aligned.clips["split"] == "test").to_numpy()
    members = members_of(aligned)
    weights = weights_of(settings.weights, aligned.modalities)
    task = FusionTask(aligned.modalities, aligned.classes, weights, settings.steps, settings.candidates)
    fit_on = "nothing"
    if rule.learns:
        fit_on = "oracle" if rule.role == "oracle" else how_to_fit(aligned.examples, settings.fit_on)
    examples = aligned if fit_on in ("nothing", "oracle") else aligned.examples
    truth = pd.Index(aligned.classes).get_indexer(examples.clips["emotion"])
    fused, parameters = np.zeros((len(test), len(aligned.classes))), []
    # A rule cannot learn from a clip whose emotion is not a class of any modality (its position is -1).
    parts = [(learnt & (truth >= 0), scored) for learnt, scored in _parts(aligned, fit_on)]
    rules = [rule.make(task) for _ in parts]  # first, because the limit of threads only affects loaded libraries
    with threadpool_limits(1):
        for group, (fitted, (learnt, scored)) in enumerate(zip(rules, parts, strict=True)):
            if rule.learns:
                _require_apart(examples.clips[learnt], aligned.clips[scored], fit_on)
                fitted.fit(members_of(examples).where(learnt), truth[learnt])
            fused[scored] = fitted.fuse(members.where(scored))
            parameters += [(group, int(learnt.sum()), name, value) for name, value in fitted.parameters.items()]
    table = pd.DataFrame(parameters, columns=["group", "clips", "name", "value"])
    return Scored(fused[test], fit_on, table)


def members_of(aligned: Aligned) -> Members:
    return Members(aligned.posteriors, aligned.clips["actor"].to_numpy(), aligned.modalities, aligned.known)


def _parts(aligned: Aligned, fit_on: str) -> Iterator[tuple[Mask, Mask]]:
    """Pairs of masks: over the examples, the clips to learn from; over the clips, those to score."""
    clips, examples = aligned.clips, aligned.examples.clips
    test = (clips["split"] == "test").to_numpy()
    if fit_on in ("nothing", "oracle"):
        yield test, test
    elif fit_on == "validation":
        for fold in sorted(clips.loc[test, "fold"].unique()):
            validation = ((examples["fold"] == fold) & (examples["split"] == "validation")).to_numpy()
            yield validation, (clips["fold"] == fold).to_numpy() & test
    elif fit_on == "nested":
        yield from nested_parts(clips, examples)
    else:
        may_teach = (examples["split"] == "test").to_numpy()
        groups = _groups(clips[test])
        for group in sorted(groups.unique()):
            actors = groups.index[groups == group]
            yield may_teach & ~examples["actor"].isin(actors).to_numpy(), test & clips["actor"].isin(actors).to_numpy()


def _groups(tested: pd.DataFrame) -> pd.Series:
    """Test actor → the number of the actor's group."""
    folds = tested.groupby("actor")["fold"].agg(["min", "max"])
    if (folds["min"] == folds["max"]).all() and len(set(folds["min"])) > 1:
        return folds["min"]
    if len(folds) < 2:
        raise NothingToLearnFrom(NO_OTHER_ACTOR)
    return balanced_groups(tested["actor"], min(GROUPS, len(folds)))


def balanced_groups(actors: pd.Series, number: int) -> pd.Series:
    """Divide actors into groups with about equally many clips, as `sklearn.model_selection.GroupKFold` does.

    The actor with the most clips comes first. Each goes to the group that has the fewest clips so far. (The import of
    scikit-learn would take longer than the whole fusion.)

    Args:
        actors: the actor of each clip.
        number: the number of groups.

    Returns:
        Actor → the number of the actor's group.
    """
    names, clips = np.unique(actors.to_numpy(dtype=str), return_counts=True)
    groups, sizes = pd.Series(-1, names), np.zeros(number, dtype=np.int64)
    for position in np.argsort(clips, kind="stable")[::-1]:
        smallest = int(sizes.argmin())
        sizes[smallest] += clips[position]
        groups.iloc[position] = smallest
    return groups


def _require_apart(learnt: pd.DataFrame, scored: pd.DataFrame, fit_on: str) -> None:
    """Raise `AssertionError` where a cross-fitted rule would learn from an actor whom it scores.

    Oracles may do so, and so may rules that learn from validation clips of a protocol that leaks speakers. Reports
    state both.
    """
    both = set(learnt["actor"]) & set(scored["actor"])
    if both and fit_on in ("cross_fitted", "nested"):
        raise AssertionError(f"a rule would learn from the actors {sorted(both)} whom it is tested on")
