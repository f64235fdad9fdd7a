"""One, two and five modalities through the workflow, none of them speech or face: numbers that others have made."""

import numpy as np
import pandas as pd
import pytest

from emofusion.tables import PREDICTIONS, read_table

CLASSES = ["tired", "wide awake", "3"]
EXPERIMENT = "wesad"  # a corpus without recordings, one person left out
COMMON = [
    "corpora.folder.root=data/folder",
    "corpora.folder.table=data/folder/clips.csv",
    "emotions.classes=[tired,'wide awake','3']",
    "fusion.steps=4",
    "evaluation.samples=50",
    "tracking=off",
]


@pytest.fixture(scope="module")
def workflow(repository, workflow_in, write_numbers, tmp_path_factory):
    """Six people with a file of labels, and three files of numbers, of which one tells nothing."""
    made = workflow_in(repository, tmp_path_factory.mktemp("modalities"))
    actors = np.repeat(range(6), 12)
    said = [f"I am {'so ' * (one % 3)}well, number {actor}" for one, actor in enumerate(actors)]
    skills = {"good": 3.0, "fair": 1.0, "none": 0.0}
    write_numbers(made.folder / "data" / "folder", actors, CLASSES, skills, gender="", statement=said)
    return made


def overrides(*tables: str) -> list[str]:
    names = [f"m{number}" for number in range(len(tables))]
    chosen = [f"+physiology@{name}=ridge" for name in names]
    paths = [f"{name}.features.table=data/folder/{table}.csv" for name, table in zip(names, tables, strict=True)]
    return [*COMMON, f"modalities=[{','.join(names)}]", *chosen, *[f"{name}.name={name}" for name in names], *paths]


def accuracies(workflow) -> pd.Series:
    table = pd.read_csv(workflow / "reports/wesad/rules.csv")
    return table.set_index("rule")["accuracy"]


@pytest.mark.parametrize("tables", [["good"], ["fair", "none"], ["none", "fair", "good", "fair", "none"]], ids=len)
def test_any_number_of_modalities(workflow, tables):
    workflow.made(experiment=EXPERIMENT, override=overrides(*tables))
    found = accuracies(workflow)
    names = [f"m{number}" for number in range(len(tables))]
    assert set(names) <= set(found.index)
    alone = found[names]
    assert found["linear"] >= alone.min() and found["log_linear"] > 0.55
    if len(tables) == 1:
        assert found["linear"] == found["product"] == alone.iloc[0] > 0.85
    if len(tables) == 2:
        # numbers that tell nothing are at chance, and the rules that are fitted do without them
        assert alone["m1"] < 0.5 < alone["m0"] and found["stacked"] > alone["m0"] - 0.1
    table = pd.read_csv(workflow / "reports/wesad/table1.csv")
    assert table["emotion"].tolist()[:3] == CLASSES and len(table.columns) > len(tables)


def test_a_model_of_two_modalities_stands_beside_both(workflow):
    tables = {name: f"{{kind: table, table: data/folder/{name}.csv}}" for name in ("good", "fair")}
    parts = ", ".join(f"{name}: {features}" for name, features in tables.items())
    early = [
        "+physiology@early=ridge",
        "early.name=early",
        f"early.features={{kind: joined, parts: {{{parts}}}}}",
        "early.network={kind: kernel_ridge, combine: product, within: 0.3}",
    ]
    override = [*overrides("good", "fair"), "modalities=[m0,m1,early]", *early]
    workflow.made(experiment=EXPERIMENT, override=[one for one in override if one != "modalities=[m0,m1]"])
    found = accuracies(workflow)
    assert found["early"] > 0.85 > found["m1"] and found["log_linear"] > 0.85
    (predictions,) = (workflow / "predictions").glob("early-*/predictions.parquet")
    table = read_table(predictions, PREDICTIONS)
    assert len(table) == 72 and (table["split"] == "test").all()
    # what the model reads was computed for the two modalities
    assert len(list((workflow / "features").glob("table-*"))) <= 3


def test_what_is_said_is_a_modality(workflow):
    workflow.made(experiment=EXPERIMENT, override=[*COMMON, "modalities=[text]", "+text=logistic"])
    (predictions,) = (workflow / "predictions").glob("text-*/predictions.parquet")
    table = read_table(predictions, PREDICTIONS)
    assert len(table) == 72 and (table["split"] == "test").all()
    # "well", "so well" and "so so well" tell the three classes of unknown people apart
    assert accuracies(workflow)["text"] == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("m0.features.table=data/folder/nowhere.csv", "features.table=data/folder/nowhere.csv: there is no such file"),
        (
            "m0.network.estimator=sklearn.svm.LinearSVM",
            "m0.network.estimator=sklearn.svm.LinearSVM: sklearn.svm has no",
        ),
        ("m0.network.settings={alhpa: 3}", "m0.network.settings.alhpa: no such setting"),
        ("m0.training.epochs=3", "m0.training.epochs=3: an estimator is fitted at once"),
    ],
)
def test_what_is_wrong_is_said_before_anything_runs(workflow, change, words):
    key = change.partition("=")[0]
    kept = [one for one in overrides("good") if not one.startswith(f"{key}=")]
    done = workflow.run("--dry-run", experiment=EXPERIMENT, override=[*kept, change.replace(" ", "")])
    assert done.returncode == 1 and words in done.output


def test_a_group_that_no_clip_has_stops_before_anything_is_trained(workflow):
    override = [*overrides("good"), "m0.network.settings={alpha:7}", "evaluation.groups=[tonge]"]
    done = workflow.run("--cores", "1", experiment=EXPERIMENT, override=override)
    assert done.returncode == 1
    assert "evaluation.groups: no tested clip has a value in a column tonge; there are " in done.output
    assert "statement" in done.output and "Train " not in done.output
