"""What the figures show, read from the figure objects."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from emofusion.evaluation.accuracy import confusion
from emofusion.evaluation.sweep import sweep_weights
from emofusion.predictions.table import align
from emofusion.reporting.annotations import annotation_table
from emofusion.reporting.curves import curves_figure
from emofusion.reporting.figures import confusion_figure, exact_percent, save
from emofusion.reporting.rules import comparison_tables
from emofusion.reporting.sweeps import sweep_figure
from emofusion.settings.experiment import Evaluation


@pytest.fixture
def marked(results, facts) -> pd.DataFrame:
    """The marked weights."""
    tables = comparison_tables(results.evaluation, results.rules, results.parameters, facts)
    return annotation_table(tables, facts.settings)


def texts(figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def axes_of(figure) -> list:
    return [axes for axes in figure.get_axes() if axes.get_label() != "<colorbar>"]


def test_ticks_are_written_exactly(evaluation, marked, facts):
    assert [exact_percent(share) for share in (0.65, 0.675, 0.7, 0.0025, 1, -0.025)] == [
        "65%", "67.5%", "70%", "0.25%", "100%", "−2.5%",
    ]  # fmt: skip
    (axes,) = axes_of(sweep_figure(evaluation["sweep"], 0.5, marked, facts))
    axes.set_yticks([0.65, 0.675, 0.7])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["65%", "67.5%", "70%"]


def test_confusion_shows_counts_and_shares_of_rows(modalities, facts):
    speech = modalities["speech"].query("split == 'test' and emotion != 'calm'")
    counts = confusion(speech)
    figure = confusion_figure(counts, "speech", facts.footer())
    axes = axes_of(figure)[0]
    tested = counts.drop(index="calm")
    np.testing.assert_allclose(axes.images[0].get_array(), tested.to_numpy() / 20)
    assert [int(text.get_text()) for text in axes.texts] == tested.to_numpy().ravel().tolist()
    assert [text.get_text() for text in axes.get_yticklabels()] == [f"{emotion} (n=20)" for emotion in tested.index]
    assert [text.get_text() for text in axes.get_xticklabels()] == counts.columns.tolist()
    assert axes.get_title() == "Speech: confusion on 140 test clips"


def test_curves_are_means_as_far_as_every_fold_ran(histories, facts):
    figure = curves_figure(histories["speech"], "speech", {"validation": "20 clips a fold"}, facts.footer())
    cnn, lstm, loss, accuracy = axes_of(figure)
    assert [axes.get_title() for axes in (cnn, lstm, loss, accuracy)] == [
        "cnn1d: loss",
        "lstm: loss",
        "loss",
        "accuracy",
    ]
    for axes, name, quantity in ((cnn, "cnn1d", "loss"), (accuracy, "lstm", "accuracy")):
        label = {"loss": "validation", "accuracy": "lstm, validation"}[quantity]
        line = next(line for line in axes.get_lines() if line.get_label() == label)
        history = histories["speech"][name]
        mean = history.query("epoch < 4").groupby("epoch")[f"validation_{quantity}"].mean()
        np.testing.assert_allclose(line.get_xydata(), np.column_stack([mean.index, mean]))
    highest = max(line.get_ydata().max() for axes in (cnn, lstm) for line in axes.get_lines())
    assert cnn.get_ylim() == lstm.get_ylim() and cnn.get_ylim()[0] == 0 and cnn.get_ylim()[1] > highest
    assert len(cnn.get_lines()) == 2 * (2 + 1)  # a thin line a fold, and the mean
    assert "Speech: training curves (2 folds; validation: 20 clips a fold)" in texts(figure)


def test_curves_of_one_network_are_loss_and_accuracy(histories, facts):
    figure = curves_figure(histories["face"], "face", {}, facts.footer())
    assert [axes.get_title() for axes in axes_of(figure)] == ["loss", "accuracy"]


def test_without_epochs_the_figure_says_why(facts):
    figure = curves_figure({}, "face", {}, facts.footer())
    assert "Facial expression: fitted at once, so no training curves" in texts(figure) and not axes_of(figure)


def test_curves_without_validation_are_those_of_training(histories, facts):
    history = histories["face"]["mlp"].assign(validation_loss=np.nan, validation_accuracy=np.nan)
    loss, accuracy = axes_of(curves_figure({"mlp": history}, "face", {}, facts.footer()))
    for axes in (loss, accuracy):
        assert [text.get_text() for text in axes.get_legend().get_texts()] == ["mlp, train"]


def test_sweep_marks_the_configured_weight_and_the_oracle(evaluation, marked, facts):
    swept = evaluation["sweep"].query("rule == 'linear'")
    figure = sweep_figure(swept, 0.5, marked, facts)
    (axes,) = axes_of(figure)
    lines = {line.get_label(): line for line in axes.get_lines()}
    test = swept.query("split == 'test' and emotion == 'all'")
    for gender, count in (("all", 160), ("male", 40), ("female", 120)):
        part = test[test["gender"] == gender]
        interval = ", with its interval over actors" if gender == "all" else ""
        drawn = lines[f"test, {gender} (n={count}){interval}"].get_xydata()
        np.testing.assert_allclose(drawn, part[["weight_speech", "accuracy"]])
    best = marked.query("annotation == 'oracle' and rule == 'linear'").iloc[0]
    assert best["accuracy"] == test[test["gender"] == "all"]["accuracy"].max()
    oracle = next(line for label, line in lines.items() if label.startswith("oracle (chosen on test): "))
    assert oracle.get_xydata().tolist() == [[best["weight_speech"], best["accuracy"]]]
    configured = lines["configured (linear, 0.7 speech + 0.3 face): 50.00%"]
    assert configured.get_xydata().tolist() == [[0.7, 0.5]]
    assert [label for label in lines if "best" in label] == []
    assert "validation, all (n=40)" in lines
    band = axes.collections[0].get_paths()[0].vertices
    everyone = test[test["gender"] == "all"]
    assert band[:, 1].min() == pytest.approx(everyone["low"].min())
    assert band[:, 1].max() == pytest.approx(everyone["high"].max())


def test_among_equally_accurate_weights_the_figure_marks_the_one_of_the_table(evaluation, marked, facts):
    """The first of them is another: the table takes the rule's own choice, by the log loss."""
    swept = evaluation["sweep"].query("rule == 'linear'").copy()
    everyone = (swept[["split", "gender", "emotion"]] == ["test", "all", "all"]).all(axis=1)
    swept.loc[everyone, "accuracy"] = 0.5
    chosen = (marked["annotation"] == "oracle") & (marked["rule"] == "linear")
    marked.loc[chosen, ["weight_speech", "weight_face", "accuracy"]] = [0.6, 0.4, 0.5]
    (axes,) = axes_of(sweep_figure(swept, 0.5, marked, facts))
    oracle = next(line for line in axes.get_lines() if line.get_label().startswith("oracle"))
    assert oracle.get_xydata().tolist() == [[0.6, 0.5]]
    assert oracle.get_label() == "oracle (chosen on test): 0.6 speech + 0.4 face: 50.00%"


