"""Which clips rules learn from: never one of an actor whom they are tested on."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GroupKFold

from emofusion.errors import EmofusionError
from emofusion.fusion.common.crossfit import balanced_groups, how_to_fit, score
from emofusion.fusion.common.rules import Rule
from emofusion.fusion.linear import LinearTuned
from emofusion.fusion.log_linear import LogLinear
from emofusion.fusion.product import ProductTuned
from emofusion.plan.settings import FusionSettings
from emofusion.predictions.table import align
from emofusion.settings.kinds import FusionRule
from emofusion.settings.registry import kinds


def settings(fit_on: str = "auto") -> FusionSettings:
    return FusionSettings("linear", [], {"speech": 0.7, "face": 0.3}, 10, fit_on)


def tables(folds: int = 2, validation: bool = True, actors: int = 8) -> dict[str, pd.DataFrame]:
    """Each actor tests in one fold and, where wanted, the first two actors of another fold validate."""
    random = np.random.default_rng(0)
    clips = pd.DataFrame({"emotion": np.tile(["neutral", "happy", "sad"], 4 * actors)})
    clips["actor"] = [f"demo-{n // 12}" for n in range(len(clips))]
    clips["gender"] = np.where(np.arange(len(clips)) // 12 % 2, "male", "female")
    clips = clips.assign(clip=[f"c{n}" for n in range(len(clips))], corpus="demo", split="test")
    clips["fold"] = np.arange(len(clips)) // 12 % folds
    if validation:
        first = clips.groupby("fold").head(24)
        clips = pd.concat(
            [clips, first.assign(split="validation", fold=(first["fold"] + 1) % folds)], ignore_index=True
        )
    predictions = {}
    for name in ("speech", "face"):
        logits = random.normal(size=(len(clips), 3)) + 2 * pd.get_dummies(clips["emotion"])[["neutral", "happy", "sad"]]
        predictions[name] = clips.assign(**{f"logit_{e}": logits[e] for e in logits})
    return predictions


class Spy(Rule):
    """Remembers whom it learnt from, and whom it scored."""

    seen: list[tuple[set, set]] = []  # noqa: RUF012

    def fit(self, members, truth):
        self.learnt = set(members.actors)
        return self

    def fuse(self, members):
        Spy.seen.append((self.learnt, set(members.actors)))
        return members.posteriors[0]


@dataclass
class Spying(FusionRule):
    """The kind that makes a spy."""

    kind: str = "spying"

    learns: ClassVar[bool] = True

    def make(self, task):
        return Spy()


@pytest.mark.parametrize(
    ("fit_on", "folds"),
    [(fit_on, folds) for fit_on in ("cross_fitted", "auto") for folds in (1, 2, 4)] + [("validation", 4)],
)
def test_no_rule_sees_an_actor_whom_it_is_tested_on(fit_on, folds):
    validation = folds > 1
    Spy.seen = []
    aligned = align(tables(folds, validation))
    scored = score(aligned, Spying(), settings(fit_on))
    assert len(Spy.seen) > 1 and all(learnt and not learnt & tested for learnt, tested in Spy.seen)
    every = set().union(*(tested for _, tested in Spy.seen))
    assert every == set(aligned.clips["actor"])
    assert scored.fitted_on == ("cross_fitted" if fit_on == "cross_fitted" or folds == 1 else "validation")


def test_folds_of_clips_share_actors_and_are_regrouped_by_actor():
    """As in the protocol random_clips."""
    made = tables(2, validation=False)
    fold = np.arange(len(made["speech"])) % 2  # each actor in both
    Spy.seen = []
    aligned = align({name: table.assign(fold=fold) for name, table in made.items()})
    score(aligned, Spying(), settings("cross_fitted"))
    assert len(Spy.seen) == 5 and not any(learnt & tested for learnt, tested in Spy.seen)


def test_auto_asks_for_validation_clips_of_every_tested_emotion():
    made = tables(2)
    assert how_to_fit(align(made), "auto") == "validation"
    without = {n: t[(t["split"] == "test") | (t["emotion"] != "sad") | (t["fold"] == 1)] for n, t in made.items()}
    assert how_to_fit(align(without), "auto") == "cross_fitted"
    with pytest.raises(EmofusionError, match=r"fusion\.fit_on=validation: in fold 0"):
        how_to_fit(align(without), "validation")


def test_auto_does_not_validate_on_the_actors_that_are_tested():
    """Folds of clips: whoever validates is tested too."""
    made = {n: t.assign(actor=t["actor"].where(t["split"] == "test", "demo-0")) for n, t in tables(4).items()}
    assert how_to_fit(align(made), "auto") == "cross_fitted"
    assert how_to_fit(align(made), "validation") == "validation"  # who asks for it gets it


def test_one_actor_is_too_few():
    made = {name: table.assign(actor="demo-0", gender="male") for name, table in tables(1, False).items()}
    with pytest.raises(EmofusionError, match="only one test actor, and no other actor to learn its parameters from"):
        score(align(made), LogLinear(), settings())


def test_changing_a_speakers_labels_does_not_change_how_that_speaker_is_scored():
    """The test of all tests: the labels of an actor's clips have no part in that actor's own posteriors."""
    made = tables(4, validation=False)
    other = {"neutral": "happy", "happy": "sad", "sad": "neutral"}
    of_actor = made["speech"]["actor"] == "demo-3"
    lying = {n: t.assign(emotion=t["emotion"].where(~of_actor, t["emotion"].map(other))) for n, t in made.items()}
    chosen_from = replace(settings("cross_fitted"), candidates=[ProductTuned(), LogLinear(), LinearTuned()])
    for name, rule in kinds("fusion").items():
        honest, lied = (score(align(t), rule(), chosen_from).posteriors for t in (made, lying))
        assert np.allclose(honest[of_actor], lied[of_actor]) or rule.role == "oracle", name
        if rule.learns and rule.role != "oracle":
            assert not np.allclose(honest[~of_actor], lied[~of_actor]), name  # it does learn from others


def test_parameters_are_given_for_each_group(three):
    scored = score(align({n: three[n] for n in ("speech", "face")}), LogLinear(), settings())
    parameters = scored.parameters
    assert set(parameters["name"]) == {"exponent_speech", "exponent_face"}
    assert (parameters.groupby("group").size() == 2).all() and (parameters["clips"] > 0).all()


@pytest.mark.parametrize("seed", range(20))
def test_actors_are_grouped_as_scikit_learn_groups_them(seed):
    random = np.random.default_rng(seed)
    actors = int(random.integers(5, 40))
    clips = np.repeat([f"actor {n}" for n in range(actors)], random.integers(1, 9, actors))
    random.shuffle(clips)
    number = int(random.integers(2, 6))
    groups = balanced_groups(pd.Series(clips), number)
    for group, (_, held_out) in enumerate(GroupKFold(number).split(clips, groups=clips)):
        assert set(clips[held_out]) == set(groups.index[groups == group])
