"""Grids: the places of cells, what varies between them, the baseline, and cells that are refused."""

import pytest

from emofusion.errors import EmofusionError
from emofusion.plan import cells as cells_module
from emofusion.plan.grid import folder_name


def names_of(planned):
    """The folders of the cells within the grid's."""
    assert all(place.startswith(f"{planned.grid['name']}/") for place in places_of(planned))
    return [place.partition("/")[2] for place in places_of(planned)]


def places_of(planned):
    return {cell.place: cell for cell in planned.cells}


def test_a_cell_is_named_by_what_it_changes_of_the_experiment(grid_of):
    plan = grid_of("demo", "speech=cnn1d,lstm seed=range(0,2)")
    assert names_of(plan) == ["base", "seed=1", "speech=lstm", "seed=1+speech=lstm"]
    again = grid_of("demo", "speech.training.epochs=20,30")  # 20 are the experiment's own
    assert names_of(again) == ["base", "speech.training.epochs=30"]


def test_one_more_dimension_keeps_the_places_that_there_are(grid_of):
    places = {}
    for override in (
        "speech=cnn1d,lstm seed=range(0,2)",
        "seed=0,1,2 fusion.weights.speech=range(0.5,0.8,0.1) speech=cnn1d,lstm",
        "speech=lstm,cnn1d seed=1",
    ):
        plan = grid_of("demo", override)
        found = {place: cell.sections for place, cell in places_of(plan).items()}
        assert all(places.get(place, sections) == sections for place, sections in found.items())
        assert len(found) == len(plan.cells) and (not places or set(found) & set(places))
        places |= found
    assert {"demo/base", "demo/seed=1", "demo/fusion.weights.speech=0.6+seed=2+speech=lstm"} <= set(places)


def test_an_override_counts_for_the_name_by_its_effect_alone(grid_of):
    # the LSTM's group sets 20 epochs again, and null is the same as equal weights
    assert names_of(grid_of("demo", "fusion=linear fusion.weights.speech=0.5,0.7")) == [
        "fusion.weights.speech=0.5",
        "base",
    ]
    assert names_of(grid_of("ravdess_openface", "fusion=linear fusion.weights.speech=0.6 seed=0,1")) == [
        "fusion.weights.speech=0.6",
        "fusion.weights.speech=0.6+seed=1",
    ]
    assert names_of(grid_of("demo", "+seed=1,2 tracking.enabled=false")) == ["seed=1", "seed=2"]
    # of a modality that the experiment does not have
    with_other = names_of(grid_of("demo", "modalities=[speech] face.training.epochs=3 seed=0,1"))
    assert with_other == names_of(grid_of("demo", "modalities=[speech] seed=0,1"))


def test_values_have_one_spelling_in_names(grid_of):
    first = names_of(grid_of("demo", "speech.training.learning_rate=2e-3,0.01 fusion.weights.speech=0.60"))
    second = names_of(grid_of("demo", "speech.training.learning_rate=0.002,1e-2 fusion.weights.speech=.6"))
    assert first == second
    assert first[0] == "fusion.weights.speech=0.6+speech.training.learning_rate=0.002"


@pytest.mark.parametrize(
    "changed", [{"report.title": "a/b"}, {"corpora.x.root": "../.."}, {"emotions.classes": "[sad,angry]"}]
)
def test_names_of_folders_have_no_special_letters_and_differ(changed):
    name = folder_name(changed)
    assert not set("/[,") & set(name) and not name.startswith(".")
    (key, level), *_ = changed.items()
    assert name != folder_name({key: f"{level} "}) and name != folder_name({key: level.replace("/", "_")} | {"a": "1"})
    assert len(folder_name({"report.title": "long" * 100})) <= 120
    assert folder_name({}) == "base"
    long = {f"corpora.{name}.demo.people": "8" for name in "abcdef"} | {"fusion.steps": "10"}
    assert folder_name(long).startswith(f"{'people=8+' * 6}steps=10-") and len(folder_name(long)) < 80


