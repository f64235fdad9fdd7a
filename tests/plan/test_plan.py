"""The plan: which settings change which stages, and which do not."""

import re

import pytest

from emofusion.errors import EmofusionError
from emofusion.plan.make import check_sources
from emofusion.plan.stage import KINDS


def names(plan, *kinds):
    """The names of all stages of these kinds."""
    return {name for name in plan.stages if name.partition("/")[0] in kinds}


def slug(name):
    """The readable part of a stage's key."""
    return name.partition("/")[2].rpartition("-")[0]


def report_of(plan, place=None):
    """The stage of a cell's report; of the first cell where none is named."""
    return plan.stage(plan.cells[place or next(iter(plan.cells))].report)


def test_weights_of_the_fusion_change_the_fusion_and_what_reads_it_alone(planned):
    before, after = planned(), planned(override="fusion.weights={speech: 0.5, face: 0.5}")
    assert names(before, *ALL_BUT_LAST) == names(after, *ALL_BUT_LAST)
    assert not names(before, "fusion", "report") & names(after, "fusion", "report")


def test_tracking_and_titles_change_no_model(planned):
    before, after = planned(), planned(override="tracking.uri=http://127.0.0.1:1 report.title=other")
    assert names(before, *ALL_BUT_LAST, "fusion") == names(after, *ALL_BUT_LAST, "fusion")


def test_another_speech_network_leaves_features_and_the_face_alone(planned):
    before, after = planned(), planned(override="speech=lstm")
    kinds = ("generated", "corpus", "split", "features", "model")
    assert names(before, *kinds) == names(after, *kinds)  # the LSTM was trained for the comparison already
    (changed,) = names(after, "predictions") - names(before, "predictions")
    assert slug(changed) == "speech-lstm"


def test_a_seed_changes_models_but_not_data(planned):
    before, after = planned(), planned(override="seed=1")
    shared = ("generated", "corpus", "split", "features")
    assert names(before, *shared) == names(after, *shared)
    assert not names(before, "model", "predictions", "fusion") & names(after, "model", "predictions", "fusion")


def test_another_face_leaves_the_speech_model_alone(planned):
    before = planned("paper_within")
    after = planned("paper_within", "face=action_units report.compare.face=[]")
    speech = {name for name in names(before, "model") if slug(name).startswith("speech")}
    assert speech and speech <= names(after, "model")


def test_a_split_reads_what_other_modalities_skip(planned):
    before, after = planned("paper_within"), planned("paper_within", "corpora.ravdess.on_bad_clip=skip")
    assert all("also_skipped" not in before.stage(name).inputs for name in names(before, "split"))
    read = {slug(name).rpartition("-")[2]: after.stage(name).inputs for name in names(after, "split")}
    assert set(read) == {"speech", "face"}
    assert read["speech"]["also_skipped"] == read["face"]["corpora"] != read["speech"]["corpora"]
    assert read["face"]["also_skipped"] == read["speech"]["corpora"]
    features = {name.rpartition("/")[2] for modality in read for name in read[modality]["features_skipped"]}
    assert len(features) == 2 and features == {name.rpartition("/")[2] for name in names(after, "features")}
    assert read["speech"]["features_skipped"] == read["face"]["features_skipped"]


def test_the_order_of_settings_does_not_matter(planned):
    first = planned(override="fusion.weights={speech: 0.4, face: 0.6}")
    second = planned(override="fusion.weights={face: 0.6, speech: 0.4}")
    assert first.stages.keys() == second.stages.keys()


def test_a_grid_shares_common_stages(planned):
    plan = planned(override="speech=cnn1d,lstm seed=range(0,2)")
    assert len(plan.cells) == 4
    assert len(names(plan, "report")) == 4 and len(names(plan, "model")) == 8  # 4 networks × 2 seeds
    assert len(names(plan, "features")) == 4 and len(names(plan, "corpus")) == 4


def test_folders_of_cells_are_named_by_what_they_change(planned):
    plan = planned(override="seed=1,2 speech.training.epochs=3")
    assert list(plan.cells) == [f"demo/report.seeds=1+seed={seed}+speech.training.epochs=3" for seed in (1, 2)]
    long = "+".join(["x"] * 200)
    places = list(planned(override=f"report.title={long}a,{long}b").cells)
    assert len(places) == 2 and all(len(place) < 150 for place in places)


