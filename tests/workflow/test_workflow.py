"""The real workflow on small generated corpora: what it makes, what it repeats, and what it says of bad input."""

import json
import subprocess

import numpy as np
import pandas as pd
import pytest
import soundfile
from sklearn.metrics import accuracy_score, balanced_accuracy_score

from emofusion.predictions.table import posteriors
from emofusion.reporting.report import file_of
from emofusion.settings.registry import kinds
from emofusion.tables import LOGIT, PREDICTIONS, classes_of, read_table

COMPARED = [
    "rules", "subsets", "gender", "narrowed", "pairs", "fairness", "confusion", "parameters", "annotations",
    "sweep", "sweep_gaps", "sweep_confusion", "trained", "actors", "classes", "reliability", "folds", "variance",
    "groups", "group_gaps", "group_tests", "group_fairness",
]  # fmt: skip

SMALL = [
    "corpora.demo_kdef.demo.people=8",
    "corpora.demo_kdef.demo.angles=[straight]",
    "corpora.demo_savee.demo.utterances=2",
    "corpora.demo_ravdess.demo.people=4",
    "face.features.size=32",
    "face.features.frames=2",
    "face.training.epochs=2",
    "face.training.unfreeze=[{epoch: 1, blocks: 1}]",
    "speech.training.epochs=3",
    "report.seeds=2",
]


@pytest.fixture(scope="module")
def workflow(repository, workflow_in, tmp_path_factory):
    made = workflow_in(repository, tmp_path_factory.mktemp("workflow"))
    done = made.run(override=SMALL)
    assert done.returncode == 0, done.output[-5000:]
    return made


def predictions_of(workflow, modality):
    provenance = json.loads((workflow / "reports/demo/provenance.json").read_text())
    (key,) = [key for key in provenance["stages"]["predictions"] if key.startswith(modality)]
    return read_table(workflow / f"predictions/{key}/predictions.parquet", PREDICTIONS)


def fused_of(workflow):
    provenance = json.loads((workflow / "reports/demo/provenance.json").read_text())
    (key,) = provenance["stages"]["fusion"]
    return read_table(workflow / f"fusion/{key}/fused.parquet", PREDICTIONS)


def test_every_file_of_the_report_is_there(workflow):
    names = {path.name for path in (workflow / "reports/demo").iterdir()}
    wanted = {
        "table1.csv",
        "table2.csv",
        "comparison.csv",
        "report.html",
        "sweep.png",
        "table1.md",
        "table2.md",
        "summary.md",
    }
    wanted |= {f"confusion_{system}.png" for system in ("speech", "face", "fusion")}
    wanted |= set(map(file_of, COMPARED))
    wanted |= {"robustness.csv"}  # and no presence.csv, since no clip lacks a modality
    wanted |= {
        "reliability.png",
        "curves_speech.png",
        "curves_face.png",
        "provenance.json",
        "published.json",
        "summary.json",
        "costs.csv",
    }
    assert names == wanted


def test_table1_says_what_the_predictions_say(workflow):
    table = pd.read_csv(workflow / "reports/demo/table1.csv").set_index("emotion")
    systems = {name: predictions_of(workflow, name) for name in ("speech", "face")}
    systems["fusion"] = fused_of(workflow)
    for name, predictions in systems.items():
        tested = predictions[predictions["split"] == "test"]
        classes = classes_of(tested)
        assert len(classes) == 7
        guessed = np.array(classes)[tested[[LOGIT + emotion for emotion in classes]].to_numpy().argmax(axis=1)]
        assert table.loc["all", f"{name}_accuracy"] == pytest.approx(accuracy_score(tested["emotion"], guessed))
        assert table.loc["unweighted average recall", f"{name}_accuracy"] == pytest.approx(
            balanced_accuracy_score(tested["emotion"], guessed)
        )
        for emotion, rows in tested.assign(right=guessed == tested["emotion"]).groupby("emotion"):
            assert table.loc[emotion, "clips"] == len(rows)
            assert table.loc[emotion, f"{name}_correct"] == rows["right"].sum()
    # four people: neutral 2 statements, the other six emotions 2 intensities × 2 statements; calm is left out
    assert table.loc["neutral", "clips"] == 8 and table.loc["happy", "clips"] == 16 and table.loc["all", "clips"] == 104
    assert table.loc["happy", "published_fusion"] == pytest.approx(1.0)
    assert not table["leaks_speakers"].any() and set(table["data"]) == {"generated demo data"}