def test_factors_are_the_levels_of_all_that_varies(grid_of):
    plan = grid_of("demo", "speech=lstm,cnn1d report.seeds=1 fusion.weights.speech=0.7,0.5 seed=0,1")
    grid = plan.grid
    assert grid["factors"] == ["speech", "fusion.weights.speech", "seed"] and grid["replicates"] == ["seed"]
    assert len(plan.cells) == 8
    cell = places_of(plan)["demo/report.seeds=1"]
    assert cell.factors == {"speech": "cnn1d", "fusion.weights.speech": "0.7", "seed": "0"}
    levels = {tuple(cell.factors.values()) for cell in plan.cells}
    assert levels == {(s, w, n) for s in ("lstm", "cnn1d") for w in ("0.7", "0.5") for n in ("0", "1")}


def test_a_single_cell_is_no_grid(grid_of):
    plan = grid_of("demo", "seed=range(0,1) speech=lstm")
    assert list(places_of(plan)) == ["demo"] and plan.grid is None and plan.cells[0].factors == {}


def test_the_baseline_is_the_experiment_or_what_is_chosen(grid_of):
    own = grid_of("demo", "speech=lstm,cnn1d seed=3,4 report.seeds=1").grid
    assert (own["baseline"], own["baseline_chosen"]) == ("demo/report.seeds=1+seed=3", False)
    first = grid_of("demo", "seed=0,1 speech=lstm,statistics").grid
    assert (first["baseline"], first["baseline_chosen"]) == ("demo/speech=lstm", False)
    chosen = grid_of("demo", "speech=lstm,cnn1d seed=3,4", baseline="speech=lstm").grid
    assert (chosen["baseline"], chosen["baseline_chosen"]) == ("demo/seed=3+speech=lstm", True)
    weight = grid_of("demo", "fusion.weights.speech=range(0,1.05,0.05)", baseline="fusion.weights.speech=0.50")
    assert weight.grid["baseline"] == "demo/fusion.weights.speech=0.5"


@pytest.mark.parametrize(
    ("override", "baseline", "told"),
    [
        ("seed=1,2", "seed=3", "baseline=seed=3: no cell has it; there is seed=1,2"),
        ("speech=cnn1d,lstm", "speech=lsmt", "no cell has it; there is speech=cnn1d,lstm"),
        ("speech=cnn1d,lstm face=vgg16,mobilenet", "face=vgg16", "2 settings have it, such as speech=cnn1d face=vgg16"),
        ("seed=1", "seed=1", "baseline=seed=1: nothing is swept, so there is only one cell"),
    ],
)
def test_a_baseline_that_is_not_one_setting_is_refused(grid_of, override, baseline, told):
    with pytest.raises(EmofusionError) as raised:
        grid_of("demo", override, baseline=baseline)
    assert told in str(raised.value)


@pytest.mark.parametrize(
    ("experiment", "override", "told"),
    [
        ("demo", "seed=1,1", "seed=1,1 names a value twice"),
        ("demo", "seed=1,01", "the cells with seed=1 and with seed=01 would have the same result"),
        ("demo", "fusion.weights.speech=0.7,'0.70'", "fusion.weights.speech=0.7 and with fusion.weights.speech='0.70'"),
        ("posteriors", "face=vgg16,mobilenet", "the cells with face=vgg16 and with face=mobilenet"),
        ("demo", "modalities=[speech] face=vgg16,mobilenet", "the cells with face=vgg16 and with face=mobilenet"),
        ("posteriors", "speech.training.epochs=1,2", "speech is read from speech.posteriors.table, so no model"),
        ("demo", "speech=cnn1d,lstm speech.network={kind: mlp},{kind: mlp}", "names a value twice"),
    ],
)
def test_cells_that_are_the_same_are_refused_and_both_named(grid_of, experiment, override, told):
    with pytest.raises(EmofusionError) as raised:
        grid_of(experiment, override)
    assert told in str(raised.value)


def test_two_cells_in_one_folder_are_refused(grid_of, monkeypatch):
    monkeypatch.setattr(cells_module, "folder_name", lambda changed: "same")
    with pytest.raises(EmofusionError, match="seed=10 and seed=11 would have the same folder, results/reports/demo"):
        grid_of("demo", "seed=10,11")
