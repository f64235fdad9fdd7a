"""The plan: which settings change which stages, and which do not."""

import pytest
from emofusion.plan.plan import make_plan
from emofusion.plan.stages import MODULES, OUTPUTS

from emofusion.errors import EmofusionError
from emofusion.plan.fingerprint import code_fingerprint


@pytest.fixture
def planned(repository):
    def plan(experiment="demo", override=None):
        # one seed of each network, whatever the experiment compares
        return make_plan(repository / "conf", experiment, f"report.seeds=1 {override or ''}")

    return plan


def keys(plan, *kinds):
    return {(kind, key) for kind, key in plan.stages if kind in kinds}


ALL_BUT_LAST = [kind for kind in OUTPUTS if kind not in ("fusion", "evaluation", "report")]


def test_weights_of_the_fusion_change_the_fusion_and_the_report_alone(planned):
    before, after = planned(), planned(override="fusion.weights={speech: 0.5, face: 0.5}")
    assert keys(before, *ALL_BUT_LAST) == keys(after, *ALL_BUT_LAST)
    assert keys(before, "fusion") != keys(after, "fusion") and keys(before, "report") != keys(after, "report")


def test_tracking_and_titles_change_no_model(planned):
    before, after = planned(), planned(override="tracking.uri=http://127.0.0.1:1 report.title=other")
    assert keys(before, *ALL_BUT_LAST, "fusion") == keys(after, *ALL_BUT_LAST, "fusion")


def test_another_speech_network_leaves_features_and_the_face_alone(planned):
    before, after = planned(), planned(override="speech=lstm")
    assert keys(before, "demo", "corpus", "split", "features", "model") == keys(
        after, "demo", "corpus", "split", "features", "model"
    )  # the LSTM was trained for the comparison already
    changed = {key for _, key in keys(after, "predictions") - keys(before, "predictions")}
    assert len(changed) == 1 and next(iter(changed)).startswith("speech-lstm")


def test_a_seed_changes_models_but_not_data(planned):
    before, after = planned(), planned(override="seed=1")
    shared = ("demo", "corpus", "split", "features")
    assert keys(before, *shared) == keys(after, *shared)
    assert not keys(before, "model", "predictions", "fusion") & keys(after, "model", "predictions", "fusion")


def test_another_face_leaves_the_speech_model_alone(planned):
    before = planned("paper_within")
    after = planned("paper_within", "face=action_units report.compare.face=[]")
    speech = {key for kind, key in keys(before, "model") if key.startswith("speech")}
    assert speech and speech <= {key for _, key in keys(after, "model")}


def test_the_order_of_settings_does_not_matter(planned):
    first = planned(override="fusion.weights={speech: 0.4, face: 0.6}")
    second = planned(override="fusion.weights={face: 0.6, speech: 0.4}")
    assert first.stages.keys() == second.stages.keys()


def test_a_grid_shares_common_stages(planned):
    plan = planned(override="speech=cnn1d,lstm seed=range(0,2)")
    assert len(plan.cells) == 4 and len({cell.place for cell in plan.cells}) == 4
    assert len(plan.keys("report")) == 4 and len(plan.keys("model")) == 8  # 4 networks × 2 seeds
    assert len(plan.keys("features")) == 4 and len(plan.keys("corpus")) == 4


def test_folders_of_cells_are_named_by_what_differs(planned):
    plan = planned(override="seed=1,2 speech.training.epochs=3")
    assert [cell.place for cell in plan.cells] == ["demo/seed=1", "demo/seed=2"]
    long = "+".join(["x"] * 200)
    places = [cell.place for cell in planned(override=f"report.title={long}a,{long}b").cells]
    assert len(set(places)) == 2 and all(len(place) < 150 for place in places)


def activations_of(plan):
    return {key for key in plan.keys("feature_cache") if key.startswith("vgg16")}


def test_activations_are_shared_by_all_that_trains_above_them(planned):
    plan = planned("paper", "report.compare.face=[]")
    shared = activations_of(plan)
    assert {key.rsplit("-", 1)[0] for key in shared} == {"vgg16-kdef", "vgg16-ravdess"}
    above = "seed=7 face.network.hidden=[8] face.network.dropout=0 face.training.learning_rate=1e-2"
    assert activations_of(planned("paper", f"report.compare.face=[] {above}")) == shared
    # fresh weights are another draw for each seed, and other blocks or pictures other activations
    for changed in ("face.network.weights=none", "face.features.size=128"):
        assert not activations_of(planned("paper", f"report.compare.face=[] {changed}")) & shared
    viewed = activations_of(planned("paper", "report.compare.face=[] face.network.feature_cache.views=2"))
    assert {key.rsplit("-", 1)[0] for key in viewed & shared} == {"vgg16-ravdess"}  # the test corpus needs no views
    fresh = [planned("paper", f"report.compare.face=[] face.network.weights=none seed={seed}") for seed in (0, 1)]
    assert not activations_of(fresh[0]) & activations_of(fresh[1])


