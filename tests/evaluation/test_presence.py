"""Accuracy by what clips have, and when more of them lack a modality."""

import numpy as np
import pandas as pd
import pytest

from emofusion.evaluation.actors import Actors
from emofusion.evaluation.presence import SHARES, presence_table, robustness_table
from emofusion.evaluation.schemas import ROBUSTNESS, evaluation_schemas
from emofusion.evaluation.systems import side_by_side
from emofusion.fusion.common.crossfit import score
from emofusion.fusion.common.fuse import fuse
from emofusion.plan.settings import EvaluationSettings, FusionSettings
from emofusion.predictions.missing import completed
from emofusion.predictions.table import align, is_missing, labels
from emofusion.settings.experiment import Evaluation
from emofusion.settings.registry import kinds
from emofusion.tables import ABOUT_RULE, LOGIT

EMOTIONS = ["happy", "sad", "angry"]
SETTINGS = EvaluationSettings(Evaluation(samples=200, metrics=[]), [])


def scored(seed: int, skill: float, clips: int = 120, actors: int = 8) -> pd.DataFrame:
    """A model's test clips of eight actors; a greater skill recognises more."""
    random = np.random.default_rng(seed)
    truth = np.arange(clips) % len(EMOTIONS)
    logits = random.normal(size=(clips, len(EMOTIONS))) + skill * np.eye(len(EMOTIONS))[truth]
    actor = np.arange(clips) % actors
    about = {
        **{"clip": [f"c{number:03d}" for number in range(clips)], "corpus": "mine"},
        **{"actor": [f"a{number}" for number in actor], "gender": np.where(actor % 2, "male", "female")},
        **{"emotion": [EMOTIONS[number] for number in truth], "fold": actor % 4, "split": "test"},
    }
    table = pd.DataFrame(about).assign(**{LOGIT + name: logits[:, n] for n, name in enumerate(EMOTIONS)})
    return table.astype({"gender": str, "corpus": str, "actor": str})


@pytest.fixture
def tables():
    """Three modalities. Speech lacks the clips from 90 on, face those before 20, text those from 50 to 59."""
    speech, face, text = scored(1, 1.5), scored(2, 1.0), scored(3, 0.5)
    return {"speech": speech[:90], "face": face[20:], "text": pd.concat([text[:50], text[60:]])}


def settings_of(rule: str, weights: dict[str, float]) -> FusionSettings:
    candidates = [kinds("fusion")[name]() for name in ("product_equal", "log_linear")]
    return FusionSettings(rule, [kinds("fusion")[rule]()], weights, 10, "cross_fitted", candidates=candidates)


WEIGHTS = {"speech": 0.5, "face": 0.3, "text": 0.2}
LINEAR_OF = {  # the clips of a pattern → the weights that the pool then has, by hand
    ("speech", "text"): (range(0, 20), {"speech": 5 / 7, "text": 2 / 7}),
    ("speech", "face"): (range(50, 60), {"speech": 5 / 8, "face": 3 / 8}),
    ("face", "text"): (range(90, 120), {"face": 3 / 5, "text": 2 / 5}),
    ("speech", "face", "text"): ([*range(20, 50), *range(60, 90)], WEIGHTS),
}


@pytest.mark.parametrize("pool", ["linear", "product"])
def test_the_weight_of_what_is_missing_goes_to_the_others_in_proportion(tables, pool):
    fused = fuse(tables, settings_of(pool, WEIGHTS)).predictions(pool).set_index("clip")
    values = {name: table.set_index("clip").filter(like=LOGIT) for name, table in tables.items()}
    for clips, weights in LINEAR_OF.values():
        for number in clips:
            rows = {name: np.exp(values[name].loc[f"c{number:03d}"].to_numpy()) for name in weights}
            shares = {name: row / row.sum() for name, row in rows.items()}
            if pool == "linear":
                expected = sum(weights[name] * share for name, share in shares.items())
            else:
                expected = np.exp(sum(weights[name] * np.log(share) for name, share in shares.items()))
            found = np.exp(fused.loc[f"c{number:03d}"].filter(like=LOGIT).to_numpy(dtype=float))
            np.testing.assert_allclose(found, expected / expected.sum(), rtol=1e-9)


@pytest.mark.parametrize("rule", sorted(name for name, kind in kinds("fusion").items() if kind.role != "oracle"))
def test_every_rule_fuses_clips_as_if_there_were_only_what_they_have(tables, rule):
    """Clips without a face: as in an experiment without faces, of the clips that have the other two."""
    fused = fuse(tables, settings_of(rule, WEIGHTS)).predictions(rule)
    both = {name: tables[name] for name in ("speech", "text")}
    common = set(both["speech"]["clip"]) & set(both["text"]["clip"])
    both = {name: table[table["clip"].isin(common)] for name, table in both.items()}
    alone = fuse(both, settings_of(rule, LINEAR_OF["speech", "text"][1])).predictions(rule)
    without_face = {f"c{number:03d}" for number in range(20)}
    one, other = (table[table["clip"].isin(without_face)].reset_index(drop=True) for table in (fused, alone))
    pd.testing.assert_frame_equal(one, other, check_exact=False, rtol=1e-9)
    assert len(fused) == 120 and np.isfinite(fused.filter(like=LOGIT).to_numpy()).all()


