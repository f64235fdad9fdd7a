"""The plan of nested cross-fitting: a second model of each modality, on pairs of folds, whose posteriors fit rules."""

import json
from collections import Counter
from dataclasses import asdict

import pytest

from emofusion.errors import EmofusionError
from emofusion.plan.records import RECORD, Making, Record
from emofusion.plan.resources import OF_PAIRS, TABLE, estimate
from emofusion.settings.kinds.pairs import PairsOfFolds

NESTED = "fusion.fit_on=nested"


def test_each_modality_has_a_model_of_the_pairs_besides_and_shares_the_rest(planned):
    plain, nested = (planned("ravdess_openface", f"fusion.fit_on={how}") for how in ("cross_fitted", "nested"))
    counts = [Counter(stage.kind for stage in plan.stages.values()) for plan in (plain, nested)]
    assert counts[1] - counts[0] == {"split": 2, "model": 2, "predictions": 2}
    assert {s for s in plain.stages if s.startswith(("model/", "features/"))} <= set(nested.stages)
    for kind in ("rules", "fusion"):
        (stage,) = [stage for stage in nested.stages.values() if stage.kind == kind]
        fitting, tested = stage.inputs["fitting"], [stage.inputs[name] for name in ("speech", "face")]
        assert len(fitting) == 2 and not set(fitting) & set(tested)
        splits = [nested.settings(nested.stage(name).inputs["split"]).protocol for name in fitting]
        assert [type(protocol) for protocol in splits] == [PairsOfFolds, PairsOfFolds]
        own = [nested.settings(nested.stage(name).inputs["split"]).protocol for name in tested]
        assert [protocol.protocol for protocol in splits] == own  # as it was read again from the plan's file
        # in the order of the modalities
        assert [nested.stage(name).label for name in fitting] == [nested.stage(name).label for name in tested]


def test_an_ensemble_is_one_in_the_pairs_too(planned):
    plan = planned("ravdess_openface", f"face.ensemble=[action_units,landmarks] {NESTED}")
    (rules,) = [stage for stage in plan.stages.values() if stage.kind == "rules"]
    assert [plan.stage(name).kind for name in rules.inputs["fitting"]] == ["predictions", "ensemble"]


@pytest.mark.parametrize(
    ("experiment", "override", "words"),
    [
        ("posteriors", "", r"speech\.posteriors were made elsewhere; set fusion\.fit_on=cross_fitted"),
        ("ravdess_openface", "protocol=random_clips", "the same people train and are tested"),
    ],
)
def test_what_cannot_be_nested_is_refused_before_anything_runs(planned, experiment, override, words):
    with pytest.raises(EmofusionError, match=rf"fusion\.fit_on=nested: .*{words}"):
        planned(experiment, f"{NESTED} {override}")


def test_no_modality_is_called_like_the_role(planned):
    with pytest.raises(EmofusionError, match="the name fitting has another meaning already"):
        planned("ravdess_openface", "+face@fitting=action_units modalities=[face,fitting] fusion.weights=null")


def test_the_trainings_for_pairs_ask_for_more_time(planned, tmp_path):
    plan = planned("ravdess_openface", f"speech=cnn1d report.compare={{}} {NESTED}")
    models = [stage for stage in plan.stages.values() if stage.kind == "model" and stage.label.startswith("speech")]
    of_pairs = [isinstance(plan.settings(str(s.inputs["split"])).protocol, PairsOfFolds) for s in models]
    assert sorted(of_pairs) == [False, True]
    for name in models[0].inputs["features"]:
        record = Record(name, {}, Making("", {}, 1, "full"), {}, {}, {"a": [2**30, ""]}, "", "", 1.0, [])
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / RECORD).write_text(json.dumps(asdict(record)))
    least = TABLE["model"].minutes
    needed = [estimate(plan, stage.name, tmp_path).runtime - least for stage in models]
    assert needed[of_pairs.index(True)] == pytest.approx(OF_PAIRS * needed[of_pairs.index(False)], abs=OF_PAIRS)
    assert needed[of_pairs.index(False)] > 10
