"""One modality, two or five: an experiment names them, and need not unsay anything else."""

import pytest

from emofusion.errors import EmofusionError
from emofusion.plan.outcome import resolved_weights

FIVE = (
    "modalities=[speech,face,a,b,c] +speech@a=lstm +speech@b=cnn1d_deep +face@c=mobilenet "
    "protocol.train={speech: [savee], face: [kdef], a: [savee], b: [savee], c: [kdef]}"
)


def weights_of(settings):
    return resolved_weights(settings.fusion.weights, settings.root.modalities)


@pytest.mark.parametrize(("modalities", "left"), [("[speech]", {"speech": 1.0}), ("[face]", {"face": 1.0})])
def test_one_modality_needs_no_unsaying(planning, modalities, left):
    settings = planning.settings("demo", f"modalities={modalities}")
    assert list(settings.modalities) == list(left)
    assert weights_of(settings) == left  # the paper's weights name two


def test_the_report_of_one_modality_shows_networks_of_that_one_alone(planning):
    report = planning.cells("demo", "modalities=[speech]")[0].report
    assert report.settings.modalities == ["speech"]
    assert {name: set(networks) for name, networks in report.settings.networks.items()} == {"speech": {"cnn1d", "lstm"}}
    assert "predictions_face" not in report.inputs


def test_five_modalities_have_a_model_each_and_equal_weights(planning):
    settings = planning.settings("paper", f"{FIVE} fusion.weights=null fusion.steps=20")
    names = {modality: node.name for modality, node in settings.modalities.items()}
    assert names == {"speech": "cnn1d", "face": "vgg16", "a": "lstm", "b": "cnn1d_deep", "c": "mobilenet"}
    assert settings.modalities["b"].features.mel == 64 and settings.modalities["a"].features.mel == 128
    assert weights_of(settings) == dict.fromkeys(["speech", "face", "a", "b", "c"], 0.2)


def test_an_override_of_an_added_modality_reaches_it_alone(planning):
    settings = planning.settings(
        "paper", f"{FIVE} fusion.weights=null fusion.steps=20 a.network.hidden=9 b.training.epochs=3"
    )
    assert settings.modalities["a"].network.hidden == 9
    assert settings.modalities["b"].training.epochs == 3 and settings.modalities["speech"].training.epochs == 20


def test_weights_for_some_of_the_modalities_are_refused(planning):
    with pytest.raises(EmofusionError, match=r"fusion\.weights names speech, face, and no weight for a, b, c; set"):
        planning.cells("paper", f"{FIVE} fusion.steps=20")


def test_many_modalities_need_fewer_steps(planning):
    with pytest.raises(EmofusionError, match=r"fusion\.steps=100: 4,598,126 settings of 5 weights; choose fewer steps"):
        planning.cells("paper", f"{FIVE} fusion.weights=null")


@pytest.mark.parametrize(
    ("given", "modalities", "expected"),
    [
        ({"speech": 0.7, "face": 0.3}, ["speech", "face"], {"speech": 0.7, "face": 0.3}),
        ({"speech": 0.7, "face": 0.3}, ["face"], {"face": 1.0}),
        ({"speech": 0.6, "face": 0.2, "text": 0.2}, ["face", "speech"], {"face": 0.25, "speech": 0.75}),
        (None, ["speech", "face"], {"speech": 0.5, "face": 0.5}),
        ({}, ["speech", "face"], {"speech": 0.5, "face": 0.5}),
    ],
)
def test_weights_belong_to_the_modalities_that_are_there(given, modalities, expected):
    assert resolved_weights(given, modalities) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"speech": 1.0}, "no weight for face; set fusion.weights={speech: 0.5, face: 0.5}, or fusion.weights=null"),
        ({"speech": 0.0, "face": 0.0}, "are all 0"),
        ({"speech": 0.5, "face": 0.6}, "together they are 1.1, and must be 1"),
    ],
)
def test_weights_that_cannot_be_meant_are_refused(given, told):
    with pytest.raises(EmofusionError) as raised:
        resolved_weights(given, ["speech", "face"])
    assert told in str(raised.value) and str(raised.value).startswith("fusion.weights")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Text", "Text is not an allowed name: use small letters, digits and _, and start with a letter"),
        ("own-speech", "own-speech is not an allowed name"),
        ("2nd", "2nd is not an allowed name"),
        ("fusion", "the name fusion has another meaning already"),
        ("all", "the name all has another meaning already"),
        ("linear", "the name linear has another meaning already"),
    ],
)
def test_names_of_modalities_are_checked(planning, name, told):
    with pytest.raises(EmofusionError) as raised:
        planning.cells("paper", f"modalities=[speech,'{name}']")
    assert told in str(raised.value)


@pytest.mark.parametrize("name", ["a/b", "../x", "''", ".", "'a b'", "-x", "x" * 101])
@pytest.mark.parametrize("modality", ["speech", "face"])
def test_names_of_models_become_parts_of_paths(planning, modality, name):
    with pytest.raises(EmofusionError, match=rf"^{modality}\.name=.*: files are named after it"):
        planning.cells("paper", f"{modality}.name={name}")
