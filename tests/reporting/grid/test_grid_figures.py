"""The figures of a grid: what is drawn, with few and with many levels, factors and curves."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from emofusion.reporting.grid.curve_figure import curves_figure
from emofusion.reporting.grid.curves import weight_curves
from emofusion.reporting.grid.figures import MOST_LINES, Foot, effects_figure, interactions_figure

FOOT = Foot("models", "96 of 8 actors", "speaker_independent", ("This is generated demo data.",))


def effects(**levels):
    """Made-up main effects: factor → its levels."""
    rows = [
        {"measure": measure, "factor": factor, "level": level, "reference": "base", "pairs": 1, "difference": n / 100}
        for measure in ("accuracy", "unweighted_average_recall")
        for factor, names in levels.items()
        for n, level in enumerate(names, start=1)
    ]
    table = pd.DataFrame(rows)
    ends = {"low": -0.01, "high": 0.01, "simultaneous_low": -0.02, "simultaneous_high": 0.02}
    return table.assign(**{name: table["difference"] + away for name, away in ends.items()})


def axes_of(figure):
    return list(figure.subfigs[0].axes)


def texts_of(figure):
    return " ".join(text.get_text() for part in figure.subfigs for text in part.findobj(Text))


def test_each_level_is_a_row_with_its_intervals_in_points():
    figure = effects_figure(effects(speech=["lstm", "mlp"], face=["vgg16"]), 0.95, FOOT)
    (axes,) = axes_of(figure)
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    assert [line.get_xdata()[0] for line in dots] == pytest.approx([1, 2, 1])
    narrow = [line.get_xdata() for line in axes.lines if line.get_linewidth() == 3.2]
    assert np.array(narrow) == pytest.approx(np.array([[0, 2], [1, 3], [0, 2]]))
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["speech (against base)", "lstm (1 pair)", "mlp (1 pair)", "face (against base)", "vgg16 (1 pair)"]
    text = texts_of(figure)
    assert "This is generated demo data." in text and "96 of 8 actors" in text and "95% intervals" in text


@pytest.mark.parametrize("rising", [True, False])
def test_many_numbers_are_a_line_and_of_many_words_the_first_of_the_command_are_shown(rising):
    numbers = [f"{n / 20:g}" for n in range(1, 21)]
    table = effects(weight=numbers, name=[f"net{n}" for n in range(20)])
    if not rising:
        table.loc[table["factor"] == "name", "difference"] *= -1
    table["reference"] = table["factor"].map({"weight": "0", "name": "base"})
    words, line = axes_of(effects_figure(table, 0.95, FOOT))
    labels = [label.get_text() for label in words.get_yticklabels()]
    assert labels[0] == "name (against base; the first 12 of the command, 8 more are in effects.csv)"
    assert labels[1:] == [f"net{n} (1 pair)" for n in range(12)]
    assert line.lines[0].get_ydata() == pytest.approx(np.arange(1, 21)) and len(line.collections) == 2
    assert line.get_xlabel() == "weight (diamond: the baseline's, 0)"


def means(first, second, factor="speech", other="face", size=0.0):
    rows = [
        {"measure": "accuracy", "factor": factor, "level": f"{a}", "other_factor": other, "other_level": f"{b}",
         "mean": 0.5 + n / 100, "difference": size}
        for n, (a, b) in enumerate((a, b) for a in range(first) for b in range(second))
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.parametrize("sizes", [(1, 5, 2, 3), (6, 5, 4, 3, 2, 1, 9, 8)])
def test_the_first_interactions_of_the_command_are_drawn(sizes):
    table = pd.concat([means(2, 3, "a", f"b{n}", size / 100) for n, size in enumerate(sizes)])
    figure = interactions_figure(table, FOOT)
    panels = axes_of(figure)
    assert [axes.get_title() for axes in panels] == [f"typical contrast {size}.0 points" for size in sizes[:6]]
    assert [axes.get_xlabel() for axes in panels] == [f"b{n}" for n in range(len(sizes))][:6]
    assert all(len(axes.lines) == 2 for axes in panels)  # fewer lines than levels on the axis
    assert panels[0].lines[1].get_ydata() == pytest.approx([0.53, 0.54, 0.55])
    panels[0].set_yticks([0.53, 0.5325])
    assert [label.get_text() for label in panels[0].get_yticklabels()] == ["53%", "53.25%"]
    told = "the first 6 pairs of the command; 2 more are in interactions.csv"
    assert (told in texts_of(figure)) == (len(sizes) > 6)


def test_two_factors_with_many_levels_are_a_map():
    axes, bar = axes_of(interactions_figure(means(30, MOST_LINES + 1), FOOT))
    assert axes.images[0].get_array().shape == (30, MOST_LINES + 1) and not axes.lines
    assert len(axes.get_yticks()) == 12 and bar.get_ylabel() == ""


def test_figures_without_data_say_why():
    assert "no two settings differ in one factor alone" in texts_of(effects_figure(effects(a=["1"])[:0], 0.95, FOOT))
    assert "fewer than two factors vary" in texts_of(interactions_figure(means(2, 2)[:0], FOOT))
    assert "every cell has one modality" in texts_of(curves_figure([], [], [], [], [], FOOT))


def test_few_curves_have_their_levels_as_labels_and_circles_are_configured_weights(maker):
    grid = maker.grid(weights=(0.25, 0.75), rules=("linear",), seeds=("0",))
    curves, chosen = weight_curves(grid.cells)
    names = ["speech", "fusion.weights.speech"]
    figure = curves_figure(grid.cells, curves, chosen, [0.4, 0.5, 0.6, 0.7], names, FOOT)
    (axes,) = axes_of(figure)
    lines = {line.get_label(): line for line in axes.lines}
    assert set(lines) == {"speech=cnn1d (2 cells)", "speech=lstm (2 cells)", "configured weights"}
    assert list(lines["configured weights"].get_xdata()) == [0.25, 0.75, 0.25, 0.75]
    assert list(lines["configured weights"].get_ydata()) == [0.4, 0.5, 0.6, 0.7]
    assert lines["speech=lstm (2 cells)"].get_ydata() == pytest.approx(curves[1].correct / 96)
    axes.set_yticks([0.65, 0.675])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["65%", "67.5%"]


@pytest.mark.parametrize("names", [["speech", "seed"], ["seed", "speech"]])
def test_of_many_curves_the_first_factor_of_the_command_has_the_styles(maker, names):
    speech = {"poor": 0.2, "fair": 0.8, "good": 2.5}
    grid = maker.grid(speech=speech, seeds=("0", "1", "2"), rules=("linear",))
    curves, chosen = weight_curves(grid.cells)
    figure = curves_figure(grid.cells, curves, chosen, [0.5] * 9, names, FOOT)
    (axes,) = axes_of(figure)
    levels = [*speech] if names[0] == "speech" else ["0", "1", "2"]
    assert len(curves) == 9 and axes.get_legend_handles_labels()[1] == [*levels, "configured weights"]
    assert len({(line.get_color(), line.get_linestyle()) for line in axes.lines[:9]}) == 3


def test_three_modalities_have_a_panel_each(made_in, tmp_path):
    maker = made_in(tmp_path, steps=10)
    members = {name: maker.posteriors(seed, 1) for seed, name in enumerate(("speech", "face", "text"))}
    cell = maker.cell(members, "linear", {"speech": 0.5, "face": 0.3, "text": 0.2}, {"seed": "0"})
    alone = replace(cell, name="alone", pool="none")
    curves, chosen = weight_curves([cell, alone])
    panels = axes_of(curves_figure([cell, alone], curves, chosen, [0.5, 0.5], [], FOOT))
    assert [axes.get_xlabel() for axes in panels] == [f"weight of {name}" for name in members]
    (curve,) = curves
    at = curve.weights[:, 2] == 0.2
    assert panels[2].lines[0].get_ydata()[2] == pytest.approx(np.median(curve.correct[at] / 96))
