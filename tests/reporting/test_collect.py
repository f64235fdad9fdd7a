"""What a report is made from, read from the files of stages, and what it says is not there."""

import json
from dataclasses import replace

import pandas as pd
import pytest

from emofusion.errors import EmofusionError
from emofusion.evaluation.evaluate import ALONE
from emofusion.evaluation.schemas import evaluation_schemas
from emofusion.reporting.collect import collect
from emofusion.reporting.results import TrainedModel
from emofusion.tables import SWEEPS


@pytest.fixture
def stages(results, tmp_path):
    """The files of a report's inputs, as arguments of `collect`."""

    def write(table: pd.DataFrame, *names: str):
        path = tmp_path.joinpath(*names)
        path.parent.mkdir(parents=True, exist_ok=True)
        table.to_parquet(path, index=False)
        return path

    # some systems are in one folder, the others in the other; each folder has its own order
    shared = ["majority", "linear_tuned"]
    for name, table in results.evaluation.items():
        if name in ALONE:
            is_shared = table["system"].isin([*shared, *results.modalities])
            write(table[is_shared], "rules", "evaluation", f"{name}.parquet")
            table = table[~is_shared]
        write(table, *(("rules", "sweep") if name in SWEEPS else ("fusion", "evaluation")), f"{name}.parquet")
    write(results.rules, "fusion", "about_rules.parquet")
    write(results.parameters, "fusion", "parameters.parquet")
    # two modalities split one corpus, a third another
    left_out = pd.DataFrame({"corpus": "ravdess", "gender": ["male", "female"], "emotion": "calm", "clips": [8, 12]})
    splits = []
    for name, table in {"one": left_out, "two": left_out, "three": left_out.assign(corpus="savee")[:1]}.items():
        splits.append(write(pd.DataFrame(), name, "split.parquet"))
        table.to_csv(splits[-1].parent / "left_out.csv", index=False)
        notes = ["A note."] if name == "three" else ["A note.", "Another note."]
        (splits[-1].parent / "notes.json").write_text(json.dumps(notes), encoding="utf-8")
    folders = {"speech": [], "face": []}
    for modality, network, seed in (
        ("speech", "cnn1d", 3),
        ("speech", "lstm", 3),
        ("speech", "lstm", 4),
        ("face", "mlp", 3),
    ):
        history = results.histories[modality][network].assign(seed=seed)
        folders[modality].append(write(history, f"{network}-{seed}", "history.parquet").parent)
        described = {"parameters": 1200, "parameters_trained": 200 + seed, "training": {"keep": "last", "epochs": 6}}
        described["devices"] = ["NVIDIA H200"] if seed == 4 else ["CPU"]
        (folders[modality][-1] / "model.json").write_text(json.dumps(described))
    return {
        "predictions": {name: write(table, name, "predictions.parquet") for name, table in results.modalities.items()},
        "fusion": write(results.fused, "fusion", "fused.parquet").parent,
        "rules": tmp_path / "rules",
        "splits": splits,
        "models": folders,
        "fused_models": {"speech": folders["speech"][:1], "face": folders["face"]},
    }


@pytest.fixture
def settings(settings):
    """The seeds of one network come from two folders."""
    return replace(settings, networks={"speech": ["cnn1d", "lstm", "lstm"], "face": ["mlp"]})


def test_every_table_is_read(stages, results, settings):
    read = collect(**stages, settings=settings)
    assert list(read.modalities) == ["speech", "face"] and set(read.evaluation) == {
        *evaluation_schemas([]),
        *SWEEPS,
        "robustness",
    }
    for name, table in results.evaluation.items():
        pd.testing.assert_frame_equal(read.evaluation[name], table)
    pd.testing.assert_frame_equal(read.fused, results.fused)
    pd.testing.assert_frame_equal(read.rules, results.rules)
    pd.testing.assert_frame_equal(read.parameters, results.parameters)
    assert list(read.histories["speech"]) == ["cnn1d", "lstm"]
    assert read.histories["speech"]["cnn1d"]["seed"].unique().tolist() == [3]
    assert read.histories["speech"]["lstm"]["seed"].unique().tolist() == [3, 4]
    assert read.models["face"]["mlp"] == TrainedModel(1200, 203, "last", ("CPU",))
    assert read.models["speech"]["lstm"].devices == ("CPU", "NVIDIA H200")
    assert read.devices == {"speech": ["CPU"], "face": ["CPU"]}


def test_what_is_left_out_is_counted_once(stages, settings):
    assert collect(**stages, settings=settings).notes == [
        "Left out, since the emotion is not among the classes: 20 calm clips of ravdess.",
        "Left out, since the emotion is not among the classes: 8 calm clips of savee.",
        "A note.",
        "Another note.",
    ]


def test_a_class_that_no_test_clip_shows_is_named(stages, settings):
    """Else a study that is declared with more classes than it tests is compared with the wrong chance level."""
    shown = len(settings.classes)
    settings = replace(settings, classes=[*settings.classes, "bored", "proud"])
    note = f"No test clip shows bored or proud: all figures are of the {shown} other classes."
    assert note in collect(**stages, settings=settings).notes


def test_a_rule_that_could_not_learn_is_named(stages, settings):
    settings = replace(settings, compare=[*settings.compare, "stacked", "product_gated"])
    assert collect(**stages, settings=settings).notes[-1] == (
        "Not compared, as there is no other test actor to learn from: stacked, product_gated."
    )


@pytest.mark.parametrize("transductive", [True, False])
def test_whether_the_configured_rule_is_transductive(stages, results, settings, transductive):
    file = stages["fusion"] / "about_rules.parquet"
    rules = pd.read_parquet(file)
    rules = rules.assign(transductive=rules["rule"] == ("linear" if transductive else "product"))
    rules.to_parquet(file, index=False)
    assert collect(**stages, settings=settings).transductive == transductive


def test_without_training_there_is_no_history(stages, settings):
    read = collect(**stages | {"models": {}}, settings=replace(settings, networks={}))
    assert read.histories == read.models == {}


def test_a_table_that_is_not_there_is_named(stages, settings):
    (stages["fusion"] / "evaluation" / "gender.parquet").unlink()
    with pytest.raises(EmofusionError, match=r"gender\.parquet"):
        collect(**stages, settings=settings)