def caches_of(plan):
    return {name for name in names(plan, "feature_cache") if slug(name).startswith("vgg16")}


def test_feature_caches_are_shared_by_all_that_trains_above_them(planned):
    alone = "report.compare.face=[]"
    shared = caches_of(planned("paper", alone))
    assert {slug(name) for name in shared} == {"vgg16-kdef", "vgg16-ravdess"}
    above = "seed=7 face.network.hidden=[8] face.network.dropout=0 face.training.learning_rate=1e-2"
    assert caches_of(planned("paper", f"{alone} {above}")) == shared
    # fresh weights are another draw for each seed, and other blocks or pictures give other features
    for changed in ("face.network.weights=none", "face.features.size=128"):
        assert not caches_of(planned("paper", f"{alone} {changed}")) & shared
    viewed = caches_of(planned("paper", f"{alone} face.network.feature_cache.views=2"))
    assert {slug(name) for name in viewed & shared} == {"vgg16-ravdess"}  # the test corpus needs no views
    fresh = [planned("paper", f"{alone} face.network.weights=none seed={seed}") for seed in (0, 1)]
    assert caches_of(fresh[0]) and not caches_of(fresh[0]) & caches_of(fresh[1])


def test_blocks_that_are_never_trained_are_cached(planned):
    def network(unfreeze, views=1):
        plan = planned("demo", f"face.training.unfreeze={unfreeze} face.network.feature_cache.views={views}")
        (name,) = [name for name in names(plan, "model") if slug(name) == "face-vgg16"]
        return plan.settings(name).network.frozen, plan

    frozen, plan = network("[]", views=3)
    assert frozen == 5
    views = {slug(name): plan.settings(name).part.views for name in caches_of(plan)}
    assert views == {"vgg16-demo_kdef": 3, "vgg16-demo_ravdess": 1}  # the test corpus only as it is
    assert network("[{epoch:1,blocks:1}]")[0] == 4
    assert network("[{epoch:1,blocks:1},{epoch:999,blocks:3}]")[0] == 4  # never reached
    frozen, plan = network("[{epoch:0,blocks:5}]")
    assert frozen == 0 and not caches_of(plan)
    with pytest.raises(EmofusionError, match=r"face\.network\.feature_cache\.views=2.*unfreeze"):
        network("[{epoch:0,blocks:5}]", views=2)


def test_settings_of_a_network_hold_for_the_one_beside_it_where_they_can(planned):
    plan = planned(override="speech.network.filters=16 speech.training.epochs=3")
    models = {slug(name): plan.settings(name) for name in names(plan, "model")}
    assert models["speech-cnn1d"].network.filters == 16
    assert not hasattr(models["speech-lstm"].network, "filters")
    assert models["speech-lstm"].training.epochs == 3  # the same budget
    plan = planned("paper", "face.network.weights=none face.network.hidden=[8]")
    assert len(names(plan, "model")) == 4
    assert sorted(map(slug, names(plan, "weights"))) == ["mobilenet_v2-none", "vgg16-none"]
    faces = [name for name in names(plan, "model") if slug(name).startswith("face")]
    assert len(faces) == 2 and all(plan.settings(name).network.hidden == [8] for name in faces)


def test_missing_corpora_are_named_all_at_once(planned, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EmofusionError) as raised:
        check_sources(planned("paper"), tmp_path)
    message = str(raised.value)
    for word in ("corpora.kdef.root", "KDEF_and_AKDEF.zip", "corpora.savee.root", "AudioData.zip"):
        assert word in message
    assert "ravdess" not in message  # it downloads itself


def test_missing_weights_are_named(planned, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EmofusionError, match=r"network\.weights=missing\.pth"):
        check_sources(planned(override="face.network.weights=missing.pth"), tmp_path)


def test_posteriors_made_elsewhere_need_no_recording_and_no_model(planned, tmp_path):
    plan = planned("posteriors")
    kinds = {stage.kind for stage in plan.stages.values()}
    assert kinds == {"corpus", "split", "groups", "posteriors", "rules", "fusion", "report"}
    speech = report_of(plan).inputs["predictions_speech"]
    assert plan.settings(speech).posteriors.table.endswith("speech_wav2vec2_logits.csv")
    other = planned("posteriors", "speech.posteriors.table=mine.csv")
    assert report_of(other).inputs["predictions_speech"] != speech
    assert report_of(other).inputs["predictions_face"] == report_of(plan).inputs["predictions_face"]
    with pytest.raises(EmofusionError, match=r"posteriors\.table=mine\.csv: no such file"):
        check_sources(other, tmp_path)


