"""Keys of stages: each changes with every setting that can change the stage's output, and with no other."""

import re

import pytest

from emofusion.errors import EmofusionError
from emofusion.plan.make import plan_file
from emofusion.plan.outcome import resolved_weights
from emofusion.plan.stage import StageFactory
from emofusion.settings.kinds import FrozenPart, Preparation

BASE = "report.compare={}"
FACE = {"model face-vgg16", "predictions face-vgg16"}
SPEECH = {"model speech-cnn1d", "predictions speech-cnn1d"}
REPORT = {"report demo"}
OWN = {"fusion linear"} | REPORT
FUSION = {"rules compared"} | OWN
CACHES = {"feature_cache vgg16-demo_kdef", "feature_cache vgg16-demo_ravdess"}
GROUPS = {"groups cross_corpus"}
SPLITS = {"split cross_corpus-face", "split cross_corpus-speech"}


def described(names):
    """The stages by kind and the readable part of their keys."""
    return {f"{name.partition('/')[0]} {name.partition('/')[2].rpartition('-')[0]}" for name in names}


@pytest.mark.parametrize(
    ("override", "changed"),
    [
        # settings that change no result
        ("tracking.uri=http://127.0.0.1:1", set()),
        ("tracking.enabled=false", set()),
        ("accept_other_versions=true", set()),
        ("data=elsewhere", set()),
        ("speech.pool=product", set()),  # of an ensemble, and there is none
        ("face.network.source=http://127.0.0.1:1", set()),  # of weights that are fetched, and these are drawn
        # of the report alone
        ("report.title=other", REPORT),
        ("protocol.description=other", REPORT),
        ("published=none", REPORT),
        # of the evaluation
        ("evaluation.samples=10", FUSION),
        ("evaluation.permutations=10", OWN),
        ("evaluation.confidence=0.9", FUSION),
        ("evaluation.bins=3", FUSION),
        ("evaluation.seed=3", FUSION),
        ("evaluation.metrics=[]", FUSION),
        # of the fusion
        ("fusion.weights={speech: 0.5, face: 0.5}", OWN),
        ("fusion.weights=null", OWN),
        ("fusion.compare=[]", FUSION),
        ("fusion.fit_on=validation", FUSION),
        ("fusion.steps=10", FUSION),
        ("modalities=[face,speech]", FUSION | GROUPS),  # the order of columns
        ("modalities=[speech]", FUSION | GROUPS),
        # of one model
        ("speech.training.epochs=7", SPEECH | FUSION),
        ("speech.training.threads=2", SPEECH | FUSION),
        ("speech.training.precision=half", SPEECH | FUSION),
        ("speech.training.members=2", SPEECH | FUSION),
        ("speech.training.class_weights=true", SPEECH | FUSION),
        ("speech.training.speaker_normalisation=true", SPEECH | FUSION),
        ("speech.training.outlier_limit=null", SPEECH | FUSION),
        ("speech.training.augment.noise=0.1", SPEECH | FUSION),
        ("speech.network.dropout=0.1", SPEECH | FUSION),
        ("face.training.epochs=41", FACE | FUSION),
        ("face.network.hidden=[8]", FACE | FUSION),
        # of what is stored of a frozen part
        ("face.network.feature_cache.threads=2", CACHES | FACE | FUSION),
        ("face.network.feature_cache.precision=full", CACHES | FACE | FUSION),
        ("face.network.feature_cache.views=2", {"feature_cache vgg16-demo_kdef"} | FACE | FUSION),
        ("face.training.unfreeze=[{epoch: 1, blocks: 1}]", CACHES | FACE | FUSION),
        # of features
        (
            "speech.features.sample_rate=8000",
            {"features acoustic-demo_savee", "features acoustic-demo_ravdess"} | SPEECH | FUSION,
        ),
        (
            "face.features.frames=2",
            {"features pixels-demo_kdef", "features pixels-demo_ravdess"} | CACHES | FACE | FUSION,
        ),
        # of the seed: everything that is drawn
        ("seed=1", {"weights vgg16-none"} | CACHES | FACE | SPEECH | FUSION),
        # of the split
        ("protocol.seed=3", SPLITS | GROUPS | FACE | SPEECH | FUSION),
        ("protocol.validation=0.3", SPLITS | GROUPS | FACE | SPEECH | FUSION),
        ("emotions.merge={calm: neutral}", SPLITS | GROUPS | FACE | SPEECH | FUSION),
        ("emotions.classes=[angry,sad]", SPLITS | GROUPS | FACE | SPEECH | FUSION),
        # of one corpus
        (
            "corpora.demo_savee.demo.utterances=2",
            {
                "generated demo_savee",
                "corpus demo_savee-audio",
                "features acoustic-demo_savee",
                "features acoustic-demo_ravdess",  # the longest recording of both decides the length of rows
                "split cross_corpus-speech",
            }
            | GROUPS
            | SPEECH
            | FUSION,
        ),
        (
            "corpora.demo_kdef.exclude=[x.jpg]",
            {"corpus demo_kdef-image", "features pixels-demo_kdef", "split cross_corpus-face"}
            | {"feature_cache vgg16-demo_kdef"}
            | GROUPS
            | FACE
            | FUSION,
        ),
    ],
)
def test_a_setting_changes_the_stages_whose_output_it_can_change(planned, override, changed):
    before, after = set(planned(override=BASE).stages), set(planned(override=f"{BASE} {override}").stages)
    assert described(after - before) == changed
    # what is not changed is not planned under another key beside the old one
    assert len(after) <= len(before) or "feature_cache" in override


