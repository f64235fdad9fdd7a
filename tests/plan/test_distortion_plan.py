"""The plan where recordings under test are made worse: what is trained and fitted stays, and what is tested changes."""

from collections import Counter

import pytest

from emofusion.errors import EmofusionError

NOISE = "speech.distortion.snr=10"
BASE = "report.compare={}"


def kinds_of(plan):
    return Counter(stage.kind for stage in plan.stages.values())


def of(plan, kind):
    return [stage for stage in plan.stages.values() if stage.kind == kind]


@pytest.mark.parametrize("experiment", ["demo", "ravdess_openface"])
def test_models_stay_and_rules_learn_from_recordings_as_they_are(planned, experiment):
    clean, noisy = (planned(experiment, f"{BASE} {more}") for more in ("", NOISE))
    corpora = {"demo": 2, "ravdess_openface": 1}[experiment]
    added = kinds_of(noisy) - kinds_of(clean)
    assert added == {"distorted": corpora, "features": corpora, "predictions": 1}
    kept = ("model/", "split/", "features/", "predictions/")
    assert {name for name in clean.stages if name.startswith(kept)} <= set(noisy.stages)
    for kind in ("rules", "fusion"):
        (before,), (after,) = of(clean, kind), of(noisy, kind)
        assert sorted(after.inputs["fitting"]) == sorted([before.inputs["face"], before.inputs["speech"]])
        assert after.inputs["face"] == before.inputs["face"] and after.inputs["speech"] != before.inputs["speech"]
    tested = noisy.stage(of(noisy, "rules")[0].inputs["speech"])
    (model,) = [stage for stage in of(noisy, "model") if stage.name == tested.inputs["model"]]
    assert not set(tested.inputs["features"]) & set(model.inputs["features"])
    for name in tested.inputs["features"]:
        assert noisy.stage(noisy.stage(name).inputs["corpus"]).kind == "distorted"


def test_training_recordings_can_be_made_worse_too(planned):
    noisy = planned("ravdess_openface", f"{BASE} {NOISE} speech.distortion.training=true")
    (rules,) = of(noisy, "rules")
    assert "fitting" not in rules.inputs
    tested = noisy.stage(rules.inputs["speech"])
    assert tested.inputs["features"] == noisy.stage(tested.inputs["model"]).inputs["features"]
    assert noisy.stage(noisy.stage(tested.inputs["features"][0]).inputs["corpus"]).kind == "distorted"


# without a codec, a bit rate changes nothing in noise
@pytest.mark.parametrize(
    "more", ["speech.distortion.seed=3", "speech.distortion.bitrate=64", "early.distortion.bitrate=64"]
)
def test_recordings_that_are_made_worse_alike_are_made_once(planned, more):
    override = f"{NOISE} {more}"
    alike = [part.replace("speech.", "early.") for part in override.split() if part.startswith("speech.")]
    training = "speech.distortion.training=true early.distortion.training=true"
    plan = planned("ravdess_best", f"{BASE} {' '.join(alike)} {override} {training}")
    assert len(of(plan, "distorted")) == 1


def test_the_pictures_of_a_backbone_go_through_its_frozen_part_again(planned):
    clean, worse = (planned("demo", f"{BASE} {more}") for more in ("", "face.distortion.jpeg=10"))
    assert kinds_of(worse) - kinds_of(clean) == {"distorted": 2, "features": 2, "feature_cache": 2, "predictions": 1}


def test_nested_rules_learn_from_pairs_on_recordings_as_they_are(planned):
    plain = planned("ravdess_openface", f"{BASE} fusion.fit_on=nested")
    noisy = planned("ravdess_openface", f"{BASE} fusion.fit_on=nested {NOISE}")
    assert of(plain, "rules")[0].inputs["fitting"] == of(noisy, "rules")[0].inputs["fitting"]


def test_an_ensembles_members_read_the_same_recordings(planned):
    plan = planned("ravdess_openface", f"{BASE} speech.ensemble=[cnn1d,statistics] {NOISE}")
    (rules,) = of(plan, "rules")
    members = [plan.stage(name) for name in plan.stage(rules.inputs["speech"]).inputs["members"]]
    for member in members:
        assert [plan.stage(plan.stage(f).inputs["corpus"]).kind for f in member.inputs["features"]] == ["distorted"]
    assert plan.stage(rules.inputs["fitting"][0]).kind == "ensemble"


@pytest.mark.parametrize(
    ("experiment", "override", "words"),
    [
        ("posteriors", NOISE, r"speech\.distortion\.snr=10: speech\.posteriors were made elsewhere"),
        (
            "ravdess_openface",
            "face.distortion.jpeg=10",
            r"jpeg=10: action_units features are not computed from pictures",
        ),
        ("demo", "speech.distortion.jpeg=10", "acoustic features are not computed from pictures; .* from audio"),
        (
            "demo",
            "face.distortion.codec=opus",
            r"face\.distortion\.codec=opus: pixels features are not computed from sound",
        ),
        (
            "demo",
            "speech.distortion.training=true",
            r"training=true: nothing makes recordings worse; set .*\.snr=10 too",
        ),
        ("demo", "speech.distortion.codec=gsm", r"speech\.distortion\.codec=gsm:"),
        (
            "ravdess_openface",
            "face.ensemble=[action_units,landmarks] face.distortion.jpeg=10",
            "action_units features are not computed from pictures",
        ),
        (
            "ravdess_best",
            f"{NOISE} speech.distortion.training=true",
            r"^speech\.distortion\.snr=10: early reads sound .* set early\.distortion to the same values",
        ),
        (
            "demo",
            f"{NOISE} speech.distortion.training=true face.distortion.jpeg=10",
            r"distortion\.training=(True|False): set the same for all",
        ),
        ("wesad", "physiology.distortion.snr=10", r"(table features are|features are read from a table)"),
    ],
)
def test_what_cannot_be_made_worse_is_refused(planned, experiment, override, words):
    with pytest.raises(EmofusionError, match=words):
        planned(experiment, override)


def test_modalities_that_hear_the_same_sound_may_follow_each_other(planned):
    """By an override that refers to the other modality, as in docs/robustness.md."""
    alike = " ".join(f"early.distortion.{name}=${{speech.distortion.{name}}}" for name in ("snr", "training"))
    plan = planned("ravdess_best", f"{BASE} {NOISE} speech.distortion.training=true {alike}")
    for name in ("speech", "early"):
        tested = plan.stage(of(plan, "rules")[0].inputs[name])
        kinds = {plan.stage(plan.stage(read).inputs["corpus"]).kind for read in tested.inputs["features"]}
        assert kinds == ({"distorted"} if name == "speech" else {"distorted", "corpus"})
    assert len({stage.name for stage in of(plan, "distorted")}) == 1