def test_blocks_that_are_never_let_go_are_stored(planned):
    def network(unfreeze, views=1):
        plan = planned("demo", f"face.training.unfreeze={unfreeze} face.network.feature_cache.views={views}")
        (key,) = [key for key in plan.keys("model") if key.startswith("face-vgg16")]
        return plan.stage("model", key).settings["network"]["frozen"], plan

    frozen, plan = network("[]", views=3)
    assert frozen == 5
    views = {key.split("-")[1]: plan.stage("feature_cache", key).settings["views"] for key in activations_of(plan)}
    assert views == {"demo_kdef": 3, "demo_ravdess": 1}  # the test corpus only as it is
    assert network("[{epoch:1,blocks:1}]")[0] == 4
    assert network("[{epoch:1,blocks:1},{epoch:999,blocks:3}]")[0] == 4  # never reached
    frozen, plan = network("[{epoch:0,blocks:5}]")
    assert frozen == 0 and not activations_of(plan)
    with pytest.raises(EmofusionError, match=r"face\.network\.stored\.views=2.*unfreeze"):
        network("[{epoch:0,blocks:5}]", views=2)


def test_settings_of_a_network_hold_for_the_one_beside_it_where_they_can(planned):
    plan = planned(override="speech.network.filters=16 speech.training.epochs=3")
    models = {key.rsplit("-", 1)[0]: plan.stage("model", key).settings for key in plan.keys("model")}
    assert models["speech-cnn1d"]["network"]["filters"] == 16
    assert "filters" not in models["speech-lstm"]["network"]
    assert models["speech-lstm"]["training"]["epochs"] == 3  # the same budget
    plan = planned("paper", "face.network.weights=none face.network.hidden=[8]")
    assert len(plan.keys("model")) == 4
    assert sorted(key.rsplit("-", 1)[0] for key in plan.keys("weights")) == ["mobilenet_v2-none", "vgg16-none"]
    assert all(
        plan.stage("model", key).settings["network"]["hidden"] == [8]
        for key in plan.keys("model")
        if key.startswith("face")
    )


def test_missing_corpora_are_named_all_at_once(planned, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EmofusionError) as raised:
        planned("paper").check_sources()
    message = str(raised.value)
    for word in ("corpora.kdef.root", "KDEF_and_AKDEF.zip", "corpora.savee.root", "AudioData.zip"):
        assert word in message
    assert "ravdess" not in message  # it downloads itself


def test_missing_weights_are_named(planned, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EmofusionError, match=r"network.weights=missing.pth"):
        planned(override="face.network.weights=missing.pth").check_sources()


def test_a_stage_is_fingerprinted_by_what_it_runs_only():
    for variants in MODULES.values():
        for modules in variants.values():
            assert code_fingerprint(*modules)
    speech = code_fingerprint("emofusion.training.fit", "emofusion.networks.common.recurrent_and_convolutional")
    assert speech != code_fingerprint("emofusion.training.fit")
    assert code_fingerprint("emofusion.fusion.common.fuse") == code_fingerprint("emofusion.fusion.common.fuse")


def test_what_a_with_imports_is_part_of_the_fingerprint(tmp_path, monkeypatch):
    from emofusion import fingerprint

    monkeypatch.setattr(fingerprint, "PACKAGE", tmp_path)
    (tmp_path / "a.py").write_text("import threading\n\nwith threading.Lock():\n    from emofusion import b\n")
    found = []
    for value in (1, 2):
        (tmp_path / "b.py").write_text(f"VALUE = {value}\n")
        fingerprint._read.cache_clear()
        found.append(fingerprint.code_fingerprint("emofusion.a"))
    fingerprint._read.cache_clear()
    assert found[0] != found[1]


def test_the_files_that_a_package_keeps_are_part_of_its_fingerprint(tmp_path, monkeypatch):
    from emofusion import fingerprint

    monkeypatch.setattr(fingerprint, "PACKAGE", tmp_path)
    (tmp_path / "page" / "assets").mkdir(parents=True)
    (tmp_path / "page" / "__init__.py").write_text("VALUE = 1\n")
    found = []
    for script in (None, "go();\n", "stop();\n"):
        if script:
            (tmp_path / "page" / "assets" / "page.js").write_text(script)
        fingerprint._read.cache_clear()
        found.append(fingerprint.code_fingerprint("emofusion.page"))
    fingerprint._read.cache_clear()
    assert len(set(found)) == 3


def test_comments_and_docstrings_do_not_count_but_code_does(tmp_path, monkeypatch):
    from emofusion import fingerprint

    monkeypatch.setattr(fingerprint, "PACKAGE", tmp_path)
    (tmp_path / "a.py").write_text(
        '"""Says."""\nfrom emofusion import b\n\n\ndef f():\n    """Does."""\n    return 1\n'
    )
    (tmp_path / "b.py").write_text("VALUE = 1\n")

    def found():
        fingerprint._read.cache_clear()
        return fingerprint.code_fingerprint("emofusion.a")

    first = found()
    (tmp_path / "a.py").write_text('"""Said."""\nfrom emofusion import b  # why\n\n\ndef f():\n    return 1\n')
    without_docstring = found()
    (tmp_path / "a.py").write_text('"""Said."""\nfrom emofusion import b\n\n\ndef f():\n    """Now."""\n    return 1\n')
    assert found() == first
    assert without_docstring != ""
    (tmp_path / "b.py").write_text("VALUE = 2\n")
    assert found() != first
    fingerprint._read.cache_clear()