def test_parameters_say_which_clips_they_are_for(tables):
    parameters = fuse(tables, settings_of("linear_by_accuracy", WEIGHTS)).parameters
    names = set(parameters["name"])
    assert "weight_face" in names and "weight_face (speech and face)" in names
    assert "weight_text (face and text)" in names and "weight_speech (face and text)" not in names


def test_accuracy_by_what_clips_have(tables):
    rules = fuse(tables, settings_of("linear", WEIGHTS)).rules
    systems = side_by_side(
        completed(tables, "use_others") | {"linear": rules.drop(columns=ABOUT_RULE)}, are_checked=True
    )
    over = Actors(systems.genders)
    table = presence_table(systems, list(tables), over)
    evaluation_schemas([])["presence"].validate(table)
    shown = table.set_index(["present", "system"])
    for names, (clips, _) in LINEAR_OF.items():
        where = "speech, face and text" if len(names) == 3 else " and ".join(names)
        chosen = {f"c{number:03d}" for number in clips}
        for system in (*names, "linear"):
            predictions = rules if system == "linear" else tables[system]
            predictions = predictions[predictions["clip"].isin(chosen)]
            right = (labels(predictions) == predictions["emotion"].to_numpy()).sum()
            assert shown.loc[where, system][["correct", "clips"]].tolist() == [right, len(chosen)]
        assert set(shown.loc[where].index) == {*names, "linear"}
    complete = side_by_side({name: scored(number, 1) for number, name in enumerate(tables)}, are_checked=True)
    assert presence_table(complete, list(tables), over).empty


def test_a_modality_alone_does_not_recognise_what_it_lacks(tables):
    complete = completed(tables, "use_others")
    systems = side_by_side(complete, are_checked=True)
    lacks = is_missing(complete["speech"])
    assert (systems.predicted[0] == -1).sum() == lacks.sum() == 30


def test_robustness_goes_from_the_fusion_to_what_is_left():
    """At 0 % it is the fusion; where all speech is removed, it is the face alone; between, it is between."""
    tables = {"speech": scored(1, 2.0), "face": scored(2, 0.5)}
    weights = {"speech": 0.7, "face": 0.3}
    settings = settings_of("linear", weights)
    fused = fuse(tables, settings).predictions("linear")
    table = ROBUSTNESS.validate(robustness_table(tables, fused, settings.rules[0], settings, SETTINGS))
    whole = (labels(fused) == fused["emotion"].to_numpy()).sum()
    face = (labels(tables["face"]) == tables["face"]["emotion"].to_numpy()).sum()
    speech = table[table["lacking"] == "speech"]
    assert speech["share"].tolist() == [share / 100 for share in SHARES]
    assert speech["removed"].tolist() == [round(1.2 * share) for share in SHARES]
    assert speech["correct"].iloc[[0, -1]].tolist() == [whole, face] and (speech["clips"] == 120).all()
    slope = np.polyfit(speech["share"], speech["accuracy"], 1)[0]
    np.testing.assert_allclose(slope, (face - whole) / 120, atol=0.05)
    assert (speech["low"] <= speech["accuracy"]).all() and (speech["accuracy"] <= speech["high"]).all()


def test_a_clip_of_which_nothing_is_left_is_not_recognised(tables):
    two = {name: tables[name] for name in ("speech", "face")}
    settings = settings_of("linear", {"speech": 0.5, "face": 0.5})
    fused = fuse(two, settings).predictions("linear")
    table = robustness_table(two, fused, settings.rules[0], settings, SETTINGS).set_index(["lacking", "share"])
    aligned = align(completed(two, "use_others"), are_checked=True)
    posteriors = score(aligned, settings.rules[0], settings).posteriors
    faces = two["face"].set_index("clip")
    right = (labels(faces.reset_index()) == faces["emotion"].to_numpy()).sum()
    assert len(posteriors) == 120 and table.loc[("speech", 1.0), "correct"] == right
    assert table.loc[("speech", 1.0), "removed"] == 90


def test_one_modality_has_no_robustness():
    settings = settings_of("linear", {"speech": 1.0})
    alone = {"speech": scored(1, 1)}
    fused = fuse(alone, settings).predictions("linear")
    table = robustness_table(alone, fused, settings.rules[0], settings, SETTINGS)
    assert ROBUSTNESS.validate(table).empty