def test_one_modality_made_elsewhere_beside_one_of_ours(planned):
    plan = planned("ravdess_openface", "speech=posteriors speech.posteriors.table=a.csv speech.posteriors.scale=logits")
    assert len(names(plan, "posteriors")) == 1
    assert [slug(name).partition("-")[0] for name in names(plan, "predictions")] == ["face"]


def test_the_number_of_bootstrap_samples_changes_what_is_resampled_alone(planned):
    before, after = planned(), planned(override="evaluation.samples=100")
    assert names(before, *ALL_BUT_LAST) == names(after, *ALL_BUT_LAST)
    assert not names(before, *LAST) & names(after, *LAST)


def test_another_weight_or_rule_shares_all_rules_without_configured_weights(planned):
    before = planned()
    for override in ("fusion.weights.speech=0.2", "fusion.rule=product", "fusion.rule=stacked"):
        after = planned(override=override)
        assert names(before, "rules") == names(after, "rules")
        assert not names(before, "fusion", "report") & names(after, "fusion", "report")
    (name,) = names(before, "rules")
    shared = before.settings(name)
    assert not any(rule.takes_weights for rule in shared.fusion.rules) and len(shared.fusion.rules) > 10


def test_early_fusion_shares_the_features_of_its_modalities(planned):
    plan = planned("ravdess_best")
    models = {slug(name).partition("-")[0]: plan.stage(name) for name in names(plan, "model")}
    assert set(models) == {"speech", "face", "early"}
    early = models["early"].inputs["features"]
    assert early == models["speech"].inputs["features"] + models["face"].inputs["features"]
    assert len(early) == len(set(early)) == len(names(plan, "features"))
    settings = plan.settings(models["early"].name)
    assert settings.parts[:2] == ["speech.statistics", "speech.contours"] and len(settings.parts) == len(early)
    assert settings.parts[-1] == "face.shares" and settings.network.combine == "product"
    (predictions,) = [name for name in names(plan, "predictions") if slug(name).startswith("early")]
    assert plan.settings(predictions).parts == settings.parts
    # each part reads its own medium of the corpus
    media = {slug(str(plan.stage(name).inputs["corpus"])) for name in early}
    assert media == {"ravdess-audio", "ravdess-landmarks", "ravdess-action_units"}
    # an override of one part changes this part and the models that read it
    other = planned("ravdess_best", "early.features.parts.speech.parts.statistics.mfcc=13")
    assert len(names(other, "features")) == len(early) + 1
    assert names(other, "model") & names(plan, "model") == {models["speech"].name, models["face"].name}


def test_joined_features_are_checked_part_by_part(planned):
    with pytest.raises(EmofusionError, match=r"speech\.features\.parts\.statistics\.mel=0: from 1 to 512"):
        planned("ravdess_best", "speech.features.parts.statistics.mel=0")
    with pytest.raises(EmofusionError, match=r"speech\.features\.parts\.statistics\.mle: no such setting"):
        planned("ravdess_best", "+speech.features.parts.statistics.mle=3")
    added = "+speech.features.parts.more={kind: functionals, set: egemaps, sample_rate: 8000}"
    assert len(names(planned("ravdess_best", added), "features")) == len(names(planned("ravdess_best"), "features")) + 1


ENSEMBLE = "speech=ensemble report.compare={}"


def test_an_ensemble_shares_its_members_with_the_plain_choices(planned):
    plan = planned("ravdess_openface", "speech=ensemble,statistics,functionals report.compare={}")
    (ensemble,) = names(plan, "ensemble")
    assert len([name for name in names(plan, "model") if slug(name).startswith("speech")]) == 2
    report, *others = [plan.stage(cell.report) for cell in plan.cells.values()]
    plain = [other.inputs["predictions_speech"] for other in others]
    assert plan.stage(ensemble).inputs["members"] == plain
    assert plan.settings(ensemble).members == ["statistics", "functionals"]
    settings = plan.settings(report.name)
    assert settings.networks["speech"] == ["statistics", "functionals"]
    assert report.inputs["models_speech"] == [plan.stage(name).inputs["model"] for name in plain]
    assert settings.normalised_by_speaker == []
    assert report.inputs["splits"][0] == plan.stage(plain[0]).inputs["split"]