def test_posteriors_made_elsewhere_need_no_recording_and_no_model(planned):
    plan = planned("posteriors")
    assert {kind for kind, _ in plan.stages} == {"corpus", "split", "posteriors", "fusion", "evaluation", "report"}
    (speech,) = [stage for (kind, key), stage in plan.stages.items() if kind == "posteriors" and "speech" in key]
    assert speech.input_files["table"].endswith("speech_wav2vec2_logits.csv")
    other = planned("posteriors", "speech.posteriors.table=mine.csv")
    (mine,) = [stage for (kind, key), stage in other.stages.items() if kind == "posteriors" and "speech" in key]
    assert mine.key != speech.key
    assert keys(plan, "posteriors") & keys(other, "posteriors")  # the face's
    with pytest.raises(EmofusionError, match=r"posteriors\.table=mine\.csv: no such file"):
        other.check_sources()


def test_one_modality_made_elsewhere_beside_one_of_ours(planned):
    plan = planned("ravdess_openface", "speech=posteriors speech.posteriors.table=a.csv speech.posteriors.scale=logits")
    assert len(plan.keys("posteriors")) == 1 and [key.split("-")[0] for key in plan.keys("predictions")] == ["face"]


def test_the_number_of_bootstrap_samples_changes_the_evaluation_alone(planned):
    before, after = planned(), planned(override="evaluation.samples=100")
    assert keys(before, *ALL_BUT_LAST, "fusion") == keys(after, *ALL_BUT_LAST, "fusion")
    assert not keys(before, "evaluation", "report") & keys(after, "evaluation", "report")


def test_a_blend_shares_its_members_with_the_plain_choices(planned):
    plan = planned("ravdess_best", "face=action_units_ensemble speech=ensemble,statistics,functionals_ensemble")
    assert len(plan.keys("ensemble")) == 1 and len([key for key in plan.keys("model") if key.startswith("speech")]) == 2
    ensemble = plan.stage("ensemble", plan.keys("ensemble")[0])
    plain = [cell.report.inputs["predictions_speech"] for cell in plan.cells[1:]]
    assert [member.key for member in ensemble.inputs["members"]] == [stage.key for stage in plain]
    assert ensemble.settings["members"] == ["statistics", "functionals_ensemble"]
    report = plan.cells[0].report
    assert report.settings["curves"]["speech"] == ["statistics", "functionals_ensemble"]
    assert [model.key for model in report.inputs["curves_speech"]] == [stage.inputs["model"].key for stage in plain]
    assert report.settings["normalised_by_speaker"] == []
    assert report.inputs["splits"][0].key == plain[0].inputs["split"].key


def test_a_blend_is_normalised_by_speaker_if_a_member_is(planned):
    mixed = "speech.ensemble=[statistics,functionals_ensemble_by_speaker]"
    assert planned("ravdess_best", mixed).cells[0].report.settings["normalised_by_speaker"] == ["speech"]
    by_speaker = planned("ravdess_best_by_speaker").cells[0].report
    assert by_speaker.settings["normalised_by_speaker"] == ["speech", "face"]


def test_seeds_reach_the_members_of_a_blend(planned):
    first, second = planned("ravdess_best"), planned("ravdess_best", "seed=1")
    assert not keys(first, "model", "predictions", "ensemble") & keys(second, "model", "predictions", "ensemble")
    assert keys(first, "features") == keys(second, "features")


def test_the_pool_of_a_blend_changes_no_member(planned):
    first, second = planned("ravdess_best"), planned("ravdess_best", "speech.pool=product")
    assert keys(first, "predictions") == keys(second, "predictions") and keys(first, "ensemble") != keys(
        second, "ensemble"
    )


def test_a_blend_of_blends_is_refused(planned):
    with pytest.raises(EmofusionError, match=r"speech\.ensemble=.*name models that are trained"):
        planned("ravdess_best", "speech.ensemble=[ensemble_by_speaker,statistics]")
    with pytest.raises(EmofusionError, match="speech/gru"):
        planned("ravdess_best", "speech.ensemble=[gru,statistics]")


def test_settings_of_training_reach_every_member(planned):
    plan = planned("ravdess_best", "++speech.training.epochs=2 ++face.training.epochs=3")
    epochs = {key.split("-")[0]: set() for key in plan.keys("model")}
    for key in plan.keys("model"):
        epochs[key.split("-")[0]].add(plan.stage("model", key).settings["training"]["epochs"])
    assert epochs == {"speech": {2}, "face": {3}}
