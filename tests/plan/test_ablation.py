"""Ablations: the files of `conf/ablation/` and those of a user."""

import pytest

from emofusion.errors import EmofusionError
from emofusion.plan.make import plan_file, plans_of

# Experiment → the ablations that fit it, with the number of their cells.
COMMON = {"weights": 21, "rules": 19, "calm": 3}
SPEECH = {"speech_network": 2, "acoustic_features": 8, "seeds": 5}
FITTING = {
    "demo": {**COMMON, **SPEECH, "backbone": 2, "demo_protocol": 3, "demo_matrix": 2},
    "paper": {**COMMON, **SPEECH, "backbone": 2, "protocol": 4, "training_actors": 5, "noise": 6},
    "paper_within": {**COMMON, **SPEECH, "backbone": 2, "protocol": 4, "training_actors": 5, "noise": 6},
    "ravdess_openface": {**COMMON, **SPEECH, "protocol": 4, "training_actors": 5, "noise": 6, "speech_face_fusion": 48},
    "ravdess_best": {**COMMON, "seeds": 5, "protocol": 4, "training_actors": 5, "enrolment_best": 4},
    "paper_hybrid": {**COMMON, **SPEECH, "backbone": 2, "protocol": 4, "training_actors": 5, "noise": 6},
    "acted_voices": {"rules": 19, "calm": 3, "seeds": 5, "training_actors": 5, "noise": 6, "cross_corpus_matrix": 5},
    "ravdess_landmarks": {"rules": 19, "calm": 3, "enrolment": 4, "landmark_network": 3},
    "posteriors": COMMON,
}


@pytest.fixture
def own(grid_of, tmp_path):
    """A function that plans an ablation of a user: `own(text)`."""

    def planned(text, experiment="demo", override="", baseline="", name="mine"):
        file = tmp_path / f"{name}.yaml"
        file.write_text(text)
        return grid_of(experiment, override, file, baseline)

    return planned


def places_of(planned):
    return [cell.place for cell in planned.cells]


def ablations(repository):
    return sorted(file.stem for file in (repository / "conf" / "ablation").glob("*.yaml"))


@pytest.mark.parametrize("experiment", FITTING)
def test_every_ablation_is_planned_where_it_fits_and_otherwise_refused(repository, grid_of, experiment):
    named = ablations(repository)
    assert len(named) == 17
    for name in named:
        if name in FITTING[experiment]:
            planned = grid_of(experiment, ablation=name)
            assert len(planned.cells) == FITTING[experiment][name], name
            assert planned.grid["ablation"] == planned.grid["name"] == name
            assert len(planned.grid["factors"]) == (4 if name == "speech_face_fusion" else 1)
            assert planned.grid["question"].endswith("?")
            assert all(place.startswith(f"{name}/") for place in places_of(planned))
        elif experiment == "posteriors":  # each message looks at all experiments, which takes its time
            told = rf"^ablation={name} needs \S+, and experiment=posteriors has .*; it fits"
            with pytest.raises(EmofusionError, match=told):
                grid_of(experiment, ablation=name)


def test_a_refused_ablation_names_what_is_missing_and_the_experiments_that_fit(grid_of):
    with pytest.raises(EmofusionError) as raised:
        grid_of("ravdess_openface", ablation="backbone")
    assert str(raised.value) == (
        "ablation=backbone needs face.network.kind=backbone, and experiment=ravdess_openface has "
        "face.network.kind=mlp; it fits demo, paper, paper_hybrid, paper_within"
    )


def test_each_acoustic_feature_is_left_out_in_turn(grid_of):
    planned = grid_of("demo", ablation="acoustic_features")
    levels = [cell.factors["acoustic_features"] for cell in planned.cells]
    used = [planned_features(cell) for cell in planned.cells]
    everything = set(used[0])
    assert levels[0] == "all" and len(everything) == 7 and planned.grid["baseline"] == "acoustic_features/base"
    for level, left in zip(levels[1:], used[1:], strict=True):
        assert everything - set(left) == {level.removeprefix("without_")}
    assert planned.cells[1].place == "acoustic_features/acoustic_features=without_mfcc"


