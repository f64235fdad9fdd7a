"""Composition: what is set reaches the settings, and what is wrong is named."""

from dataclasses import replace

import pytest

from emofusion.errors import EmofusionError
from emofusion.settings import composition
from emofusion.settings.compose import Composer
from emofusion.settings.experiment import Emotions
from emofusion.settings.overrides import expand, split_overrides


def test_the_paper_experiment_has_the_papers_numbers(planning):
    settings = planning.settings("paper")
    assert settings.fusion.weights == {"speech": 0.7, "face": 0.3}
    speech, face = settings.modalities["speech"], settings.modalities["face"]
    assert speech.network.filters == 32 and speech.network.kernels == [5, 7]
    assert speech.network.dropout == 0.5
    assert speech.training.learning_rate == 1e-3 and speech.training.batch_size == 32
    assert len(speech.features.features) == 7
    assert face.network.architecture == "vgg16" and face.training.learning_rate == 1e-4
    assert face.features.size == 224
    assert settings.protocol.train == {"face": ["kdef"], "speech": ["savee"]}
    assert settings.protocol.test == ["ravdess"]


def test_every_experiment_composes(planning, conf):
    experiments = [path.stem for path in sorted((conf / "experiment").glob("*.yaml"))]
    assert len(experiments) >= 7
    for experiment in experiments:
        assert planning.settings(experiment).root.experiment == experiment


@pytest.mark.parametrize("protocol", ["speaker_independent", "random_clips", "ravdess_five_folds"])
@pytest.mark.parametrize("face", ["vgg16", "mobilenet", "action_units"])
def test_choices_of_groups_combine(planning, protocol, face):
    settings = planning.settings("paper_within", f"protocol={protocol} face={face}")
    assert settings.modalities["face"].name == face
    assert settings.protocol.kind == protocol.replace("ravdess_five_folds", "speaker_independent")


def test_functionals_are_a_choice_of_speech(planning):
    settings = planning.settings("ravdess_openface", "speech=functionals speech.features.set=compare_2016")
    speech = settings.modalities["speech"]
    assert (speech.features.kind, speech.features.set) == ("functionals", "compare_2016")
    assert speech.features.sample_rate == 16000 and speech.features.speeds == []
    assert speech.network.kind == "mlp"


def test_mobilenet_differs_from_vgg16_in_the_architecture_alone(planning):
    vgg, mobile = (planning.settings("paper", f"face={face}").modalities["face"] for face in ("vgg16", "mobilenet"))
    assert mobile.network.architecture == "mobilenet_v2" and mobile.name == "mobilenet"
    assert replace(mobile, name="vgg16", network=replace(mobile.network, architecture="vgg16")) == vgg


def test_the_held_out_actors_are_five_men_and_four_women(planning):
    (fold,) = planning.settings("paper_within").protocol.folds
    assert sum(actor % 2 == 1 for actor in fold) == 5 and sum(actor % 2 == 0 for actor in fold) == 4


@pytest.mark.parametrize(
    ("override", "description"),
    [
        ("protocol.folds=[[1,2],[3,4]]", "; changed: protocol.folds"),
        ("protocol.corpora=[savee] protocol.folds=[[DC],[JE]]", "; changed: protocol.folds, protocol.corpora"),
        ("protocol.validation=0 protocol.training_actors=8", ""),
        ("protocol.folds=[[2,5,14,15,16],[3,6,7,13,18],[10,11,12,19,20],[8,17,21,23,24],[1,4,9,22]]", ""),
    ],
)
def test_the_description_of_a_protocol_does_not_outlive_what_it_describes(conf, override, description):
    composer = Composer(conf, "ravdess_landmarks")

    def described(override):
        return composer.settings(split_overrides(override)).protocol.description

    own = "five published folds of RAVDESS actors (Luna-Jiménez et al. 2022)"
    assert described(override) == own + description
    assert described(f"{override} protocol.description='two of mine'") == "two of mine"


def test_general_words_about_a_protocol_stay(conf):
    settings = Composer(conf, "paper").settings(["protocol.train.face=[savee]", "protocol.test=[savee]"])
    assert settings.protocol.description == "trained on other corpora than the one tested on"