@pytest.mark.parametrize(
    ("experiment", "override"),
    [
        ("demo", "speech=cnn1d,lstm seed=0,1 fusion.steps=20"),
        ("ravdess_openface", "speech=ensemble speech.pool=linear,product"),
        ("ravdess_best", "early.network.combine=mean,product"),
    ],
)
def test_a_cell_has_the_same_keys_alone_and_in_a_grid(planned, experiment, override):
    grid = planned(experiment, override)
    for place, cell in grid.cells.items():
        alone = planned(experiment, " ".join(text for text in cell.overrides if not text.startswith("report.seeds")))
        assert list(alone.cells) == [experiment]
        assert alone.stages_of(experiment) == grid.stages_of(place)
        assert alone.cell_settings(experiment) == grid.cell_settings(place)
        for name in alone.stages:
            assert alone.stage(name) == grid.stage(name)


def test_a_grid_has_the_stages_of_its_cells_and_no_others(planned):
    plan = planned(override="seed=0,1 fusion.steps=10,20")
    assert set(plan.stages) == {name for place in plan.cells for name in plan.stages_of(place)}


@pytest.mark.parametrize("name", ["rules", "threads", "precision", "label", "settings", "inputs", "splits", "kind"])
def test_a_modality_may_be_called_like_a_part_of_a_stage(planned, name):
    plan = planned("ravdess_openface", f"+face@{name}=action_units modalities=[face,{name}] fusion.weights=null")
    (report,) = [plan.stage(cell.report) for cell in plan.cells.values()]
    assert report.inputs[f"predictions_{name}"].startswith(f"predictions/{name}-action_units-")
    assert list(plan.stage(report.inputs["fusion"]).inputs) == ["fusion", "face", name, "evaluation"]


class One(Preparation):
    pass


class Another(Preparation):
    pass


class Part(FrozenPart):
    pass


def test_preparations_of_two_classes_are_two_stages():
    factory = StageFactory()
    first, second, third = (factory.make("weights", "same", settings) for settings in (One(), Another(), Part()))
    assert len({first.key, second.key, third.key}) == 3
    assert factory.make("weights", "same", One()) is first


def test_what_is_read_in_another_order_is_another_stage():
    factory = StageFactory()
    a, b = factory.make("split", "a", {"x": 1}), factory.make("split", "b", {"x": 1})
    assert factory.make("fusion", "f", {}, {"one": a, "two": b}) is not factory.make(
        "fusion", "f", {}, {"two": b, "one": a}
    )
    assert factory.make("fusion", "f", {}, {"one": (a, b)}) is not factory.make("fusion", "f", {}, {"one": (b, a)})


@pytest.mark.parametrize(
    ("experiment", "override", "message"),
    [
        ("demo", "accept_other_versions=true,false", "accept_other_versions must be the same for the whole command"),
        ("demo", "tracking.enabled=true,false", "tracking must be the same for the whole command"),
        ("demo", "modalities=[speech],[face]", "all cells of one command must have the same modalities"),
    ],
)
def test_cells_that_one_command_cannot_compare_are_refused(planned, experiment, override, message):
    with pytest.raises(EmofusionError, match=message):
        planned(experiment, override)


def test_models_and_posteriors_made_elsewhere_are_not_compared_in_one_command(conf, tmp_path):
    (conf / "speech" / "elsewhere.yaml").write_text(
        "# @package speech\nname: elsewhere\nposteriors: {table: a.csv, scale: logits}\n"
    )
    with pytest.raises(EmofusionError, match=r"speech is trained in some cells, and read from speech\.posteriors"):
        plan_file(conf, "ravdess_openface", "speech=cnn1d,elsewhere", tmp_path / "results")


def test_weights_are_equal_where_none_are_given_and_are_scaled_where_others_have_some_too():
    assert resolved_weights(None, ["a", "b", "c"]) == pytest.approx({"a": 1 / 3, "b": 1 / 3, "c": 1 / 3})
    assert resolved_weights({"a": 0.7, "b": 0.3}, ["b", "a"]) == {"b": 0.3, "a": 0.7}
    assert resolved_weights({"a": 0.5, "b": 0.25, "c": 0.25}, ["a", "b"]) == pytest.approx({"a": 2 / 3, "b": 1 / 3})
    with pytest.raises(EmofusionError, match=r"together they are 0\.9, and must be 1"):
        resolved_weights({"a": 0.7, "b": 0.2}, ["a", "b"])
    with pytest.raises(EmofusionError, match="are all 0"):
        resolved_weights({"a": 0, "b": 0, "c": 1}, ["a", "b"])


@pytest.mark.parametrize("modalities", [["a", "b"], ["a", "b", "c"], list("abcdefg")])
def test_the_weights_that_a_message_recommends_are_accepted(modalities):
    with pytest.raises(EmofusionError, match="no weight for a") as raised:
        resolved_weights({"z": 1.0}, modalities)
    (text,) = re.findall(r"fusion\.weights=\{(.*?)\}", str(raised.value))
    weights = {name: float(value) for name, value in (part.split(": ") for part in text.split(", "))}
    assert resolved_weights(weights, modalities) == pytest.approx(weights)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("speech.training.enrolment=2", r"speech\.training\.enrolment=2: the protocol sets no clips of each speaker"),
        ("protocol.enrolment.clips=1 speech.training.enrolment=2", r"sets 1 clips .* set protocol\.enrolment\.clips=2"),
        (
            "protocol.enrolment.clips=1 speech.training.enrolment=1 speech.training.speaker_normalisation=true",
            r"set one of them, as in speech\.training\.speaker_normalisation=false",
        ),
        ("protocol.enrolment.clips=1 face.training.enrolment=1", r"face\.training\.enrolment=1: not of pictures"),
    ],
)
def test_enrolment_that_does_not_fit_is_refused(planned, override, message):
    with pytest.raises(EmofusionError, match=message):
        planned("demo", override)
