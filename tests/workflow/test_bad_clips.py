"""A run with bad clips: they stop it, or are skipped in all modalities and listed, and others keep their folds."""

import numpy as np
import pandas as pd
import pytest
import soundfile

from emofusion.tables import PREDICTIONS, read_table

CLASSES = ["calm", "glad", "mad"]
# What is wrong with a clip: its file, the features that one modality computes of it, those that another one reads.
REASONS = {
    "c03": "c03.wav is silent",
    "c17": "features of kind acoustic_statistics: c17.wav has 0.060 s of sound, too few for statistics",
    "c20": "numbers.csv: y is empty or not finite",
}
GIVEN = {
    "experiment": "wesad",  # one person left out
    "cores": 1,
    "override": [
        *("corpora.folder.root=data", "corpora.folder.table=data/clips.csv", "emotions.classes=[calm,glad,mad]"),
        *("modalities=[speech,numbers]", "speech=statistics", "+physiology@numbers=ridge", "numbers.name=numbers"),
        *("numbers.features.table=data/numbers.csv", "speech.training.epochs=2", "speech.training.members=1"),
        *("speech.features.features=[mel]", "speech.features.mel=8", "speech.features.speeds=[]"),
        *("report.compare={}", "report.seeds=1", "fusion.steps=4", "evaluation.samples=50", "tracking=off"),
    ],
}
SKIP = {**GIVEN, "override": [*GIVEN["override"], "corpora.folder.on_bad_clip=skip"]}


def write(path, number, seconds=0.4):
    soundfile.write(path, 0.3 * np.sin(np.arange(round(16000 * seconds)) / (5 + number / 3)), 16000)


def splits(workflow):
    tables = [pd.read_parquet(path) for path in sorted((workflow / "split").glob("*/split.parquet"))]
    return [table.sort_values(["fold", "clip"], ignore_index=True) for table in tables]


@pytest.fixture(scope="module")
def workflow(repository, workflow_in, tmp_path_factory):
    """Six people with six clips each, first all good, and then three of them bad."""
    made = workflow_in(repository, tmp_path_factory.mktemp("bad_clips"))
    random, data = np.random.default_rng(0), made.folder / "data"
    data.mkdir()
    numbers = np.arange(36)
    clips = pd.DataFrame({"clip": [f"c{one:02}" for one in numbers], "actor": numbers // 6, "gender": ""})
    clips["emotion"], clips["audio"] = [CLASSES[one % 3] for one in numbers], clips["clip"] + ".wav"
    clips.to_csv(data / "clips.csv", index=False)
    for number, name in enumerate(clips["audio"]):
        write(data / name, number)
    values = pd.DataFrame(random.normal(np.eye(3)[numbers % 3], 1), columns=list("xyz")).assign(clip=clips["clip"])
    values.to_csv(data / "numbers.csv", index=False)
    made.made("--until", "split", **GIVEN)
    made.before = splits(made)

    soundfile.write(data / "c03.wav", np.zeros(6400), 16000)
    write(data / "c17.wav", 17, seconds=0.06)
    values.loc[20, "y"] = np.nan
    values.to_csv(data / "numbers.csv", index=False)
    return made


def test_a_bad_clip_stops_the_run_with_its_name_and_what_to_type(workflow):
    done = workflow.run(**GIVEN)
    assert done.returncode == 1 and "Traceback" not in done.output
    assert "c03.wav is silent. Correct them, or leave them out with corpora.folder.exclude=['c03.wav']" in done.output


def test_bad_clips_are_skipped_in_all_modalities_and_listed_in_the_report(workflow):
    output = workflow.made(**SKIP)
    assert "corpora.folder.on_bad_clip=skip: 1 of 36 clips are skipped: c03.wav is silent" in output
    (whole, _), after = workflow.before, splits(workflow)
    expected = whole[~whole["clip"].isin(REASONS)].reset_index(drop=True)
    new = [table for table in after if len(table) < len(whole)]
    assert len(new) == 2 and len(expected) == 33 * 6
    for table in new:
        pd.testing.assert_frame_equal(table, expected)
    left = sorted(set(whole["clip"]) - set(REASONS))
    predictions = [read_table(path, PREDICTIONS) for path in (workflow / "predictions").glob("*/predictions.parquet")]
    assert len(predictions) == 2 and all(sorted(table["clip"]) == left for table in predictions)
    for path in ("summary.md", "report.html"):
        text = (workflow / "reports/wesad" / path).read_text(encoding="utf-8")
        (note,) = [line for line in text.splitlines() if "Skipped in all modalities" in line][:1]
        assert "3 clips: c03 (" in note and all(f"{clip} ({reason}" in note for clip, reason in REASONS.items())
    assert workflow.planned(**SKIP) == {}
