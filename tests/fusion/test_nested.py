"""Nested cross-fitting: nothing that the rule of a fold has learnt depends on the labels of that fold."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

from emofusion.errors import EmofusionError
from emofusion.fusion.common.fuse import aligned_for, fuse
from emofusion.fusion.common.rules import Members
from emofusion.plan.settings import FusionSettings
from emofusion.predictions.table import posteriors
from emofusion.settings.kinds import FusionTask
from emofusion.settings.registry import kinds

FOLDS, PEOPLE, CLASSES = 4, 8, ["happy", "neutral", "sad"]
MODALITIES = ["speech", "face"]
PAIRS = list(combinations(range(FOLDS), 2))
LEARNING = [name for name, rule in kinds("fusion").items() if rule.learns and rule.role != "oracle"]


def settings(fit_on: str, *rules: str) -> FusionSettings:
    made = [kinds("fusion")[name]() for name in rules]
    candidates = [kinds("fusion")[name]() for name in ("product_equal", "log_linear")]
    return FusionSettings(rules[0], made, {"speech": 0.7, "face": 0.3}, 10, fit_on, candidates=candidates)


@pytest.fixture(scope="module")
def data():
    """Eight people, two in each fold, with 15 clips each, and three numbers of each clip for each modality."""
    random = np.random.default_rng(3)
    clips = pd.DataFrame({"clip": [f"c{number:03}" for number in range(PEOPLE * 15)], "corpus": "made"})
    person = np.arange(len(clips)) // 15
    clips = clips.assign(actor=[f"made-{one}" for one in person], emotion=np.tile(CLASSES, 5 * PEOPLE))
    clips["gender"] = np.where(person % 2, "male", "female")
    clips["fold"] = person // 2
    evidence = np.eye(3)[np.arange(len(clips)) % 3]
    return clips, {name: random.normal(skill * evidence) for name, skill in (("speech", 1.5), ("face", 1.0))}


def scored(clips, values, train, test, fold) -> pd.DataFrame:
    """The prediction table of a logistic regression. train, test: masks over the clips."""
    model = LogisticRegression(C=1.0).fit(values[train], clips.loc[train, "emotion"])
    logits = log_softmax(model.decision_function(values[test]), axis=1)
    table = clips[test].assign(fold=fold, split="test")
    return table.assign(**{f"logit_{name}": logits[:, column] for column, name in enumerate(model.classes_)})


def predictions(clips, values) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """The predictions of each modality for the folds, and for the pairs of folds."""
    fold, of_folds, of_pairs = clips["fold"], {}, {}
    for name in MODALITIES:
        tables = [scored(clips, values[name], fold != one, fold == one, one) for one in range(FOLDS)]
        of_folds[name] = pd.concat(tables, ignore_index=True)
        tested = [fold.isin(pair) for pair in PAIRS]
        tables = [scored(clips, values[name], ~test, test, number) for number, test in enumerate(tested)]
        of_pairs[name] = pd.concat(tables, ignore_index=True)
    return of_folds, of_pairs


@pytest.mark.parametrize("name", LEARNING)
def test_the_labels_of_a_fold_change_nothing_that_its_rule_has_learnt(data, name):
    clips, values = data
    of_fold, other = clips["fold"] == 2, {"happy": "sad", "sad": "neutral", "neutral": "happy"}
    lying = clips.assign(emotion=clips["emotion"].where(~of_fold, clips["emotion"].map(other)))
    honest, lied = predictions(clips, values), predictions(lying, values)

    def learnt(tables, fit_on: str, *fitting) -> tuple[pd.Series, pd.Series]:
        parameters = fuse(tables, settings(fit_on, name), *fitting).parameters
        rows = parameters["group"] == 2
        return parameters.loc[rows, "value"], parameters.loc[~rows, "value"]

    nested, after = learnt(honest[0], "nested", honest[1]), learnt(lied[0], "nested", lied[1])
    assert len(nested[0]) and nested[0].tolist() == after[0].tolist()  # to the last digit
    plain, changed = learnt(honest[0], "cross_fitted"), learnt(lied[0], "cross_fitted")
    if name != "stacked":  # its one parameter that is told is chosen out of three
        assert nested[1].tolist() != after[1].tolist()  # the rules of the other folds learn from these labels
    if name == "log_linear":  # what the nested form is for
        assert plain[0].tolist() != changed[0].tolist()


def test_the_rule_of_a_fold_is_fitted_on_what_models_without_it_said_of_the_others(data):
    """Computed again, with masks written out."""
    of_folds, of_pairs = predictions(*data)
    fused = fuse(of_folds, settings("nested", "log_linear"), of_pairs)
    rule = kinds("fusion")["log_linear"]()
    for fold in range(FOLDS):
        rows = []
        for other in (one for one in range(FOLDS) if one != fold):
            pair = PAIRS.index((min(fold, other), max(fold, other)))
            clips = data[0].loc[data[0]["fold"] == other, "clip"]
            rows.append({n: t[(t["fold"] == pair) & t["clip"].isin(clips)] for n, t in of_pairs.items()})
        learnt = {name: pd.concat([one[name] for one in rows]) for name in MODALITIES}
        test = {name: table[table["fold"] == fold] for name, table in of_folds.items()}
        assert len(learnt["speech"]) == 90 and len(test["speech"]) == 30
        made = rule.make(FusionTask(MODALITIES, CLASSES, np.array([0.7, 0.3]), 10))
        members, tested = (
            Members(np.stack([posteriors(t[n]) for n in MODALITIES]), t["speech"]["actor"].to_numpy(), MODALITIES)
            for t in (learnt, test)
        )
        made.fit(members, pd.Index(CLASSES).get_indexer(learnt["speech"]["emotion"]))
        rows = fused.parameters[fused.parameters["group"] == fold]
        assert dict(zip(rows["name"], rows["value"], strict=True)) == pytest.approx(made.parameters, rel=1e-3)
        assert set(rows["clips"]) == {90}
        of_fold = fused.rules[fused.rules["fold"] == fold].set_index("clip").loc[test["speech"]["clip"]]
        assert np.allclose(posteriors(of_fold.reset_index()), made.fuse(tested), atol=1e-4)
    assert fused.rules["fitted_on"].unique().tolist() == [
        "test clips of other actors, scored by models that learnt from nobody of the fold (nested cross-fitting)"
    ]


def test_rules_that_do_not_learn_and_oracles_are_what_they_were(data):
    of_folds, of_pairs = predictions(*data)
    rules = ("linear", "product_equal", "linear_oracle")
    plain = fuse(of_folds, settings("cross_fitted", *rules)).rules
    pd.testing.assert_frame_equal(fuse(of_folds, settings("nested", *rules), of_pairs).rules, plain)


def test_a_clip_that_lacks_a_modality_has_a_rule_of_its_own(data):
    of_folds, of_pairs = predictions(*data)
    gone = data[0]["clip"][::7]
    lacking, pairs_lacking = (
        {**tables, "face": tables["face"][~tables["face"]["clip"].isin(gone)]} for tables in (of_folds, of_pairs)
    )
    fused = fuse(lacking, settings("nested", "log_linear"), pairs_lacking)
    assert set(fused.parameters["name"]) == {"exponent_speech", "exponent_face", "exponent_speech (speech only)"}
    of_speech = fuse({"speech": of_folds["speech"]}, single(), {"speech": of_pairs["speech"]})
    rows = [f.rules[f.rules["clip"].isin(gone)].filter(like="logit").to_numpy() for f in (fused, of_speech)]
    assert np.allclose(*rows, atol=1e-6)


def single() -> FusionSettings:
    return FusionSettings("log_linear", [kinds("fusion")["log_linear"]()], {"speech": 1.0}, 10, "nested")


def test_modalities_that_are_divided_differently_are_refused(data):
    of_folds, of_pairs = predictions(*data)
    turned = {**of_folds, "face": of_folds["face"].assign(fold=3 - of_folds["face"]["fold"])}
    with pytest.raises(
        EmofusionError, match=r"c000 is tested in the folds 0 \(speech\) and 3 \(face\).*protocol\.folds"
    ):
        aligned_for(turned, settings("nested", "log_linear"), of_pairs)


def test_models_that_know_other_classes_are_refused(data):
    of_folds, of_pairs = predictions(*data)
    fewer = {name: table.drop(columns="logit_sad") for name, table in of_pairs.items()}
    with pytest.raises(EmofusionError, match=r"know other classes \(happy, neutral\) than those that are tested"):
        aligned_for(of_folds, settings("nested", "log_linear"), fewer)