def test_settings_that_no_file_names_reach_the_settings(planning):
    settings = planning.settings(
        "paper",
        "face.network.pooling=flatten speech.network.pooling=flatten speech.training.patience=3 "
        "face.training.class_weights=true corpora.savee.exclude=[a.wav] corpora.ravdess.media=[audio,video] "
        "emotions.merge={calm: neutral}",
    )
    speech, face = settings.modalities["speech"], settings.modalities["face"]
    assert (speech.network.pooling, face.network.pooling) == ("flatten", "flatten")
    assert (speech.training.patience, face.training.patience) == (3, 0)
    assert (speech.training.class_weights, face.training.class_weights) == (False, True)
    assert settings.corpora["savee"].exclude == ["a.wav"] and settings.corpora["kdef"].exclude == []
    assert settings.corpora["ravdess"].media == ["audio", "video"]
    assert settings.emotions.merge == {"calm": "neutral"}
    table = planning.settings("ravdess_openface", "face.features.table=units.csv").modalities["face"].features.table
    assert table == "units.csv"


@pytest.mark.parametrize("setting", ["speech.training.patience=7", "+speech.training.patience=7"])
def test_a_plus_makes_no_difference(planning, setting):
    assert planning.settings("paper", setting).modalities["speech"].training.patience == 7


def test_a_map_on_the_command_line_replaces_the_map_that_is_there(planning, tmp_path):
    assert planning.settings("paper", "fusion.weights={face: 1, speech: 0}").fusion.weights == {"face": 1, "speech": 0}
    assert planning.settings("demo").report.compare == {"face": ["vgg16", "mobilenet"], "speech": ["cnn1d", "lstm"]}
    assert planning.settings("demo", "report.compare={}").report.compare == {}
    assert planning.settings("demo", "report.compare={speech: [lstm]}").report.compare == {"speech": ["lstm"]}
    merged = planning.settings("paper", "emotions=seven_calm_is_neutral emotions.merge={surprised: happy}")
    assert merged.emotions.merge == {"surprised": "happy"}
    assert planning.settings("paper", "emotions=seven_calm_is_neutral").emotions == Emotions(
        ["neutral", "happy", "sad", "angry", "fearful", "disgust", "surprised"], {"calm": "neutral"}
    )
    folder = "modalities=[speech] corpus=folder protocol=speaker_independent protocol.corpora=[folder]"
    labels = planning.settings("paper", f"{folder} corpora.folder.labels={{joy: happy}}").corpora["folder"].labels
    assert labels == {"joy": "happy"}


def test_steps_of_unfreezing_can_be_set(planning):
    override = "face.training.unfreeze=[{epoch: 3, blocks: 1}, {epoch: 5, blocks: 2}]"
    unfreeze = planning.settings("paper", override).modalities["face"].training.unfreeze
    assert [(step.epoch, step.blocks) for step in unfreeze] == [(3, 1), (5, 2)]


def test_an_override_may_refer_to_another_setting(planning):
    settings = planning.settings("paper", "seed=5 speech.training.epochs=${seed}")
    assert settings.modalities["speech"].training.epochs == 5
    with pytest.raises(EmofusionError, match=r"speech\.training\.epochs: .*nowhere"):
        planning.settings("paper", "speech.training.epochs=${nowhere}")


def test_sections_are_made_again_only_where_what_they_refer_to_changes(planning):
    composer = planning.composer("posteriors")  # its corpus is below ${data}, and its tables below a variable's folder
    first, second, elsewhere = (composer.settings(text.split()) for text in ("seed=1", "seed=2", "data=else seed=2"))
    assert first.corpora is second.corpora and first.modalities["speech"] is second.modalities["speech"]
    assert first.corpora["ravdess"].root == "data/ravdess" and elsewhere.corpora["ravdess"].root == "else/ravdess"
    assert elsewhere.modalities["speech"] is second.modalities["speech"]


@pytest.mark.parametrize(
    ("container", "references"),
    [
        ({"a": {"x": "${b.y}"}, "b": {"y": 1}}, {"a": {"b"}}),
        ({"a": {"x": ["${seed}"]}, "seed": "${b.y}", "b": {"y": 1}}, {"a": {"seed", "b"}, "": {"b"}}),
        ({"a": {"x": "${oc.env:HOME,${data}/x}"}, "data": "d"}, {"a": {"data"}}),
        ({"a": {"x": "${oc.env:HOME}"}}, {}),
        ({"a": {"x": "${.y}", "y": 1}}, {"a": None}),
        ({"a": {"x": "${b.y}"}, "b": {"y": "${oc.decode:x}"}}, {"a": None, "b": None}),
        ({"a": {"x": "${b[0]}"}, "b": {}}, {"a": {"b"}}),
    ],
)
def test_what_interpolations_refer_to_is_found_also_through_others(container, references):
    assert composition._references(container) == references


