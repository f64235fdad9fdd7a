"""Enrolment through the whole workflow: the same test clips in all cells, and what reports say."""

import json

import numpy as np
import pandas as pd
import pytest

from emofusion.tables import PREDICTIONS, SPLIT, read_table

CLASSES = ["calm", "happy", "sad"]
PEOPLE, OF_EACH = 6, 4


@pytest.fixture(scope="module")
def grid(repository, workflow_in, tmp_path_factory):
    """People who differ more from each other than their emotions do; two modalities, of which one enrols."""
    made = workflow_in(repository, tmp_path_factory.mktemp("enrolment"))
    random, folder = np.random.default_rng(0), made.folder / "data" / "folder"
    folder.mkdir(parents=True)
    number = np.arange(PEOPLE * OF_EACH * 3)
    person = number // (OF_EACH * 3)
    clips = pd.DataFrame({"clip": [f"c{one:03}" for one in number], "actor": [f"p{one}" for one in person]})
    clips["gender"] = np.where(person % 2, "female", "male")
    clips["emotion"] = [CLASSES[one % 3] for one in number]
    clips.to_csv(folder / "clips.csv", index=False)
    for name in ("body", "skin"):
        values = random.normal(2 * np.eye(3)[number % 3], 1) + random.normal(0, 20, (PEOPLE, 3))[person]
        pd.DataFrame(values, columns=list("xyz")).assign(clip=clips["clip"]).to_csv(folder / f"{name}.csv", index=False)
    names = ["body", "skin"]
    made.made(
        experiment="wesad",
        override=[
            *("corpora.folder.root=data/folder", "corpora.folder.table=data/folder/clips.csv"),
            *(f"emotions.classes=[{','.join(CLASSES)}]", "fusion.steps=4", "evaluation.samples=50", "tracking=off"),
            "modalities=[body,skin]",
            *(f"+physiology@{name}=ridge" for name in names),
            *(f"{name}.name={name}" for name in names),
            *(f"{name}.features.table=data/folder/{name}.csv" for name in names),
            *("protocol.enrolment.clips=2", "protocol.enrolment.emotion=calm"),
            *("body.training.enrolment=0,2", "body.training.enrolment_weight=1", "evaluation.permutations=50"),
        ],
    )
    return made


def test_enrolment_clips_are_tested_in_no_cell_and_by_no_modality(grid):
    (split,) = {path.read_bytes() for path in (grid / "split").glob("*/split.parquet")}
    paths = list((grid / "split").glob("*/split.parquet"))
    table = read_table(paths[0], SPLIT)
    apart = set(table.loc[table["split"] == "enrolment", "clip"])
    assert split and len(apart) == 2 * PEOPLE
    predictions = [read_table(path, PREDICTIONS) for path in (grid / "predictions").glob("*/predictions.parquet")]
    assert len(predictions) == 3  # skin is the same in both cells
    for scored in predictions:
        assert len(scored) == PEOPLE * (3 * OF_EACH - 2) and not apart & set(scored["clip"])


def test_the_modality_that_enrols_gains_and_the_report_says_how(grid):
    cells = {}
    for path in (grid / "reports").glob("wesad/**/rules.csv"):
        rules = pd.read_csv(path)
        (enrolment,) = set(rules["enrolment_clips"])
        cells[enrolment] = (rules.set_index("rule"), path.parent)
    assert set(cells) == {"none", "body 2"}
    (before, without), (after, with_clips) = cells["none"], cells["body 2"]
    assert set(after["clips"]) == {PEOPLE * (3 * OF_EACH - 2)}
    assert not after.loc[["body", "skin", "linear"], "transductive"].any()
    assert after.loc["body", "accuracy"] > 0.75 > 0.6 > before.loc["body", "accuracy"]
    assert after.loc["skin", "accuracy"] == before.loc["skin", "accuracy"]
    says = "Body is centred on 2 enrolment clips of each speaker"
    assert says in (with_clips / "summary.md").read_text() and says not in (without / "summary.md").read_text()
    note = "Set apart for enrolment, and not scored: 12 clips, 2 of the emotion calm of each of 6 speakers"
    assert all(note in (folder / "summary.md").read_text() for folder in (without, with_clips))
    notes = [json.loads(path.read_text()) for path in (grid / "split").glob("*/notes.json")]
    assert all(any(note in line for line in lines) for lines in notes)
