"""Weights that overrides name one by one, and sweep."""

import pytest

from emofusion.errors import EmofusionError
from emofusion.settings.overrides import expand, split_overrides
from emofusion.settings.weights import completed

TWENTY = [place / 20 for place in range(21)]
THREE = (
    "+speech@own=lstm modalities=[speech,face,own] "
    "protocol.train={speech: [demo_savee], face: [demo_kdef], own: [demo_savee]}"
)


def weights(planning, experiment, override):
    """The configured weights of each cell, which are those that provenance shows, and those of its fusion."""
    cells = planning.cells(experiment, override)
    shown = [planning.composer(experiment).settings(cell.overrides).fusion.weights for cell in cells]
    assert shown == [cell.report.settings.weights for cell in cells]
    return shown


@pytest.mark.parametrize(
    ("experiment", "also"), [("demo", ""), ("demo", "fusion=linear"), ("ravdess_openface", "fusion=paper")]
)
def test_a_sweep_of_one_weight_of_two_gives_the_rest_to_the_other(planning, experiment, also):
    swept = weights(planning, experiment, f"{also} fusion.weights.speech=range(0,1.05,0.05)")
    assert swept == [{"speech": weight, "face": round(1 - weight, 2)} for weight in TWENTY]  # exact, also at the ends


def test_modalities_without_a_named_weight_share_the_rest_in_their_own_proportions(planning):
    own = "fusion.weights={speech: 0.6, face: 0.2, own: 0.2}"
    swept = weights(planning, "demo", f"{THREE} {own} fusion.weights.own=range(0,1.2,0.2)")
    assert [cell["own"] for cell in swept] == [0, 0.2, 0.4, 0.6, 0.8, 1]
    for cell in swept:
        assert cell["speech"] == pytest.approx(3 * cell["face"], abs=1e-9)
        assert sum(cell.values()) == pytest.approx(1, abs=1e-9)
    assert swept[2] == {"speech": 0.45, "face": 0.15, "own": 0.4}
    assert weights(planning, "demo", f"{THREE} {own} fusion.weights.own=0.5 fusion.weights.face=0.1") == [
        {"speech": 0.4, "face": 0.1, "own": 0.5}
    ]


def test_where_the_experiment_has_no_weights_the_rest_is_shared_equally(planning):
    swept = weights(planning, "demo", f"{THREE} fusion=linear fusion.weights.own=0,0.5,1")
    assert swept == [
        {"speech": 0.5, "face": 0.5, "own": 0},
        {"speech": 0.25, "face": 0.25, "own": 0.5},
        {"speech": 0, "face": 0, "own": 1},
    ]
    assert completed({"own": 0.4}, {"speech": 0, "face": 0, "own": 1}, ["speech", "face", "own"]) == {
        "speech": 0.3,
        "face": 0.3,
        "own": 0.4,
    }


def test_all_weights_may_be_named_and_a_map_stays_as_it_is(planning):
    assert weights(planning, "demo", "fusion.weights.speech=0.25 fusion.weights.face=0.75") == [
        {"speech": 0.25, "face": 0.75}
    ]
    assert weights(planning, "demo", "fusion.weights={speech: .6, face: .4}") == [{"speech": 0.6, "face": 0.4}]
    assert weights(planning, "demo", "seed=1 fusion.weights.speech=${seed}") == [{"speech": 1, "face": 0}]


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("fusion.weights.speech=1.1", "fusion.weights.speech=1.1: together they are 1.1"),
        (
            f"{THREE} fusion.weights.speech=0.6 fusion.weights.face=0.5",
            "fusion.weights.speech=0.6 fusion.weights.face=0.5: together they are 1.1, and the weights of all",
        ),
        ("fusion.weights.speech=0.6 fusion.weights.face=0.3", "together they are 0.9, and must be 1"),
        (f"{THREE} fusion.weights.speech=0.6", "no weight for own, so its share of the rest is unknown"),
        ("fusion.weights.speech=-0.1", "0 or more"),
        ("fusion.weights.speech=much", "fusion.weights.speech=much"),
        ("fusion.weights.spech=1", "spech is not in modalities=[speech,face], did you mean speech?"),
        ("modalities=[speech] fusion.weights.face=0.4", "face is not in modalities=[speech]; leave its weight out"),
    ],
)
def test_weights_that_cannot_be_are_refused(planning, override, told):
    with pytest.raises(EmofusionError) as raised:
        planning.cells("demo", override)
    assert told in str(raised.value)


@pytest.mark.parametrize(
    ("sweep", "values"),
    [
        ("range(0,1.05,0.05)", [f"{weight:.2f}".rstrip("0").rstrip(".") or "0" for weight in TWENTY]),
        ("range(0,0.9,0.3)", ["0", "0.3", "0.6"]),  # Hydra's own has 0.8999999999999999 too
        ("range(1,0,-0.25)", ["1", "0.75", "0.5", "0.25"]),
        ("range(1e-5,4e-5,1e-5)", ["1e-05", "2e-05", "3e-05"]),
        ("range(0,3)", ["0", "1", "2"]),
    ],
)
def test_ranges_have_no_noise_of_binary_fractions(sweep, values):
    texts = [cell[0].partition("=")[2] for cell in expand([f"fusion.weights.speech={sweep}"])]
    assert texts == values


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("seed=range(3,3)", "seed=range(3,3) names no value at all"),
        ("fusion.weights.speech=range(1,0,0.1)", "names no value at all"),
        ("seed=range(0,3,0)", "seed=range(0,3,0): the step of a range cannot be 0"),
        ("fusion.weights.speech=range(0,1,0.0)", "the step of a range cannot be 0"),
    ],
)
def test_ranges_without_values_are_refused(override, told):
    with pytest.raises(EmofusionError) as raised:
        expand(split_overrides(override))
    assert told in str(raised.value)
