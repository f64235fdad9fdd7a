"""Tracking through the real workflow: a run for each cell, a server that goes away, and one that is not there."""

import json
import re
import signal
import subprocess

import numpy as np
import pandas as pd
import pytest

from emofusion.tracking.journal import Journals

RATES = ("0.001", "0.02")
EPOCHS = 400  # so that trainings still go on when the server has its first points, also on a busy machine
TINY = [
    "modalities=[speech]",
    "corpora.demo_savee.demo.utterances=2",
    "corpora.demo_ravdess.demo.people=4",
    "report.compare={}",
    "report.seeds=1",
    f"speech.training.epochs={EPOCHS}",
    f"speech.training.learning_rate={','.join(RATES)}",
    "evaluation.samples=50",
    "evaluation.permutations=50",
    "fusion.steps=5",
    "fusion.compare=[]",
    "tracking.patience=120",
]


@pytest.fixture(scope="module")
def server(mlflow_server_in, tmp_path_factory):
    started = mlflow_server_in(tmp_path_factory.mktemp("server"))
    yield started
    started.stop()


def background(workflow, *options, **given):
    """The workflow as a process that the test goes on beside."""
    return subprocess.Popen(
        workflow.command(*options, **given["arguments"]),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=workflow.environment(given["environment"]),
    )


def points_in(journals):
    return sum(entry["entry"] == "metrics" for journal in journals for entry, _ in journal.entries(0, 2**40))


@pytest.fixture(scope="module")
def outage(repository, workflow_in, server, wait_for, tmp_path_factory):
    """A grid of two trainings, in whose midst the server was away."""
    workflow = workflow_in(repository, tmp_path_factory.mktemp("tracked"))
    process = background(
        workflow, arguments={"override": TINY, "cores": 1}, environment={"MLFLOW_TRACKING_URI": server.uri}
    )

    def training():
        """The journals of trainings that go on."""
        present = Journals(workflow / "tracking/journal", server.uri).present()
        return [journal for journal in present if journal.path.name.startswith("model-")]

    try:
        wait_for(lambda: any(journal.sent().offset for journal in training()), "the first points at the server", 400)
        server.stop()
        before = points_in(training())
        wait_for(lambda: points_in(training()) > before + 10, "points that the server does not get", 400)
        server.start()
        output = process.communicate(timeout=600)[0]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
    assert process.returncode == 0, output[-5000:]
    workflow.output, workflow.points_before = output, before
    return workflow


@pytest.fixture(scope="module")
def client(server):
    from mlflow import MlflowClient

    return MlflowClient(server.uri)


def runs_of(client, kind):
    (experiment,) = [found for found in client.search_experiments() if found.name == "demo"]
    return client.search_runs([experiment.experiment_id], f"tags.`emofusion.kind` = '{kind}'")


def test_after_an_outage_every_point_artifact_and_status_is_there_once(outage, client):
    assert outage.points_before < 2 * EPOCHS, "the server was stopped in the midst of the trainings"
    models = runs_of(client, "model")
    assert len(models) == 2
    for run in models:
        assert run.info.status == "FINISHED"
        folder = outage / f"model/{run.data.tags['emofusion.key']}"
        history = pd.read_parquet(folder / "history.parquet").sort_values("epoch")
        points = client.get_metric_history(run.info.run_id, "fold0_validation_loss")
        points = sorted(points, key=lambda point: point.step)
        assert len(points) == EPOCHS
        np.testing.assert_allclose([point.value for point in points], history["validation_loss"], rtol=1e-6)
        assert {file.path for file in client.list_artifacts(run.info.run_id)} == {"history.parquet", "model.json"}
        assert "system/cpu_utilization_percentage" in run.data.metrics
    assert all(run.info.status == "FINISHED" for run in runs_of(client, "predictions"))
    assert outage.output.count("warning: the tracking store") == 1 and "answers again" in outage.output
    assert "are not sent" not in outage.output
    assert list((outage / "tracking/journal").iterdir()) == []


