"""Which clips a fusion rule learns from, so that every clip is scored by parameters that never saw its actor.

* `validation`: those of the validation actors of the clip's own fold.
* `cross_fitted`: test clips of other actors. Test actors are grouped as the folds group them or, where a fold holds
  all of them or shares them with another, into five groups of about as many clips; each group is scored by what was
  learnt from the others.
* `auto`: validation where every fold has validation clips that all modalities scored, of every emotion tested in it
  and of none of the actors tested in it (in folds of clips they are the same), else cross_fitted.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from emofusion.errors import EmofusionError
from emofusion.fusion.common.catalogue import Entry
from emofusion.fusion.common.rules import Members
from emofusion.predictions.table import Aligned

GROUPS = 5
WORDS = {
    "nothing": "nothing",
    "validation": "validation clips",
    "cross_fitted": "test clips of other actors (cross-fitted)",
    "oracle": "the test clips themselves (oracle)",
}


class NothingToLearnFrom(EmofusionError):
    """A rule has parameters, and no clip to learn them from but those that it is tested on."""


@dataclass(frozen=True)
class Scored:
    """What a rule makes of the test clips.

    posteriors: (test clips, classes). fitted_on: a key of `WORDS`. parameters: group, clips (learnt from), name, value;
    a row for each parameter and group of test clips.
    """

    posteriors: np.ndarray
    fitted_on: str
    parameters: pd.DataFrame


def how_to_fit(aligned: Aligned, wanted: str) -> str:
    """`validation` or `cross_fitted`; raises `EmofusionError` if `validation` is wanted where it cannot be."""
    if wanted == "cross_fitted":
        return wanted
    clips = aligned.clips
    found = {part: set(rows["emotion"]) for part, rows in clips.groupby(["fold", "split"])}
    actors = {part: set(rows["actor"]) for part, rows in clips.groupby(["fold", "split"])}
    if wanted == "auto" and any(actors[part] & actors.get((part[0], "validation"), set()) for part in _tested(actors)):
        return "cross_fitted"
    lacking = [fold for fold, split in _tested(found) if found[fold, split] - found.get((fold, "validation"), set())]
    if wanted == "validation" and lacking:
        raise EmofusionError(
            f"fusion.fit_on=validation: in fold {lacking[0]} not every tested emotion has a validation clip that all "
            "modalities scored; set fusion.fit_on=cross_fitted."
        )
    return "cross_fitted" if lacking else "validation"


def _tested(parts: dict[tuple[int, str], set]) -> list[tuple[int, str]]:
    return [part for part in sorted(parts) if part[1] == "test"]


def score(aligned: Aligned, entry: Entry, settings: dict) -> Scored:
    """Fit the entry's rule as its kind and `settings["fit_on"]` ask, and fuse every test clip.

    Raises `EmofusionError` if there are too few actors to cross-fit over.
    """
    test = (aligned.clips["split"] == "test").to_numpy()
    members = Members(aligned.posteriors, aligned.clips["actor"].to_numpy(), aligned.modalities)
    truth = pd.Index(aligned.classes).get_indexer(aligned.clips["emotion"])
    fit_on = "nothing"
    if entry.fitted:
        fit_on = "oracle" if entry.kind == "oracle" else how_to_fit(aligned, settings["fit_on"])
    fused, parameters = np.zeros((len(test), len(aligned.classes))), []
    for group, (learnt, scored) in enumerate(_parts(aligned, fit_on)):
        # an emotion that no member knows teaches nothing
        learnt = learnt & (truth >= 0)
        rule = entry.make(settings, aligned.modalities, aligned.classes)
        if entry.fitted:
            _require_apart(aligned, learnt, scored, fit_on)
            rule.fit(members.where(learnt), truth[learnt])
        fused[scored] = rule.fuse(members.where(scored))
        parameters += [(group, int(learnt.sum()), name, value) for name, value in rule.parameters.items()]
    table = pd.DataFrame(parameters, columns=["group", "clips", "name", "value"])
    return Scored(fused[test], fit_on, table)


def _parts(aligned: Aligned, fit_on: str) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Masks over the clips: learnt from, and scored."""
    clips = aligned.clips
    test = (clips["split"] == "test").to_numpy()
    if fit_on in ("nothing", "oracle"):
        yield test, test
    elif fit_on == "validation":
        for fold in sorted(clips.loc[test, "fold"].unique()):
            own = (clips["fold"] == fold).to_numpy()
            yield own & (clips["split"] == "validation").to_numpy(), own & test
    else:
        groups = _groups(clips[test])
        for group in sorted(groups.unique()):
            own = clips["actor"].isin(groups.index[groups == group]).to_numpy()
            yield test & ~own, test & own


def _groups(tested: pd.DataFrame) -> pd.Series:
    """The group of each test actor."""
    folds = tested.groupby("actor")["fold"].agg(["min", "max"])
    if (folds["min"] == folds["max"]).all() and len(set(folds["min"])) > 1:
        return folds["min"]
    from sklearn.model_selection import GroupKFold

    if len(folds) < 2:
        raise NothingToLearnFrom(
            "fusion.rule: there is one test actor, and nobody else to learn its parameters from; choose a rule that "
            "learns nothing, such as linear or product."
        )
    found = pd.Series(-1, folds.index)
    by_group = GroupKFold(min(GROUPS, len(folds))).split(tested, groups=tested["actor"])
    for group, (_, held_out) in enumerate(by_group):
        found[tested["actor"].iloc[held_out].unique()] = group
    return found


def _require_apart(aligned: Aligned, learnt: np.ndarray, scored: np.ndarray, fit_on: str) -> None:
    """A protocol that leaks has the same speakers in validation and test, and its reports say so; so do oracles."""
    both = set(aligned.clips.loc[learnt, "actor"]) & set(aligned.clips.loc[scored, "actor"])
    if both and fit_on == "cross_fitted":
        raise AssertionError(f"a rule would learn from the actors {sorted(both)} whom it is tested on")
