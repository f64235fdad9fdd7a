"""Noise in the recordings under test, through the workflow: who learnt from what, and what the report says."""

import numpy as np
import pandas as pd
import pytest

from emofusion.plan.plan_file import PlanFile
from emofusion.recordings.sound import decode
from emofusion.tables import CLIPS, PREDICTIONS, read_table

NOISE = -5
OVERRIDES = [
    "modalities=[speech]",
    "corpora.demo_savee.demo.utterances=2",
    "corpora.demo_ravdess.demo.people=4",
    "speech.training.epochs=8",
    "report.seeds=1",
    "report.compare={}",
    "published=none",
    "fusion.weights=null",
    "fusion.compare=[log_linear]",
    "fusion.fit_on=cross_fitted",
    "fusion.steps=4",
    "evaluation.samples=50",
    "tracking=off",
    f"speech.distortion.snr=null,{NOISE}",
]


@pytest.fixture(scope="module")
def cells(repository, workflow_in, tmp_path_factory):
    """Level → the folder of the cell's report, and the plan of both cells."""
    made = workflow_in(repository, tmp_path_factory.mktemp("distortion"))
    made.made(override=OVERRIDES)
    (path,) = [path for path in (made / "plans").glob("*.sqlite") if path.stem != "digests"]
    plan = PlanFile(path)
    places = {cell.factors["speech.distortion.snr"]: place for place, cell in plan.cells.items()}
    return made, plan, places


def stages(plan, place, kind):
    return [plan.stage(name) for name in plan.stages_of(place) if name.startswith(f"{kind}/")]


def test_one_model_is_trained_and_the_noise_is_what_was_asked_for(cells):
    workflow, plan, places = cells
    clean, noisy = (stages(plan, places[level], "model") for level in ("null", str(NOISE)))
    assert clean == noisy and len(clean) == 1
    tested = [stage for stage in stages(plan, places[str(NOISE)], "distorted") if "ravdess" in stage.key]
    folder = workflow / tested[0].name
    worse = read_table(folder / "clips.parquet", CLIPS).set_index("clip")["audio"]
    before = read_table(workflow / str(tested[0].inputs["corpus"]) / "clips.parquet", CLIPS).set_index("clip")["audio"]
    assert len(worse) == len(before) > 20
    for clip in worse.index[::10]:
        one, other = (decode(workflow.folder / paths[clip]).samples.astype(float) for paths in (before, worse))
        ratio = 10 * np.log10((one**2).sum() / ((other - one) ** 2).sum())
        assert ratio == pytest.approx(NOISE, abs=0.01)


def test_rules_learnt_from_clean_clips_and_the_accuracy_is_that_of_noisy_ones(cells):
    workflow, plan, places = cells
    told = [pd.read_csv(workflow / "reports" / places[level] / "parameters.csv") for level in ("null", str(NOISE))]
    pd.testing.assert_frame_equal(*told)
    tables = {}
    for level, place in places.items():
        (rules,) = stages(plan, place, "rules")
        tables[level] = read_table(workflow / str(rules.inputs["speech"]) / "predictions.parquet", PREDICTIONS)
    logits = [table.filter(like="logit").to_numpy() for table in tables.values()]
    assert logits[0].shape == logits[1].shape and np.abs(logits[0] - logits[1]).max() > 0.1
    clean, noisy = (
        pd.read_csv(workflow / "reports" / places[level] / "rules.csv").set_index("rule").loc["speech"]
        for level in ("null", str(NOISE))
    )
    assert noisy["accuracy"] < clean["accuracy"] and noisy["clips"] == clean["clips"]


def test_the_report_says_so(cells):
    workflow, _, places = cells
    pages = {level: (workflow / "reports" / place / "summary.md").read_text() for level, place in places.items()}
    words = "The recordings under test were made worse (Speech: white noise at -5 dB). Models, and rules that learn,"
    assert words in pages[str(NOISE)] and "made worse" not in pages["null"]