def test_an_ensemble_is_normalised_by_speaker_if_a_member_is(planned):
    def normalised(*command):
        plan = planned(*command)
        return plan.settings(report_of(plan).name).normalised_by_speaker

    mixed = "speech.ensemble=[functionals,statistics_by_speaker]"
    assert normalised("ravdess_openface", mixed) == ["speech"]
    assert normalised("ravdess_best_by_speaker") == ["speech", "face", "early"]


def test_seeds_reach_the_members_of_an_ensemble(planned):
    first, second = planned("ravdess_openface", ENSEMBLE), planned("ravdess_openface", f"{ENSEMBLE} seed=1")
    kinds = ("model", "predictions", "ensemble")
    assert names(first, *kinds) and not names(first, *kinds) & names(second, *kinds)
    assert names(first, "features") == names(second, "features")


def test_the_pool_of_an_ensemble_changes_no_member(planned):
    first, second = (
        planned("ravdess_openface", ENSEMBLE),
        planned("ravdess_openface", f"{ENSEMBLE} speech.pool=product"),
    )
    assert names(first, "predictions") == names(second, "predictions")
    assert names(first, "ensemble") != names(second, "ensemble")


def test_an_ensemble_of_ensembles_is_refused(planned):
    with pytest.raises(EmofusionError, match=r"speech\.ensemble=.*name models that are trained"):
        planned("ravdess_openface", "speech.ensemble=[ensemble,statistics]")
    with pytest.raises(EmofusionError, match="conf/speech/ has no gru"):
        planned("ravdess_openface", "speech.ensemble=[gru,statistics]")


def test_settings_of_training_reach_every_member(planned):
    plan = planned("ravdess_openface", f"{ENSEMBLE} speech.training.epochs=2 face.training.epochs=3")
    epochs = {modality: set() for modality in ("speech", "face")}
    for name in names(plan, "model"):
        epochs[slug(name).partition("-")[0]].add(plan.settings(name).training.epochs)
    assert epochs == {"speech": {2}, "face": {3}}


def test_every_kind_of_stage_names_a_script_and_modules_that_exist(repository):
    for kind in KINDS.values():
        assert (repository / "workflow" / "scripts" / f"{kind.script}.py").is_file()
        for module in kind.modules:
            path = repository / "src" / module.replace(".", "/")
            assert path.is_dir() or path.with_suffix(".py").is_file()


def test_every_key_is_a_name_that_a_path_can_hold(planned):
    for name in planned("ravdess_openface", ENSEMBLE).stages:
        assert re.fullmatch(r"[a-z_]+/[A-Za-z0-9_.+-]+-[0-9a-f]{16}", name)


LAST = ("rules", "fusion", "report")
ALL_BUT_LAST = [kind for kind in KINDS if kind not in LAST]


@pytest.mark.parametrize(
    ("experiment", "override", "groups", "required"),
    [
        ("posteriors", "", ["intensity", "statement"], False),
        ("crema_d_people", "", ["intensity", "statement"], False),
        ("posteriors", "evaluation.groups=[intensity]", ["intensity"], True),
        ("posteriors", "evaluation.groups=[]", None, None),
        ("meld_text", "", None, None),  # MELD has no intensities, and each of its statements is said once
    ],
)
def test_groups_that_all_tested_corpora_declare_are_reported(planned, experiment, override, groups, required):
    plan = planned(experiment, override)
    found = [plan.settings(name) for name, stage in plan.stages.items() if stage.kind == "groups"]
    reported = [plan.settings(name).groups for name, stage in plan.stages.items() if stage.kind == "report"]
    if groups is None:
        assert not found and reported == [[]]
    else:
        assert [(one.groups, one.required) for one in found] == [(groups, required)] and reported == [groups]


@pytest.mark.parametrize("published", ["none", "crema_d", "ravdess"])
def test_a_misspelt_table_of_a_paper_is_refused_also_beside_figures_of_others(planned, published):
    with pytest.raises(EmofusionError, match=r"published\.tabel1: no such setting"):
        planned("posteriors", f"published={published} +published.tabel1={{}}")
