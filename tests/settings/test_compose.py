"""Composition: what is set reaches the settings, and what is wrong is named."""

import pytest

from emofusion.errors import EmofusionError
from emofusion.settings.compose import compose, expand, split_overrides


@pytest.fixture
def conf(repository):
    return repository / "conf"


def test_the_paper_experiment_has_the_papers_numbers(conf):
    settings = compose(conf, "paper", [])
    assert settings["fusion"]["weights"] == {"speech": 0.7, "face": 0.3}
    speech, face = settings["speech"], settings["face"]
    assert speech["network"]["filters"] == 32 and speech["network"]["kernels"] == [5, 7]
    assert speech["network"]["dropout"] == 0.5
    assert speech["training"]["learning_rate"] == 1e-3 and speech["training"]["batch_size"] == 32
    assert len(speech["features"]["features"]) == 7
    assert face["network"]["architecture"] == "vgg16" and face["training"]["learning_rate"] == 1e-4
    assert face["features"]["size"] == 224
    assert settings["protocol"]["train"] == {"face": ["kdef"], "speech": ["savee"]}
    assert settings["protocol"]["test"] == ["ravdess"]


@pytest.mark.parametrize(
    "experiment", ["demo", "paper", "paper_within", "ravdess_openface", "ravdess_best", "posteriors"]
)
def test_every_experiment_composes(conf, experiment):
    assert compose(conf, experiment, [])["experiment"] == experiment


@pytest.mark.parametrize("protocol", ["speaker_independent", "random_clips", "ravdess_five_folds"])
@pytest.mark.parametrize("face", ["vgg16", "mobilenet", "action_units"])
def test_choices_of_groups_combine(conf, protocol, face):
    settings = compose(conf, "paper_within", [f"protocol={protocol}", f"face={face}"])
    assert settings["face"]["name"] == face


def test_functionals_are_a_choice_of_speech(conf):
    speech = compose(conf, "ravdess_openface", ["speech=functionals", "speech.features.set=compare_2016"])["speech"]
    assert speech["features"] == {"kind": "functionals", "sample_rate": 16000, "set": "compare_2016", "speeds": []}
    assert speech["network"]["kind"] == "mlp"


def test_mobilenet_differs_from_vgg16_in_the_architecture_alone(conf):
    vgg, mobile = (compose(conf, "paper", [f"face={face}"])["face"] for face in ("vgg16", "mobilenet"))
    mobile["network"]["architecture"], mobile["name"] = "vgg16", "vgg16"
    assert mobile == vgg


def test_the_held_out_actors_are_five_men_and_four_women(conf):
    (fold,) = compose(conf, "paper_within", [])["protocol"]["folds"]
    assert sum(actor % 2 == 1 for actor in fold) == 5 and sum(actor % 2 == 0 for actor in fold) == 4


@pytest.mark.parametrize(
    ("overrides", "named"),
    [
        (["nonsense=1"], "nonsense"),
        (["speech.nonsense=1"], "speech.nonsense"),
        (["+speech.network.filterz=3"], "did you mean speech.network.filters"),
        (["+nonsense=3"], "nonsense"),
        (["speech=gru"], "speech/gru"),
        (["seed=abc"], "seed"),
        (["speech.network.filters=many"], "speech.network.filters"),
        (["face.training.unfreeze=[{epoch: 1}]"], "face.training.unfreeze"),
        (["fusion.weights.speech=0.9"], "fusion.weights"),
        (["emotions.classes=[joy,sad]"], "joy"),
        (["protocol.test=[iemocap]"], "iemocap"),
        (["protocol.validation=2"], "protocol.validation"),
        (["protocol.validation=0"], "protocol.validation=0: nobody is there for face.training.keep=best"),
        (["protocol.kind=leave_one_out"], "protocol.kind=leave_one_out"),
        (["speech.network.kind=transformer"], "speech.network.kind=transformer"),
        (["speech.training.epochs=0"], "speech.training.epochs"),
        (["modalities=[speech,text]"], "text"),
    ],
)
def test_what_is_wrong_is_named(conf, overrides, named):
    with pytest.raises(EmofusionError) as raised:
        compose(conf, "paper", overrides)
    assert named in str(raised.value)


def test_an_unknown_experiment_is_told_which_there_are(conf):
    with pytest.raises(EmofusionError, match=r"experiment=papre: no such experiment; there are demo, paper"):
        compose(conf, "papre", [])


def test_sweeps_expand_by_hydras_grammar():
    cells = expand(split_overrides("speech=cnn1d,lstm seed=range(0,3)"))
    assert len(cells) == 6
    assert cells[0] == ["speech=cnn1d", "seed=0"] and cells[-1] == ["speech=lstm", "seed=2"]
    assert expand(split_overrides("protocol.test=[a,b]")) == [["protocol.test=[a,b]"]]
    assert expand([]) == [[]]


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


def test_a_title_with_blanks_survives_composition(conf):
    assert compose(conf, "demo", ["report.title='Two words'"])["report"]["title"] == "Two words"


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("fusion.rule=magic", r"fusion\.rule=magic: no such rule; there are linear,"),
        ("fusion.rule=product_oracle", r"fusion\.rule=product_oracle: chosen on test clips, for `compare` alone"),
        ("fusion.compare=[linear,magic]", r"fusion\.compare=magic: no such rule"),
        ("fusion.fit_on=test", r"fusion\.fit_on=test: auto or validation or cross_fitted"),
        ("evaluation.samples=0", r"evaluation\.samples=0: at least 1"),
        ("evaluation.confidence=95", r"evaluation\.confidence=95.0: between 0 and 1"),
        ("speech.posteriors.scale=percent", r"speech\.posteriors\.scale=percent: logits or probabilities"),
        ("speech.posteriors.tabel=x", r"tabel"),
        ("speech.posteriors.labels={joy: glee}", r"speech\.posteriors\.labels: glee not among neutral,"),
        ("face.posteriors.without=[joy]", r"face\.posteriors\.without: joy not among neutral,"),
        ("speech=posteriors speech.posteriors.scale=logits", r"speech\.posteriors\.table: this setting has no value"),
    ],
)
def test_settings_of_fusion_and_posteriors_are_checked(conf, override, said):
    experiment = "demo" if override.startswith("speech=") else "posteriors"
    with pytest.raises(EmofusionError, match=said):
        compose(conf, experiment, split_overrides(override))


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("speech.ensemble=[statistics]", r"speech\.ensemble=\['statistics'\]: at least two choices of speech"),
        ("speech.ensemble=[statistics,statistics,cnn1d]", "a choice is there twice"),
        ("speech.pool=median", r"speech\.pool=median: linear or product"),
        ("+speech.wieghts=[1,1]", "wieghts"),
    ],
)
def test_settings_of_a_blend_are_checked(conf, override, said):
    with pytest.raises(EmofusionError, match=said):
        compose(conf, "ravdess_best", [override])