def test_fusion_is_the_weighted_mean_of_the_cached_posteriors(workflow):
    fused, sweep = fused_of(workflow), pd.read_csv(workflow / "reports/demo/sweep.csv.gz")
    members = {name: predictions_of(workflow, name).set_index("clip") for name in ("speech", "face")}
    fused = fused.set_index("clip")
    sweep = sweep[sweep["rule"] == "linear"]
    columns = [column for column in fused if column.startswith(LOGIT)]
    expected = sum(
        weight * np.exp(members[name].loc[fused.index, columns]) for name, weight in (("speech", 0.7), ("face", 0.3))
    )
    np.testing.assert_allclose(np.exp(fused[columns]), expected, atol=1e-6)
    overall = sweep[(sweep["gender"] == "all") & (sweep["emotion"] == "all") & (sweep["split"] == "test")]
    assert len(overall) == 101
    right = fused[columns].to_numpy().argmax(axis=1) == fused["emotion"].map(columns_index(columns)).to_numpy()
    at = overall.loc[np.isclose(overall["weight_speech"], 0.7), "correct"]
    assert at.tolist() == [right.sum()]


def columns_index(columns):
    return {column.removeprefix(LOGIT): number for number, column in enumerate(columns)}


def test_calm_clips_are_counted_as_left_out(workflow):
    assert "16 calm clips of demo_ravdess" in (workflow / "reports/demo/summary.md").read_text()


def test_every_model_and_every_cell_is_one_run_below_the_experiments(workflow):
    from mlflow.tracking import MlflowClient

    client = MlflowClient(f"sqlite:///{workflow / 'mlflow.db'}")
    (experiment,) = [found for found in client.search_experiments() if found.name == "demo"]
    runs = client.search_runs([experiment.experiment_id])
    (parent,) = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    children = [run for run in runs if run is not parent]
    assert all(run.data.tags["mlflow.parentRunId"] == parent.info.run_id for run in children)
    kinds = pd.Series([run.data.tags["emofusion.kind"] for run in children]).value_counts().to_dict()
    # the experiment's own seed of each network that is fused, and the seeds that are only compared, in a job a network
    assert kinds == {"model": 6, "predictions": 2, "cell": 1}
    assert all(run.info.status == "FINISHED" for run in children)
    (model,) = [
        run
        for run in children
        if run.data.tags["emofusion.key"].startswith("speech-cnn1d")
        and run.data.tags["emofusion.kind"] == "model"
        and run.data.params["seeds"] == "[0]"
    ]
    curve = client.get_metric_history(model.info.run_id, "fold0_validation_loss")
    history = pd.read_parquet(workflow / f"model/{model.data.tags['emofusion.key']}/history.parquet")
    np.testing.assert_allclose([point.value for point in curve], history["validation_loss"], rtol=1e-6)
    assert model.data.params["network.filters"] == "32"
    assert {file.path for file in client.list_artifacts(model.info.run_id)} >= {"history.parquet", "model.json"}


