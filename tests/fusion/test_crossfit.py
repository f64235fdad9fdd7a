"""Which clips rules learn from: never one of an actor whom they are tested on."""

import numpy as np
import pandas as pd
import pytest

from emofusion.errors import EmofusionError
from emofusion.fusion.common.catalogue import CATALOGUE, Entry
from emofusion.fusion.common.crossfit import how_to_fit, score
from emofusion.fusion.common.rules import Rule
from emofusion.predictions.table import align
from emofusion.settings.schema import RULES

SETTINGS = {"weights": {"speech": 0.7, "face": 0.3}, "steps": 10, "fit_on": "auto"}


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
    found = {}
    for name in ("speech", "face"):
        logits = random.normal(size=(len(clips), 3)) + 2 * pd.get_dummies(clips["emotion"])[["neutral", "happy", "sad"]]
        found[name] = clips.assign(**{f"logit_{e}": logits[e] for e in logits})
    return found


class Spy(Rule):
    """Remembers whom it learnt from, and whom it scored."""

    seen: list[tuple[set, set]] = []  # noqa: RUF012

    def fit(self, members, truth):
        self.learnt = set(members.actors)
        return self

    def fuse(self, members):
        Spy.seen.append((self.learnt, set(members.actors)))
        return members.posteriors[0]


@pytest.mark.parametrize(
    ("fit_on", "folds"),
    [(fit_on, folds) for fit_on in ("cross_fitted", "auto") for folds in (1, 2, 4)] + [("validation", 4)],
)
def test_no_rule_sees_an_actor_whom_it_is_tested_on(fit_on, folds):
    validation = folds > 1
    Spy.seen = []
    aligned = align(tables(folds, validation))
    scored = score(aligned, Entry("a spy", lambda *_: Spy(), fitted=True), SETTINGS | {"fit_on": fit_on})
    assert len(Spy.seen) > 1 and all(learnt and not learnt & tested for learnt, tested in Spy.seen)
    every = set().union(*(tested for _, tested in Spy.seen))
    assert every == set(aligned.clips["actor"])
    assert scored.fitted_on == ("cross_fitted" if fit_on == "cross_fitted" or folds == 1 else "validation")


def test_folds_of_clips_share_actors_and_are_regrouped_by_actor():
    """As in the protocol random_clips."""
    given = tables(2, validation=False)
    fold = np.arange(len(given["speech"])) % 2  # each actor in both
    Spy.seen = []
    score(
        align({name: table.assign(fold=fold) for name, table in given.items()}),
        Entry("a spy", lambda *_: Spy(), fitted=True),
        SETTINGS | {"fit_on": "cross_fitted"},
    )
    assert len(Spy.seen) == 5 and not any(learnt & tested for learnt, tested in Spy.seen)


def test_auto_asks_for_validation_clips_of_every_tested_emotion():
    given = tables(2)
    assert how_to_fit(align(given), "auto") == "validation"
    without = {n: t[(t["split"] == "test") | (t["emotion"] != "sad") | (t["fold"] == 1)] for n, t in given.items()}
    assert how_to_fit(align(without), "auto") == "cross_fitted"
    with pytest.raises(EmofusionError, match=r"fusion\.fit_on=validation: in fold 0"):
        how_to_fit(align(without), "validation")


def test_auto_does_not_validate_on_the_actors_that_are_tested():
    """Folds of clips: whoever validates is tested too."""
    given = {n: t.assign(actor=t["actor"].where(t["split"] == "test", "demo-0")) for n, t in tables(4).items()}
    assert how_to_fit(align(given), "auto") == "cross_fitted"
    assert how_to_fit(align(given), "validation") == "validation"  # who asks for it gets it


def test_one_actor_is_too_few():
    given = {name: table.assign(actor="demo-0", gender="male") for name, table in tables(1, False).items()}
    with pytest.raises(EmofusionError, match="one test actor, and nobody else to learn its parameters from"):
        score(align(given), CATALOGUE["log_linear"], SETTINGS)


def test_changing_a_speakers_labels_does_not_change_how_that_speaker_is_scored():
    """The test of all tests: the labels of an actor's clips have no part in that actor's own posteriors."""
    given = tables(4, validation=False)
    other = {"neutral": "happy", "happy": "sad", "sad": "neutral"}
    own = given["speech"]["actor"] == "demo-3"
    lying = {n: t.assign(emotion=t["emotion"].where(~own, t["emotion"].map(other))) for n, t in given.items()}
    for name, entry in CATALOGUE.items():
        honest, lied = (
            score(align(t), entry, SETTINGS | {"fit_on": "cross_fitted"}).posteriors for t in (given, lying)
        )
        assert np.allclose(honest[own], lied[own]) or entry.kind == "oracle", name
        if entry.fitted and entry.kind != "oracle":
            assert not np.allclose(honest[~own], lied[~own]), name  # it does learn from others


def test_parameters_are_told_for_each_group(three):
    scored = score(align({n: three[n] for n in ("speech", "face")}), CATALOGUE["log_linear"], SETTINGS)
    parameters = scored.parameters
    assert set(parameters["name"]) == {"exponent_speech", "exponent_face"}
    assert (parameters.groupby("group").size() == 2).all() and (parameters["clips"] > 0).all()


def test_the_schema_names_the_rules_of_the_catalogue():
    assert list(CATALOGUE) == list(RULES)