def planned_features(cell):
    """The names of the acoustic features that a cell's speech model is trained on."""
    speech = cell.report.inputs["predictions_speech"].inputs["features"]
    return speech[0].settings.features.features


def test_rules_are_all_that_are_no_oracle(grid_of):
    from emofusion.settings.registry import kinds

    planned = grid_of("posteriors", ablation="rules")
    rules = {name for name, rule in kinds("fusion").items() if rule.role != "oracle"}
    assert {cell.factors["fusion.rule"] for cell in planned.cells} == rules


def test_the_command_line_adds_a_dimension_or_a_fixed_value(grid_of):
    alone = grid_of("demo", ablation="backbone")
    assert places_of(alone) == ["backbone/base", "backbone/face=mobilenet"]
    swept = grid_of("demo", "seed=range(0,2)", "backbone")
    assert places_of(swept) == [
        *["backbone/base", "backbone/seed=1"],
        *["backbone/face=mobilenet"],
        places_of(swept)[3],
    ]
    assert places_of(swept)[3] == "backbone/face=mobilenet+seed=1" and swept.grid["replicates"] == ["seed"]
    fixed = grid_of("demo", "speech=lstm", "backbone", "face=mobilenet")
    assert places_of(fixed) == ["backbone/speech=lstm", "backbone/face=mobilenet+speech=lstm"]
    assert (fixed.grid["baseline"], fixed.grid["factors"]) == ("backbone/face=mobilenet+speech=lstm", ["face"])


@pytest.mark.parametrize("override", ["face=vgg16", "face=vgg16,mobilenet", "report.compare={}"])
def test_a_setting_of_the_ablation_cannot_be_set_again(grid_of, override):
    name = override.partition("=")[0]
    with pytest.raises(EmofusionError, match=rf"override: {name} is set by ablation=backbone too, as {name}="):
        grid_of("demo", override, "backbone")


def test_cells_may_be_listed_in_three_forms_and_swept(own):
    planned = own(
        """
        overrides: {report.compare: {}}
        cells:
          - {speech: lstm, seed: "range(0,2)"}
          - [speech=cnn1d, fusion.weights.speech=0.6]
          - speech=cnn1d speech.training.epochs=3
        """,
        override="evaluation.samples=10",
    )
    assert places_of(planned) == [
        "mine/evaluation.samples=10+speech=lstm",
        "mine/evaluation.samples=10+seed=1+speech=lstm",
        "mine/evaluation.samples=10+fusion.weights.speech=0.6",
        "mine/evaluation.samples=10+speech.training.epochs=3",
    ]
    # every varying factor has a level in every cell, also where the cell sets it not
    assert planned.grid["factors"] == ["speech", "seed", "fusion.weights.speech", "speech.training.epochs"]
    assert [list(cell.factors.values()) for cell in planned.cells] == [
        ["lstm", "0", "0.7", "20"],
        ["lstm", "1", "0.7", "20"],
        ["cnn1d", "0", "0.6", "20"],
        ["cnn1d", "0", "0.7", "3"],
    ]


def test_named_cells_are_one_factor(own):
    planned = own(
        """
        cells:
          own:
          "deeper": {speech.network: {kind: lstm, layers: 2}, speech.name: deep}
          texts: "report.title='a b' emotions.merge={calm: neutral}"
        baseline: {mine: deeper}
        """,
        override="seed=0,1",
    )
    assert planned.grid["factors"] == ["mine", "seed"]
    assert places_of(planned)[:4] == ["mine/base", "mine/seed=1", "mine/mine=deeper", "mine/mine=deeper+seed=1"]
    assert planned.grid["baseline"] == "mine/mine=deeper" and planned.grid["baseline_chosen"]
    assert planned.cells[4].factors == {"mine": "texts", "seed": "0"}


