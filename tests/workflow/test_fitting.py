"""Who trains, through the workflow: nested cross-fitting against a computation of our own, and a learning curve."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from emofusion.fusion.common.rules import Members
from emofusion.plan.plan_file import PlanFile
from emofusion.predictions.table import align
from emofusion.settings.kinds import FusionTask
from emofusion.settings.registry import kinds
from emofusion.tables import PREDICTIONS, SPLIT, read_table

CLASSES, PEOPLE = ["happy", "neutral", "sad"], 8
OVERRIDES = [
    "corpora.folder.root=data/folder",
    "corpora.folder.table=data/folder/clips.csv",
    f"emotions.classes=[{','.join(CLASSES)}]",
    "protocol=speaker_independent",
    "protocol.corpora=[folder]",
    "protocol.folds=[[0,1],[2,3],[4,5],[6,7]]",
    "protocol.validation=0",
    "modalities=[good,fair]",
    "+physiology@good=ridge",
    "good.features.table=data/folder/good.csv",
    "+physiology@fair=ridge",
    "fair.features.table=data/folder/fair.csv",
    "fusion.weights=null",
    "fusion.compare=[log_linear]",
    "fusion.steps=4",
    "evaluation.samples=50",
    "tracking=off",
]


@pytest.fixture(scope="module")
def workflow(repository, workflow_in, write_numbers, tmp_path_factory):
    """Eight people with a file of labels, and two files of numbers."""
    made = workflow_in(repository, tmp_path_factory.mktemp("fitting"))
    actors = np.repeat(range(PEOPLE), 9)
    genders = np.where(actors % 2, "m", "f")
    write_numbers(made.folder / "data" / "folder", actors, CLASSES, {"good": 2.0, "fair": 1.0}, gender=genders)
    return made


def test_nested_cross_fitting(workflow):
    workflow.made(experiment="wesad", override=[*OVERRIDES, "fusion.fit_on=nested"])
    (path,) = [path for path in (workflow / "plans").glob("*.sqlite") if path.stem != "digests"]
    plan = PlanFile(path)
    (rules,) = [stage for stage in plan.stages.values() if stage.kind == "rules"]
    fitting = dict(zip(("good", "fair"), rules.inputs["fitting"], strict=True))
    folds = [{str(2 * number), str(2 * number + 1)} for number in range(4)]
    for name in fitting.values():
        split = read_table(workflow / plan.stage(name).inputs["split"] / "split.parquet", SPLIT)
        split["actor"] = split["actor"].str.removeprefix("folder-")
        for pair, rows in split.groupby("fold"):
            one, other = list(combinations(folds, 2))[pair]
            assert set(rows.loc[rows["split"] == "test", "actor"]) == one | other
            assert set(rows.loc[rows["split"] == "train", "actor"]) == set.union(*folds) - one - other
    # the rule of the last fold, on what the models without it say of the others
    files = {name: workflow / stage / "predictions.parquet" for name, stage in fitting.items()}
    tables = {name: read_table(file, PREDICTIONS) for name, file in files.items()}
    learnt = []
    for fold in range(3):
        pair = list(combinations(range(4), 2)).index((fold, 3))
        actors = [f"folder-{actor}" for actor in folds[fold]]
        learnt.append({n: t[(t["fold"] == pair) & t["actor"].isin(actors)] for n, t in tables.items()})
    aligned = align({name: pd.concat([one[name] for one in learnt]) for name in tables})
    assert len(aligned.clips) == 54
    rule = kinds("fusion")["log_linear"]().make(FusionTask(["good", "fair"], CLASSES, np.array([0.5, 0.5]), 4))
    members = Members(aligned.posteriors, aligned.clips["actor"].to_numpy(), aligned.modalities)
    rule.fit(members, pd.Index(aligned.classes).get_indexer(aligned.clips["emotion"]))
    told = pd.read_csv(workflow / "reports/wesad/parameters.csv")
    told = told[(told["rule"] == "log_linear") & (told["group"] == 3)].set_index("name")["value"]
    assert told.to_dict() == pytest.approx(rule.parameters, rel=1e-3)
    about = pd.read_csv(workflow / "reports/wesad/rules.csv").set_index("rule")
    assert about.loc["log_linear", "fitted_on"].endswith("(nested cross-fitting)")
    # the accuracy itself is that of models that learnt from all other folds
    assert about.loc["good", "clips"] == 72


def test_a_learning_curve(workflow):
    levels = [2, 4, 6]
    alone = [text for text in OVERRIDES if "fair" not in text]
    override = [*alone, "modalities=[good]", f"protocol.training_actors={','.join(map(str, levels))}"]
    workflow.made(experiment="wesad", override=override)
    cells = pd.read_csv(workflow / "reports/wesad/cells.csv").set_index("protocol.training_actors")["cell"]
    for level in levels:
        summary = (workflow / "reports/wesad" / cells[level] / "summary.md").read_text(encoding="utf-8")
        assert f"Each fold trains with {level} actors" in summary
    settings = pd.read_csv(workflow / "reports/wesad/settings.csv").set_index("protocol.training_actors")
    assert sorted(settings.index) == levels and (settings["clips"] == 72).all()
    assert (workflow / "reports/wesad/levels.png").is_file()