def test_whether_an_override_changes_the_settings(planning):
    composer = planning.composer("demo")

    def changes(overrides, text):
        return composer.changes(composer.settings(overrides), overrides, text)

    assert not changes(["speech=cnn1d"], "speech=cnn1d") and changes(["speech=lstm"], "speech=lstm")
    assert not changes(["seed=0"], "seed=0") and changes(["seed=1", "speech=lstm"], "seed=1")
    assert not changes(["fusion.weights.speech=0.70"], "fusion.weights.speech=0.70")
    both = ["speech=lstm", "speech.network.layers=2"]  # the 1D-CNN has no layers
    assert changes(both, "speech=lstm") and changes(both, "speech.network.layers=2")
    alone = ["modalities=[speech]", "face.training.epochs=3", "face=mobilenet"]
    assert not changes(alone, "face.training.epochs=3") and not changes(alone, "face=mobilenet")


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ("nonsense=1", "nonsense"),
        ("speech.nonsense=1", "speech.nonsense"),
        ("+speech.network.filterz=3", "did you mean speech.network.filters"),
        ("+nonsense=3", "nonsense"),
        ("speech=gru", "speech/ has no gru"),
        ("speech=cnn1", "did you mean cnn1d?"),
        ("seed=abc", "seed=abc: this must be a whole number, from 0 to"),
        ("speech.network.filters=many", "speech.network.filters=many: this must be a whole number, from 1 to 4096"),
        ("face.training.unfreeze=[{epoch: 1}]", "face.training.unfreeze[0].blocks: this setting has no value"),
        ("face.training.unfreeze=[{epoch: 1, block: 2}]", "did you mean face.training.unfreeze[0].blocks?"),
        ("fusion.weights.speech=1.9", "fusion.weights"),
        ("emotions.classes=[all,sad]", "emotions.classes: all means all emotions in tables"),
        ("emotions.merge={calm: bored}", "bored is not among emotions.classes"),
        ("protocol.test=[iemocap]", "iemocap"),
        ("protocol.validation=2", "protocol.validation"),
        ("protocol.validation=0", "protocol.validation=0: there are no validation clips, so face.training.keep=best"),
        ("protocol.kind=leave_one_out", "protocol.kind=leave_one_out"),
        ("speech.network.kind=transformer", "speech.network.kind=transformer"),
        ("speech.training.epochs=0", "speech.training.epochs"),
        ("modalities=[speech,text]", "text"),
        ("+speech@text=cnn1d", "text is not in modalities=[speech,face]; add it there"),
        ("experiment=demo", "--config experiment=demo"),
    ],
)
def test_what_is_wrong_is_named(planning, override, named):
    with pytest.raises(EmofusionError) as raised:
        planning.cells("paper", override)
    assert named in str(raised.value)


@pytest.mark.parametrize("prefix", ["", "+", "++"])
@pytest.mark.parametrize(
    ("unknown", "nearest"),
    [
        ("sede=1", "seed"),
        ("fusion.wieghts={}", "fusion.weights"),
        ("speech.trainnig={epochs: 3}", "speech.training"),
        ("speech.training.epohcs=3", "speech.training.epochs"),
        ("face.network.feature_cache.view=3", "face.network.feature_cache.views"),
        ("speech.training.augment.mix_up=1", "speech.training.augment.mixup"),
        ("corpora.demo_kdef.demo.poeple=3", "corpora.demo_kdef.demo.people"),
        ("fusion.options.stacked.strenghts=[1]", "fusion.options.stacked.strengths"),
        ("protocol.validaton=0.2", "protocol.validation"),
    ],
)
def test_an_unknown_setting_is_told_the_nearest_at_every_depth(planning, prefix, unknown, nearest):
    with pytest.raises(EmofusionError) as raised:
        planning.cells("demo", prefix + unknown)
    name = unknown.partition("=")[0]
    assert str(raised.value) == f"{name}: no such setting; did you mean {nearest}?"


def test_an_unknown_experiment_is_told_which_there_are(conf):
    with pytest.raises(EmofusionError, match=r"experiment=papre: conf/experiment/ has no papre, did you mean paper\?"):
        Composer(conf, "papre")