def test_every_rule_is_compared_and_what_it_learnt_is_told(workflow):
    rules = pd.read_csv(workflow / "reports/demo/rules.csv").set_index("rule")
    in_order = sorted(kinds("fusion"), key=lambda name: kinds("fusion")[name].position)
    assert list(rules.index) == ["speech", "face", *in_order] and (rules["clips"] == 104).all()
    first = pd.read_csv(workflow / "reports/demo/table1.csv").set_index("emotion")
    for rule, system in (("speech", "speech"), ("face", "face"), ("linear", "fusion")):
        assert rules.loc[rule, "accuracy"] == pytest.approx(first.loc["all", f"{system}_accuracy"])
    # speech and face are validated on other people's clips: nothing to fit a rule on but test clips of other actors
    assert rules.loc["log_linear", "fitted_on"] == "test clips of other actors (cross-fitted)"
    parameters = pd.read_csv(workflow / "reports/demo/parameters.csv")
    assert (parameters.loc[parameters["rule"] == "log_linear", "clips"] == 104 * 3 // 4).all()
    assert set(pd.read_csv(workflow / "reports/demo/annotations.csv")["annotation"]) == {
        "configured",
        "paper",
        "tuned",
        "oracle",
    }


def test_the_page_names_key_and_commit_and_how_to_find_its_run(workflow, repository):
    from mlflow.tracking import MlflowClient

    page = (workflow / "reports/demo/report.html").read_text()
    key = json.loads((workflow / "reports/demo/provenance.json").read_text())["report"]
    client = MlflowClient(f"sqlite:///{workflow / 'mlflow.db'}")
    (experiment,) = [found for found in client.search_experiments() if found.name == "demo"]
    (run,) = client.search_runs([experiment.experiment_id], f"tags.`emofusion.report` = '{key}'")
    head = subprocess.run(["git", "-C", repository, "rev-parse", "HEAD"], capture_output=True, text=True).stdout.strip()
    assert run.data.tags["emofusion.kind"] == "cell"
    assert f"tags.`emofusion.report` = &#39;{key}&#39;" in page and (head or "not in a git checkout") in page
    assert "generated demo data" in page


def test_posteriors_made_elsewhere_go_through_the_workflow(tmp_path, workflow):
    """The demo's own, written as somebody else would: probabilities, other words, columns and rows in another order."""
    tables = {name: predictions_of(workflow, name).query("split == 'test'") for name in ("speech", "face")}
    clips = tables["speech"][["clip", "actor", "gender", "emotion"]]
    clips.to_csv(tmp_path / "clips.csv", index=False)
    actors = sorted(clips["actor"].unique())
    override = ["+corpus=[folder]", f"corpora.folder.table={tmp_path}/clips.csv", "emotions=seven"]
    override += ["protocol=speaker_independent", "protocol.corpora=[folder]"]
    # the clip table's actors bear their corpus's name before their own
    override += [f"protocol.folds=[{','.join(f'[folder-{actor}]' for actor in actors)}]"]
    for name, table in tables.items():
        columns = [f"p_{emotion}".replace("happy", "joy") for emotion in classes_of(table)]
        shares = pd.DataFrame(posteriors(table), columns=columns)[columns[::-1]]
        shares["clip"], shares["fold"] = (table["clip"].to_numpy(), table["actor"].map(actors.index).to_numpy())
        shares.sample(frac=1, random_state=0).to_csv(tmp_path / f"{name}.csv", index=False)
        settings = [f"table={tmp_path}/{name}.csv", "scale=probabilities", "labels={joy: happy}"]
        override += [f"{name}.posteriors.{setting}" for setting in settings]
    made = workflow  # another experiment in the same folder: one command does all of it
    done = made.run(experiment="posteriors", override=override)
    assert done.returncode == 0, done.output[-3000:]
    ours = pd.read_csv(workflow / "reports/demo/rules.csv").set_index("rule")
    theirs = pd.read_csv(made / "reports/posteriors/rules.csv").set_index("rule")
    for rule in ("speech", "face", "linear", "product"):
        assert theirs.loc[rule, "accuracy"] == ours.loc[rule, "accuracy"]
        assert theirs.loc[rule, "log_loss"] == pytest.approx(ours.loc[rule, "log_loss"], rel=1e-4)
    assert not (made / "reports/posteriors/curves_speech.png").exists()
    assert made.planned(experiment="posteriors", override=override) == {}
    (tmp_path / "face.csv").write_text((tmp_path / "speech.csv").read_text())  # another table under the same name
    assert {"posteriors", "fuse_rules", "fuse", "report"} <= set(
        made.planned(experiment="posteriors", override=override)
    )


def test_networks_are_compared_over_their_seeds(workflow):
    table = pd.read_csv(workflow / "reports/demo/comparison.csv").set_index("network")
    assert table.index.tolist() == ["cnn1d", "lstm", "vgg16", "mobilenet"]
    assert table["seeds"].tolist() == [2] * 4 and table["epochs"].tolist() == [3, 3, 2, 2]
    histories = pd.concat(map(pd.read_parquet, workflow.folder.glob("results/model/speech-cnn1d-*/history.parquet")))
    best = histories.groupby("seed")["validation_loss"].min()
    assert best.index.tolist() == [0, 1]
    assert table.loc["cnn1d", "validation_loss"] == pytest.approx(best.mean())
    assert table.loc["cnn1d", "validation_loss_sd"] == pytest.approx(best.std())
    # VGG16's 14,714,688 parameters of convolutions, a block of them let go
    assert table.loc["vgg16", "parameters"] - table.loc["vgg16", "parameters_trained"] == 14_714_688 - 7_079_424


def test_a_second_run_has_nothing_to_do(workflow):
    assert workflow.planned(override=SMALL) == {}


def test_another_place_of_tracking_reruns_no_stage(workflow):
    assert workflow.planned(override=SMALL, environment={"MLFLOW_TRACKING_URI": "sqlite:///elsewhere.db"}) == {}


def test_other_fusion_weights_train_nothing_and_coming_back_costs_a_copy(workflow):
    changed = [*SMALL, "fusion.weights={speech: 0.5, face: 0.5}"]
    assert workflow.planned(override=changed) == {"fuse": 1, "report": 1}
    done = workflow.run(override=changed)
    assert done.returncode == 0, done.output[-3000:]
    assert "0.5 speech + 0.5 face" in (workflow / "reports/demo/summary.md").read_text()
    assert workflow.planned(override=SMALL) == {"report": 1}
    assert workflow.run(override=SMALL).returncode == 0
    assert "0.7 speech + 0.3 face" in (workflow / "reports/demo/summary.md").read_text()


def test_a_sweep_gives_one_report_a_cell_and_a_summary_of_all(workflow):
    single = pd.read_csv(workflow / "reports/demo/table1.csv").set_index("emotion")
    cells = [*SMALL, "fusion.steps=10,20"]
    assert workflow.planned(override=cells) == {"fuse_rules": 2, "fuse": 2, "report": 2, "compare": 1}
    done = workflow.run(override=cells)
    assert done.returncode == 0, done.output[-3000:]
    table = pd.read_csv(workflow / "reports/demo/cells.csv")
    assert table["fusion.steps"].tolist() == [10, 20] and (table["clips"] == 104).all()
    assert table["accuracy"].tolist() == pytest.approx([single.loc["all", "fusion_accuracy"]] * 2)
    test = pd.read_csv(workflow / "reports/demo/tests.csv").iloc[0]
    assert (test["fusion.steps"], test["difference"], test["p"], test["clips"]) == (20, 0, 1, 104)
    page = (workflow / "reports/demo/grid.html").read_text()
    assert "generated demo data" in page and "fusion.steps=10 (nobody chose one)" in page
    cells = list((workflow / "reports/demo").glob("*/provenance.json"))
    steps = [json.loads(cell.read_text())["settings"]["fusion"]["steps"] for cell in cells]
    assert sorted(steps) == [10, 20] and all((cell.parent / "report.html").is_file() for cell in cells)
    assert "demo: 2 settings, 2 cells; baseline fusion.steps=10 (nobody chose one)" in done.output
    assert "accuracy of the configured rule differs from the baseline's in 0 of 1 setting: 0 better" in done.output
    assert "grid: results/reports/demo/grid.html" in done.output


def test_snakemakes_own_report_bundles_tables_and_figures(workflow):
    workflow.made(override=SMALL)
    done = workflow.run("--report", str(workflow.folder / "report.html"), override=SMALL)
    assert done.returncode == 0, done.output[-3000:]
    page = (workflow.folder / "report.html").read_text()
    for name in (
        "table1.csv",
        "rules.csv",
        "confusion_fusion.png",
        "curves_face.png",
        "sweep.png",
        "The report's page",
    ):
        assert name in page


def test_an_ensemble_takes_what_its_members_have_trained(workflow):
    small = [item for item in SMALL if not item.startswith("report.seeds")]
    override = [*small, "report.seeds=1", "report.compare.face=[]", "speech=ensemble", "speech.ensemble=[cnn1d,lstm]"]
    # the LSTM alone was trained for its curves only, with another seed
    after = {"ensemble": 1, "fuse_rules": 1, "fuse": 1, "report": 1}
    assert workflow.planned(override=override) == {"train": 1, "predict": 1, **after}
    done = workflow.run(override=override)
    assert done.returncode == 0, done.output[-3000:]
    stages = json.loads((workflow / "reports/demo/provenance.json").read_text())["stages"]
    (key,) = stages["ensemble"]
    combined = read_table(workflow / f"ensemble/{key}/predictions.parquet", PREDICTIONS)
    members = [
        read_table(workflow / f"predictions/{key}/predictions.parquet", PREDICTIONS)
        for key in stages["predictions"]
        if key.startswith("speech")
    ]
    assert len(members) == 2 and set(combined["split"]) == {"validation", "test"}
    rows = [table.set_index(["fold", "clip"]).loc[combined.set_index(["fold", "clip"]).index] for table in members]
    mean = sum(posteriors(table.reset_index()) for table in rows) / 2
    np.testing.assert_allclose(posteriors(combined), mean)
    assert set(pd.read_csv(workflow / "reports/demo/comparison.csv").query("modality == 'speech'")["network"]) == {
        "cnn1d",
        "lstm",
    }


@pytest.mark.parametrize(
    ("experiment", "override", "named"),
    [
        ("demo", ["speech.network.filtres=3"], "speech.network.filtres"),
        ("demo", ["speech.training.epochs=many"], "speech.training.epochs"),
        ("nonsense", [], "experiment=nonsense"),
        ("paper", [], "KDEF_and_AKDEF.zip"),
    ],
)
def test_wrong_settings_and_missing_corpora_stop_before_any_job(
    repository, workflow_in, tmp_path, experiment, override, named
):
    done = workflow_in(repository, tmp_path).run(experiment=experiment, override=override)
    assert done.returncode != 0 and named in done.output
    assert "Traceback" not in done.output
    assert not (tmp_path / "results").exists()


@pytest.fixture
def speech_files(tmp_path):
    """RAVDESS's names with short noise in them, and a table of action units for them."""
    from emofusion.features.action_units.columns import COLUMNS

    rows, noise = [], np.random.default_rng(0)
    for actor in range(1, 7):
        folder = tmp_path / "ravdess" / f"Actor_{actor:02}"
        folder.mkdir(parents=True)
        for code in range(1, 9):
            stem = f"03-01-{code:02}-01-01-01-{actor:02}"
            soundfile.write(folder / f"{stem}.wav", noise.normal(0, 0.1, 8000), 16000)
            rows.append({"clip": stem, **dict.fromkeys(COLUMNS, float(code))})
    pd.DataFrame(rows).to_csv(tmp_path / "ravdess" / "openface_au_mean.csv", index=False)
    return tmp_path / "ravdess"


@pytest.mark.parametrize("fault", ["unreadable", "unknown emotion", "wrong actor"])
def test_a_bad_file_is_named_before_anything_is_trained(repository, workflow_in, tmp_path, speech_files, fault):
    good = speech_files / "Actor_02" / "03-01-05-01-01-01-02.wav"
    if fault == "unreadable":
        bad = good
        bad.write_bytes(b"not a recording")
    elif fault == "unknown emotion":
        bad = good.rename(good.with_name("03-01-09-01-01-01-02.wav"))
    else:
        bad = good.rename(good.with_name("03-01-05-01-01-01-03.wav"))
    workflow = workflow_in(repository, tmp_path)
    override = [f"corpora.ravdess.root={speech_files}", "protocol=speaker_independent", "protocol.number_of_folds=2"]
    done = workflow.run(experiment="ravdess_openface", override=override)
    assert done.returncode != 0
    message = done.output[done.output.index("error:") :]
    assert bad.name in message.splitlines()[0]
    assert not list((workflow / "corpus").glob("*audio*/record.json"))
    assert not (workflow / "model").exists()


def test_fewer_networks_compared_leave_no_older_row_or_curve(workflow):
    workflow.made(override=SMALL)
    fewer = [*SMALL, "report.compare={}"]
    assert workflow.planned(override=fewer) == {"report": 1}
    workflow.made(override=fewer)
    assert pd.read_csv(workflow / "reports/demo/comparison.csv")["network"].tolist() == ["cnn1d", "vgg16"]
    one = [*SMALL, "report.compare={}", "modalities=[speech]"]
    workflow.made(override=one)
    assert not list((workflow / "reports/demo").glob("*_face.png"))
    rules = pd.read_csv(workflow / "reports/demo/rules.csv").set_index("rule")
    assert rules.loc["linear", "accuracy"] == rules.loc["speech", "accuracy"]
    workflow.made(override=SMALL)
    assert (workflow / "reports/demo/curves_face.png").is_file()
