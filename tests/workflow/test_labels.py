"""Any labels, through the whole workflow: words, numbers and other scripts, in the order of the setting."""

import re

import numpy as np
import pandas as pd
import pytest

CLASSES = ["2", "生气/angry", "low", "<unk>"]
LABELS = [*CLASSES, "joy", "boredom", "xxx"]  # joy is mapped, boredom and xxx are no classes
WITH_JOY = [*CLASSES, "happy"]


@pytest.fixture(scope="module")
def run(workflow_in, repository, tmp_path_factory):
    """A run on a table of clips and two tables of posteriors, of which one has percent and a further class."""
    folder = tmp_path_factory.mktemp("labels")
    random = np.random.default_rng(0)
    rows = [(f"p{actor}", "fm"[actor % 2], label) for actor in range(8) for label in LABELS for _ in range(2)]
    clips = pd.DataFrame(rows, columns=["actor", "gender", "emotion"])
    clips.insert(0, "clip", [f"c{number}" for number in range(len(clips))])
    clips.to_csv(folder / "clips.csv", index=False)
    shown = clips["emotion"].replace("joy", "happy").to_numpy()
    for name, prefix, skill in (("speech", "logit_", 2.5), ("face", "score ", 1.5)):
        columns = WITH_JOY if name == "speech" else [*WITH_JOY, "boredom"]
        values = skill * (shown[:, None] == np.array(columns)) + random.normal(size=(len(clips), len(columns)))
        if name == "face":
            values = 100 * np.exp(values) / np.exp(values).sum(axis=1, keepdims=True)
        table = pd.DataFrame(values, columns=[prefix + column for column in columns])
        table.insert(0, "clip", clips["clip"])
        table.insert(1, "fold", clips["actor"].str[1].astype(int) % 4)
        table.to_csv(folder / f"{name}.csv", index=False)
    workflow = workflow_in(repository, folder / "work")
    workflow.given = {
        "experiment": "posteriors",
        "override": [
            *("corpus=[folder]", "protocol=speaker_independent", "protocol.corpora=[folder]", "published=none"),
            "protocol.folds=[[p0,p4],[p1,p5],[p2,p6],[p3,p7]]",
            f"corpora.folder.table={folder}/clips.csv",
            "corpora.folder.labels={joy: happy}",
            f"emotions.classes=[{','.join(WITH_JOY)}]",
            f"speech.posteriors.table={folder}/speech.csv",
            f"face.posteriors.table={folder}/face.csv",
            *("face.posteriors.scale=percent", "face.posteriors.prefix='score '"),
            *("face.posteriors.other_columns=drop", "corpora.folder.other_labels=drop"),
            *("evaluation.samples=20", "evaluation.permutations=20", "fusion.steps=4", "tracking.enabled=false"),
        ],
    }
    workflow.made(**workflow.given)
    return workflow


def test_classes_have_the_order_of_the_setting_everywhere(run):
    fused = pd.read_parquet(next((run / "fusion").glob("*/fused.parquet")))
    assert [column for column in fused if column.startswith("logit_")] == [f"logit_{name}" for name in WITH_JOY]
    report = run / "reports/posteriors"
    table = pd.read_csv(report / "table1.csv", dtype={"emotion": str})
    assert table["emotion"].tolist() == [
        "happy",
        *CLASSES,
        "all",
        "unweighted average recall",
    ]
    assert table["clips"].tolist()[:5] == [16] * 5
    subsets = pd.read_csv(report / "subsets.csv.gz", dtype={"emotion": str}, keep_default_na=False)
    of_fusion = subsets.query("rule == 'linear' and gender == 'all'")
    assert of_fusion["emotion"].tolist() == ["all", *WITH_JOY]
    assert float(of_fusion["accuracy"].iloc[0]) > 0.7
    rules = pd.read_csv(report / "rules.csv")
    assert {"accuracy_class_low", "accuracy_class_low_low", "accuracy_2", "accuracy_<unk>"} <= set(rules)


def test_what_is_left_out_is_counted(run):
    summary = (run / "reports/posteriors/summary.md").read_text(encoding="utf-8")
    assert "16 boredom clips of folder." in summary and "16 xxx clips of folder." in summary
    assert "rows whose greatest value is in score boredom, which is no class and was dropped" in summary
    assert "| &lt;unk> " in summary and "<unk>" not in summary


def test_other_labels_are_refused_by_default_with_what_to_type(run):
    override = [text for text in run.given["override"] if not text.startswith("corpora.folder.other_labels")]
    done = run.run(experiment="posteriors", override=override)
    assert done.returncode and re.search(r"boredom \(16 clips, as c\d+\), xxx \(16 clips, as c\d+\)", done.output)
    assert "corpora.folder.other_labels=drop" in done.output and "Job stats" not in done.output  # before anything runs
