"""People, splits and groups of one's own corpus in the real workflow, on posteriors that are drawn at random."""

import json

import numpy as np
import pandas as pd
import pytest

CLASSES = ["neutral", "happy", "sad", "angry"]


def table_of_clips():
    """Twelve people with 16 clips each; two people of unknown gender, and one person in three spellings."""
    rows = [
        {
            "clip": f"p{person}-{emotion}-{take}",
            "actor": {1: ["1", "01", "1.0", "001"][take]}.get(person, str(person)),
            "gender": "" if person in (3, 4) else ("female", "male")[person % 2],
            "emotion": emotion,
            "session": str((person + 1) // 2),
            "split": ("train", "dev", "test")[(person - 1) // 4],
            "tongue": ("de", "en", "fr")[person % 3],
        }
        for person in range(1, 13)
        for emotion in CLASSES
        for take in range(4)
    ]
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def own(repository, workflow_in, tmp_path_factory):
    """The workflow in a folder with `clips.csv`, and with posteriors with and without folds."""
    folder = tmp_path_factory.mktemp("people")
    clips, random = table_of_clips(), np.random.default_rng(0)
    clips.to_csv(folder / "clips.csv", index=False)
    for name, skill in (("speech", 1.5), ("face", 1.0)):
        logits = skill * (clips["emotion"].to_numpy()[:, None] == np.array(CLASSES)) + random.normal(
            size=(len(clips), 4)
        )
        table = pd.DataFrame(logits.round(4), columns=CLASSES).assign(clip=clips["clip"])
        table.to_csv(folder / f"{name}.csv", index=False)
        table.assign(fold=clips["session"].astype(int) - 1).to_csv(folder / f"{name}_folds.csv", index=False)
    workflow = workflow_in(repository, folder)
    workflow.override = [
        "corpus=folder",
        f"corpora.folder.table={folder}/clips.csv",
        f"emotions.classes=[{','.join(CLASSES)}]",
        "published=none",
        "fusion.steps=4",
        "evaluation.samples=20",
        "evaluation.permutations=20",
        "tracking.enabled=false",
    ]
    return workflow


def posteriors(own, ending=""):
    return [
        f"{name}.posteriors={{table: {own.folder}/{name}{ending}.csv, scale: logits}}" for name in ("speech", "face")
    ]


def made(own, *override, ending=""):
    own.made(experiment="posteriors", override=[*own.override, *posteriors(own, ending), *override])
    return own / "reports/posteriors"


@pytest.fixture(scope="module")
def tested(own):
    """The report of test only, with two groups."""
    return made(own, "protocol=test_only", "evaluation.groups=[tongue,session]")


def test_clips_that_others_scored_are_tested_without_folds(tested):
    rules = pd.read_csv(tested / "rules.csv").set_index("rule")
    assert (rules.loc[["speech", "face", "linear"], ["clips", "actors"]] == [192, 12]).all(axis=None)
    about = json.loads((tested / "summary.json").read_text())
    assert about["modalities"] == ["speech", "face"]
    text = (tested / "summary.md").read_text()
    assert (
        "a person is spelled in several ways and taken for one each: folder-001, folder-01, folder-1, folder-1.0"
        in text
    )
    assert "the gender of 2 people is not known: their 32 clips are in all tables but those by gender" in text


def test_people_of_unknown_gender_are_in_all_tables_but_those_by_gender(tested):
    gender = pd.read_csv(tested / "gender.csv")
    overall = gender[gender["emotion"] == "all"]
    assert (overall[["male_actors", "female_actors"]] == [5, 5]).all(axis=None)
    subsets = pd.read_csv(tested / "subsets.csv.gz").query("rule == 'linear' and emotion == 'all'")
    assert subsets.set_index("gender")["clips"].to_dict() == {"all": 192, "female": 80, "male": 80}


def test_groups_have_their_tables_and_who_trained_beside_them(tested):
    groups = pd.read_csv(tested / "groups.csv").query("rule == 'linear' and emotion == 'all'")
    assert groups.groupby("group")["clips"].sum().to_dict() == {"session": 192, "tongue": 192}
    assert groups.query("group == 'tongue'")["level"].tolist() == ["de", "en", "fr"]
    tests = pd.read_csv(tested / "group_tests.csv").query("rule == 'linear' and emotion == 'all'")
    assert tests["p"].between(0, 1).all() and tests["levels"].tolist() == [3, 6]
    text = (tested / "summary.md").read_text()
    assert text.count("Trained on: Speech: a model from elsewhere, with unknown people;") == 4


def test_one_session_is_left_out(own):
    report = made(own, "protocol=leave_one_session_out", "protocol.corpora=[folder]", ending="_folds")
    assert pd.read_csv(report / "rules.csv").set_index("rule").loc["linear", "clips"] == 192


def test_the_corpus_s_own_split_tests_its_test_clips(own):
    report = made(own, "protocol=own_split", ending="_own") if write_own(own) else None
    assert pd.read_csv(report / "rules.csv").set_index("rule").loc["linear", ["clips", "actors"]].tolist() == [64, 4]


def write_own(own):
    """Posteriors of a single fold."""
    for name in ("speech", "face"):
        pd.read_csv(own.folder / f"{name}.csv").assign(fold=0).to_csv(own.folder / f"{name}_own.csv", index=False)
    return True


def test_nothing_can_be_trained_where_all_clips_are_tested(own):
    override = [*own.override[:3], "protocol=test_only", "modalities=[speech]", "speech=cnn1d", "fusion.weights=null"]
    done = own.run(experiment="paper", override=override)
    assert done.returncode != 0
    assert "protocol.kind=test_only: nothing is trained, so speech needs posteriors from elsewhere" in done.output


def test_a_group_that_is_not_there_is_told(own):
    override = [*own.override, *posteriors(own), "protocol=test_only", "evaluation.groups=[agee]"]
    done = own.run(experiment="posteriors", override=override)
    assert done.returncode != 0
    assert "evaluation.groups: no tested clip has a value in a column agee; there are" in done.output