def test_each_cell_is_a_run_whose_accuracy_can_be_plotted_against_the_learning_rate(outage, server, client):
    import mlflow

    mlflow.set_tracking_uri(server.uri)
    cells = mlflow.search_runs(experiment_names=["demo"], filter_string="tags.`emofusion.kind` = 'cell'")
    assert len(cells) == 2
    shown = {}
    for place in sorted((outage / "reports/demo").glob("*/table1.csv")):
        table = pd.read_csv(place).set_index("emotion")
        settings = json.loads((place.parent / "provenance.json").read_text())["settings"]
        rate = settings["speech"]["training"]["learning_rate"]
        shown[float(rate)] = table.loc["all", "fusion_accuracy"], table.loc["all", "speech_accuracy"]
    plotted = cells.assign(rate=cells["params.speech.training.learning_rate"].astype(float)).set_index("rate")
    assert sorted(plotted.index) == sorted(map(float, RATES))
    for rate, (fusion, speech) in shown.items():
        assert plotted.loc[rate, "metrics.accuracy"] == pytest.approx(fusion)
        assert plotted.loc[rate, "metrics.speech.accuracy"] == pytest.approx(speech)
    for _, cell in cells.iterrows():
        assert cell["metrics.clips"] == 104 and cell["metrics.cost.cpu_seconds"] > 0
        assert cell["tags.emofusion.corpora"] == "demo_ravdess demo_savee"
        assert cell["tags.emofusion.protocol"] == "cross_corpus"
        assert cell["tags.emofusion.grid"] == "demo"
        grid = client.get_run(cell["tags.mlflow.parentRunId"])
        assert grid.data.tags["emofusion.role"] == "grid"
        assert client.get_run(grid.data.tags["mlflow.parentRunId"]).data.tags["emofusion.role"] == "experiment"
        model = client.get_run(cell["tags.emofusion.runs.model"])
        assert model.data.tags["emofusion.key"] == cell["tags.emofusion.stages.model"]
        assert model.data.params["training.learning_rate"] == cell["params.speech.training.learning_rate"]
        assert cell["tags.emofusion.report"] in {path.name for path in (outage / "report").iterdir()}
    params = {name.removeprefix("params.") for name in cells if name.startswith("params.")}
    assert {"seed", "fusion.rule", "fusion.weights.speech", "protocol.kind", "speech.network.kind"} <= params
    assert not any(name.startswith(("published", "tracking", "report")) or "root" in name for name in params)
    artifacts = {file.path for file in client.list_artifacts(cells["run_id"][0])}
    assert artifacts == {"summary.md", "rules.csv", "table1.csv", "table2.csv", "gender.csv"}


def test_the_grid_has_one_table_of_costs(outage):
    table = pd.read_csv(outage / "reports/demo/costs.csv")
    assert table["kind"].value_counts().to_dict()["model"] == 2 and table["key"].is_unique
    assert (table[["seconds", "cpu_seconds", "peak_mib"]] > 0).all(axis=None) and len(set(table["host"])) == 1
    assert not list((outage / "reports/demo").glob("*/costs.csv"))
    assert re.search(rf"{len(table)} stages have cost \d+ s of CPU \(", outage.output)


def test_a_cell_more_is_a_run_more(outage, server, client):
    more = [text.replace(",0.02", ",0.02,0.005") for text in TINY]
    before = {run.info.run_id for run in runs_of(client, "cell")}
    outage.made(override=more, cores=1, environment={"MLFLOW_TRACKING_URI": server.uri})
    after = {run.info.run_id for run in runs_of(client, "cell")}
    assert before < after and len(after) == 3
    assert len(runs_of(client, "model")) == 3


def test_a_server_that_never_returns_costs_no_result_and_gets_it_later(outage, server, client, wait_for):
    other = [text.replace(",".join(RATES), "0.003") for text in TINY]
    other = ["tracking.patience=2" if "patience" in text else text for text in other]
    environment = {"MLFLOW_TRACKING_URI": server.uri}
    process = background(outage, arguments={"override": other, "cores": 1}, environment=environment)
    wait_for((outage / "tracking").is_dir, "the workflow")
    wait_for(lambda: any((outage / "tracking/journal").glob("model-*")), "the training", 400)
    server.stop()
    output = process.communicate(timeout=600)[0]
    assert process.returncode == 0, output[-5000:]
    (line,) = [line for line in output.splitlines() if line.startswith("tracking: ")]
    assert re.match(r"tracking: 3 runs, \d+ points, \d+ artifacts are not sent", line)
    command = line.partition("To send them: ")[2]
    assert command.startswith("snakemake --cores 1 tracking --config experiment=demo")
    server.start()
    assert outage.planned(override=other, environment=environment) == {}, "all results are current"
    output = outage.made("tracking", override=[], environment=environment)
    assert "tracking: sent 3 runs" in output
    assert len(runs_of(client, "cell")) == 4
    assert {run.info.status for run in [*runs_of(client, "cell"), *runs_of(client, "model")]} == {"FINISHED"}
    assert "nothing is left to send" in outage.made("tracking", override=[], environment=environment)


def test_an_absent_server_is_told_before_the_first_job(repository, workflow_in, tmp_path, unused_port):
    workflow = workflow_in(repository, tmp_path)
    environment = {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{unused_port}"}
    done = workflow.run(override=TINY, environment=environment)
    assert done.returncode != 0 and "Traceback" not in done.output
    assert f"No tracking server answers at http://127.0.0.1:{unused_port}" in done.output
    assert {path.name for path in (tmp_path / "results").iterdir()} <= {"plans", "logs"}
    output = workflow.made("--dry-run", override=TINY, environment=environment)
    assert f"warning: No tracking server answers at http://127.0.0.1:{unused_port}" in output
    off = [text for text in TINY if "patience" not in text] + ["tracking=off"]
    assert "warning" not in workflow.made("--dry-run", override=off, environment=environment)