def test_a_rule_that_finds_its_weights_is_a_level_line_over_its_pool(evaluation, marked, changed):
    figure = sweep_figure(evaluation["sweep"], 0.625, marked, changed(rule="log_linear"))
    (axes,) = axes_of(figure)
    level = next(line for line in axes.get_lines() if line.get_label() == "configured (log_linear): 62.50%")
    assert set(level.get_ydata()) == {0.625}
    assert "Accuracy against weight, product rule, 160 test clips" in texts(figure)
    product = evaluation["sweep"].query(
        "rule == 'product' and split == 'test' and emotion == 'all' and gender == 'male'"
    )
    drawn = next(line for line in axes.get_lines() if line.get_label() == "test, male (n=40)")
    np.testing.assert_allclose(drawn.get_ydata(), product["accuracy"])


def test_sweep_of_three_modalities_has_a_panel_each(modalities, changed):
    weights = {"speech": 0.5, "face": 0.25, "text": 0.25}
    three = {**modalities, "text": modalities["face"]}
    swept = sweep_weights(align(three), ["linear"], 4, Evaluation(samples=20))["sweep"]
    oracle = pd.DataFrame([{"annotation": "oracle", "rule": "linear", "accuracy": 0.5}])
    oracle = oracle.assign(**{f"weight_{name}": weight for name, weight in weights.items()})
    panels = axes_of(sweep_figure(swept, 0.5, oracle, changed(weights=weights)))
    assert [axes.get_xlabel() for axes in panels] == ["weight of speech", "weight of face", "weight of text"]
    everyone = swept.query("split == 'test' and gender == 'all' and emotion == 'all'")
    median = next(line for line in panels[1].get_lines() if "median" in line.get_label())
    reference = everyone.groupby("weight_face")["accuracy"].median()
    np.testing.assert_allclose(median.get_xydata(), np.column_stack([reference.index, reference]))


@pytest.mark.parametrize("leaks, demo", [(True, True), (False, False)])
def test_every_figure_carries_count_protocol_and_warnings(
    modalities, evaluation, marked, histories, changed, leaks, demo
):
    normalised = ["speech"] if leaks else []
    facts = changed(protocol="random_clips", leaks_speakers=leaks, generated=demo, normalised_by_speaker=normalised)
    speech = modalities["speech"].query("split == 'test'")
    for figure in (
        confusion_figure(confusion(speech), "speech", facts.footer()),
        sweep_figure(evaluation["sweep"], 0.5, marked, facts),
        curves_figure(histories["face"], "face", {}, facts.footer()),
    ):
        said = " ".join(texts(figure)).replace("\n", " ")
        assert "protocol random_clips" in said
        assert ("WARNING: the protocol random_clips has the same speakers in training and test" in said) == leaks
        assert ("generated demo data" in said) == demo
        assert ("normalised on each speaker's own unlabelled clips, the test speakers' included" in said) == leaks


def test_the_same_figure_gives_the_same_bytes_without_metadata(evaluation, marked, facts, tmp_path):
    for name in ("one.png", "two.png"):
        save(sweep_figure(evaluation["sweep"], 0.5, marked, facts), tmp_path / name)
    written = (tmp_path / "one.png").read_bytes()
    assert written == (tmp_path / "two.png").read_bytes()
    assert b"Matplotlib" not in written and b"tEXt" not in written