def test_cells_are_excluded_before_they_are_composed(own):
    text = """
        overrides: speech=cnn1d,lstm,functionals speech.features.features=[mfcc],[mel] seed=0,1
        exclude:
          - {speech: functionals}
          - speech=lstm seed=1
    """
    planned = own(text)  # openSMILE's functionals have no such features
    assert planned.grid["excluded"] == 6 and len(planned.cells) == 6
    assert {(cell.factors["speech"], cell.factors["seed"]) for cell in planned.cells} == {
        ("cnn1d", "0"),
        ("cnn1d", "1"),
        ("lstm", "0"),
    }
    swept = own("overrides: seed=range(0,5)\nexclude: ['seed=range(1,4)']")
    assert [cell.factors["seed"] for cell in swept.cells] == ["0", "4"]
    unset = own("overrides: seed=0,1\ncells: [speech=lstm, speech.training.epochs=3]\nexclude: [speech=lstm]")
    assert [cell.factors for cell in unset.cells] == [{"seed": "0"}, {"seed": "1"}]


def test_repetitions_can_be_named(own):
    planned = own("overrides: protocol.seed=0,1 seed=0,1 speech=cnn1d,lstm\nreplicates: [seed, protocol.seed]")
    assert planned.grid["replicates"] == ["seed", "protocol.seed"] and len(planned.cells) == 8
    assert planned.grid["baseline"] == "mine/base"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sweep: speech=lstm", "sweep: no such setting"),
        ("override: speech=lstm", "override: no such setting; did you mean overrides?"),
        ("title: [a]\noverrides: seed=0,1", "this must be text"),
        ("- speech=lstm", "this must be a map with overrides or cells"),
        ("title: nothing", "it names no cell: set overrides or cells"),
        ("overrides: {speech: lstm", "mine.yaml: line 1: expected ',' or '}'"),
        ("overrides: seed=0,1\noverrides: seed=0,2", "found duplicate key"),
        ("overrides: seed=0,1\ncells: speech=lstm", "cells=speech=lstm: a list of cells, or a map from names to cells"),
        ("overrides: seed=0,1\ncells: [seed=3]", "cells[0]: seed is set by overrides, for every cell"),
        ("overrides: seed=0,1\ncells: {a b: seed=3}", "cells=a b: files are named after it"),
        ("overrides: 3", "overrides=3: write overrides as a map, {speech: lstm, seed: 1}"),
        ("overrides: [{seed: 1}]", "write overrides as a map"),
        ("overrides: seed=0,1\nexclude: [{}]", "exclude[0]: it is empty, and would leave out every cell"),
        ("overrides: seed=0,1\nexclude: seed=1", "exclude=seed=1: this must be a list"),
        ("overrides: seed=0,1\nreplicates: [seed, seed]", "replicates=[seed,seed]: each once"),
        (
            "overrides: seed=0,1\nbaseline: report.title='one",
            "mine.yaml: baseline: a quote is not closed in: report.title",
        ),
        ("cells: ['seed=0', 'modalities=[face']", "mine.yaml: cells[1]: a bracket is not closed in: modalities=[face"),
    ],
)
def test_a_file_that_is_wrong_is_named_with_its_field(own, text, told):
    with pytest.raises(EmofusionError) as raised:
        own(text)
    assert "mine.yaml: " in str(raised.value) and told in str(raised.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("overrides: seed=0,1\nexclude: [seed=2]", "ablation=mine: exclude[0]: no cell has seed=2; there is seed=0,1"),
        ("overrides: seed=0,1\nexclude: [seed=1]", "ablation=mine: it compares cells, and has 1 here (1 are excluded)"),
        ("overrides: speech=lstm", "ablation=mine: it compares cells, and has 1 here"),
        ("cells: [seed=1, speech=lstm, seed=1]", "the cell seed=1 is there twice"),
        ("cells: [seed=1 speech=lstm, speech=lstm seed=1]", "is there twice"),
        ("cells: ['seed=0,1', 'seed=1,2']", "the cell seed=1 is there twice"),
        ("overrides: seed=0,1\nbaseline: seed=2", "baseline=seed=2: no cell has it"),
        ("overrides: speech=lsmt,cnn1d", "conf/speech/ has no lsmt"),
        (
            "overrides: seed=0,1\nneeds: speech=statistics",
            "ablation=mine needs speech=statistics, and experiment=demo has",
        ),
        ("overrides: seed=0,1\nbaseline: seed=0 seed=1", "baseline: seed is set twice; a sweep is written"),
        (
            "overrides: seed=0,1\nexclude: ['seed=range(0,0)']",
            "ablation=mine: exclude[0]: seed=range(0,0) names no value",
        ),
        ("overrides: seed=0,1\nneeds: seed=0 seed=1", "ablation=mine: needs: seed is set twice"),
        ("overrides: seed=range(0,0)", "names no value at all"),
        ("overrides: seed=0,1 seed=2", "seed is set twice"),
    ],
)
def test_cells_that_cannot_be_meant_are_refused(own, text, told):
    with pytest.raises(EmofusionError) as raised:
        own(text)
    assert told in str(raised.value)