def test_sweeps_expand_by_hydras_grammar():
    cells = expand(split_overrides("speech=cnn1d,lstm seed=range(0,3)"))
    assert len(cells) == 6
    assert cells[0] == ["speech=cnn1d", "seed=0"] and cells[-1] == ["speech=lstm", "seed=2"]
    assert expand(split_overrides("protocol.test=[a,b]")) == [["protocol.test=[a,b]"]]
    assert expand([]) == [[]]


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("seed=range(0,0)", "seed=range(0,0) names no value at all"),
        ("seed=1,2,1", "seed=1,2,1 names a value twice"),
        ("seed=1 seed=2", "seed is set twice; a sweep is written seed=first,second"),
        ("seed=range(0,10000000)", "seed=range(0,10000000) names more than 100,000 values"),
        ("seed=range(0,1000) evaluation.seed=range(0,1000)", "1,000,000 combinations; one command plans at most"),
        ("seed=interval(0,1)", "names no single values; list them, as in seed=0,1,2"),
        ("speech=glob(*)", "names no single values"),
        ("=3", "=3 names no setting"),
        ("seed", "seed is not written as name=value"),
    ],
)
def test_sweeps_that_cannot_be_meant_are_refused(override, told):
    with pytest.raises(EmofusionError) as raised:
        expand(split_overrides(override))
    assert told in str(raised.value)


def test_blanks_in_quotes_and_brackets_do_not_separate():
    assert split_overrides("report.title='Two words' seed=3") == ["report.title='Two words'", "seed=3"]
    assert split_overrides("fusion.weights={speech: 1, face: 0}  seed=range(0, 3)") == [
        "fusion.weights={speech: 1, face: 0}",
        "seed=range(0, 3)",
    ]
    assert split_overrides(None) == split_overrides("") == []


def test_an_open_bracket_or_quote_is_a_clear_error():
    with pytest.raises(EmofusionError, match="override"):
        expand(["seed=1=["])
    with pytest.raises(EmofusionError, match="override"):
        split_overrides("report.title='open")


def test_a_title_with_blanks_survives_composition(planning):
    assert planning.settings("demo", "report.title='Two words'").report.title == "Two words"


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("fusion.rule=magic", r"fusion\.rule=magic: no such kind; there are chosen, linear,"),
        (
            "fusion.rule=product_oracle",
            r"fusion\.rule=product_oracle: it is chosen on test clips, so it stands in fusion",
        ),
        ("fusion.compare=[linear,magic]", r"fusion\.compare=magic: no such kind"),
        ("fusion.fit_on=test", r"fusion\.fit_on=test: auto or validation or cross_fitted"),
        ("evaluation.samples=0", r"evaluation\.samples=0: from 1 to"),
        ("evaluation.confidence=95", r"evaluation\.confidence=95.0: above 0 and below 1"),
        ("speech.posteriors.scale=shares", r"speech\.posteriors\.scale=shares: logits or probabilities or percent"),
        ("speech.posteriors.tabel=x", r"did you mean speech\.posteriors\.table\?"),
        (
            "speech.posteriors.labels={joy: glee}",
            r"speech\.posteriors\.labels=\{joy: glee\}: glee is not among neutral",
        ),
        ("face.posteriors.without=[joy]", r"face\.posteriors\.without=\[joy\]: joy is not among neutral, calm"),
        ("speech=posteriors speech.posteriors.scale=logits", r"speech\.posteriors\.table: this setting has no value"),
    ],
)
def test_settings_of_fusion_and_posteriors_are_checked(planning, override, said):
    experiment = "demo" if override.startswith("speech=") else "posteriors"
    with pytest.raises(EmofusionError, match=said):
        planning.cells(experiment, override)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("speech.ensemble=[statistics]", r"speech\.ensemble=\[statistics\]: name at least two choices of speech"),
        ("speech.ensemble=[statistics,statistics,cnn1d]", r"speech\.ensemble=.*: each once"),
        ("speech.ensemble=[statistics,gru]", r"speech\.ensemble=\[statistics,gru\]: conf/speech/ has no gru"),
        ("speech.pool=median", r"speech\.pool=median: linear or product"),
        ("+speech.wieghts=[1,1]", "wieghts"),
        ("speech.network.nonsense=1", r"none of the models in speech\.ensemble takes speech\.network\.nonsense=1"),
    ],
)
def test_settings_of_an_ensemble_are_checked(planning, override, said):
    with pytest.raises(EmofusionError, match=said):
        planning.cells("ravdess_openface", f"speech=ensemble {override}")