def test_folds_of_clips_do_not_have_the_recording_that_ravdess_has_twice(grid_of):
    planned = grid_of("ravdess_openface", ablation="protocol")
    assert planned.first.corpora["ravdess"].exclude == ["03-01-03-01-02-01-07.*"]
    assert planned.grid["factors"] == ["protocol"]  # so it is the same in all cells


def test_names_that_are_taken_or_missing_are_refused(own, grid_of, tmp_path, monkeypatch):
    for name in ("demo", "audit"):
        with pytest.raises(EmofusionError, match=f"has the folder results/reports/{name}; give"):
            own("overrides: seed=0,1", name=name)
    with pytest.raises(EmofusionError, match=r"has no weight, did you mean weights\?; there are acoustic_features"):
        grid_of("demo", ablation="weight")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EmofusionError, match=r"ablation=none\.yaml: there is no such file in "):
        grid_of("demo", ablation="none.yaml")
    with pytest.raises(EmofusionError, match="an ablation is chosen by --config ablation=backbone"):
        grid_of("demo", "ablation=backbone")


def test_a_changed_ablation_gives_a_new_plan(conf, tmp_path):
    def planned(**given):
        return plan_file(conf, "posteriors", None, tmp_path / "results", **given)

    mine = tmp_path / "mine.yaml"
    mine.write_text("overrides: seed=0,1")
    paths = [planned().path, planned(ablation="weights").path, planned(ablation=str(mine)).path]
    paths.append(planned(ablation=str(mine), baseline="seed=1").path)
    assert len(set(paths)) == 4
    assert planned(ablation=str(mine)).path == paths[2]
    mine.write_text("overrides: seed=0,1,2")
    assert len(planned(ablation=str(mine)).cells) == 3
    (conf / "ablation" / "weights.yaml").write_text("overrides: fusion.weights.speech=0.1,0.2")
    assert len(planned(ablation="weights").cells) == 2


def test_prune_keeps_what_ablations_need_wherever_they_fit(repository, results_of_plans):
    conf, experiments = repository / "conf", ["posteriors", "ravdess_openface"]
    plans = plans_of(conf, experiments, None, results_of_plans, ["weights", "speech_network"])
    assert [len(plan.cells) for plan in plans] == [1, 1, 21, 21, 2]
    with pytest.raises(EmofusionError, match="ablation=backbone needs"):
        plans_of(conf, experiments, None, results_of_plans, ["backbone"])
