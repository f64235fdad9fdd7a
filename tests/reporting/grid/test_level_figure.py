"""The figure of accuracies against factors whose levels are numbers."""

import pandas as pd
import pytest

from emofusion.reporting.grid.cells import CellReport
from emofusion.reporting.grid.facts import shared_warnings
from emofusion.reporting.grid.figures import Foot
from emofusion.reporting.grid.level_figure import level_factors, level_figure, of_fusion
from emofusion.reporting.grid.write import write_grid

FOOT = Foot("learning", "96 of 8 actors", "speaker_independent", ())


def settings(**more):
    """Three numbers of actors, of two networks; the second network is ten points better."""
    rows = [
        {"actors": str(actors), "speech": speech, "accuracy": 0.2 + actors / 100 + (speech == "lstm") / 10}
        for actors in (8, 2, 16)
        for speech in ("cnn1d", "lstm")
    ]
    table = pd.DataFrame(rows).assign(baseline=[n == 1 for n in range(6)], **more)
    ends = {"accuracy_low": -0.05, "accuracy_high": 0.05}
    table = table.assign(**{name: table["accuracy"] + away for name, away in ends.items()})
    return table.assign(speech_accuracy=table["accuracy"] - 0.1)


def test_lines_go_through_the_settings_that_agree_with_the_baseline_otherwise():
    figure = level_figure(settings(), ["actors", "speech"], 0.95, FOOT)
    (axes,) = figure.subfigs[0].axes
    fusion, speech = axes.lines
    assert (fusion.get_label(), speech.get_label()) == ("fusion", "speech")
    assert fusion.get_xdata().tolist() == [2, 8, 16]
    assert fusion.get_ydata() == pytest.approx([0.32, 0.38, 0.46]) and speech.get_ydata() == pytest.approx(
        [0.22, 0.28, 0.36]
    )
    (band,) = axes.collections
    heights = band.get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == pytest.approx((0.27, 0.51))
    assert axes.get_xlabel() == "actors"
    axes.set_yticks([0.3, 0.325])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["30%", "32.5%"]


def test_a_level_that_is_no_number_is_a_dotted_line():
    table = settings()
    rest = table[table["actors"] == "16"].assign(actors="null", accuracy=0.9, baseline=False)
    figure = level_figure(pd.concat([table, rest]), ["actors", "speech"], 0.95, FOOT)
    (axes,) = figure.subfigs[0].axes
    dotted = [line for line in axes.lines if line.get_linestyle() == ":"]
    assert [line.get_ydata()[0] for line in dotted] == pytest.approx([0.9, 0.46 - 0.1])
    assert axes.get_xlabel() == "actors (dotted: null)"


def test_a_modality_that_is_the_same_everywhere_is_drawn_too():
    constant = {"face_accuracy": 0.4, "face_unweighted_average_recall": 0.3, "protocol": "speaker_independent"}
    figure = level_figure(settings(), ["actors", "speech"], 0.95, FOOT, constant)
    (axes,) = figure.subfigs[0].axes
    assert [line.get_label() for line in axes.lines] == ["fusion", "speech", "face"]
    assert axes.lines[2].get_ydata() == pytest.approx([0.4] * 3)


def test_weights_words_and_few_levels_are_not_drawn():
    table = settings(**{"fusion.weights.speech": ["0", "0.5", "1"] * 2})
    assert level_factors(table, ["speech", "actors", "fusion.weights.speech"]) == ["actors"]
    assert not level_factors(table[table["actors"] != "16"], ["actors"])


def test_what_is_left_out_is_named():
    names = [f"size{n}" for n in range(5)]
    table = settings(**{name: ["8", "2", "16"] * 2 for name in names})
    figure = level_figure(table, names, 0.95, FOOT)
    assert [axes.get_xlabel() for axes in figure.subfigs[0].axes] == names[:3]
    assert figure.subfigs[0].get_suptitle().endswith("; not drawn: size3, size4")


def test_a_grid_without_numbers_has_no_such_file(maker, tmp_path):
    write_grid(tmp_path / "out", maker.grid())
    assert not (tmp_path / "out" / "levels.png").exists()
    assert "Accuracy by level" not in (tmp_path / "out" / "grid.html").read_text()


def test_warnings_that_differ_in_numbers_alone_are_told_once():
    """As those of a learning curve, or of noise at several ratios."""
    told = [["Noise at -5 dB.", "Leaks."], ["Noise at 10.5 dB.", "Leaks."], ["Leaks.", "Seed 3 alone."]]
    reports = [CellReport(0.5, {}, {}, warnings, {}) for warnings in told]
    assert shared_warnings(reports) == [
        "Noise at … dB. (This holds for 2 of 3 cells.)",
        "Leaks.",
        "Seed 3 alone. (This holds for 1 of 3 cells.)",
    ]


def test_a_single_modality_is_drawn_once():
    table = settings()
    table["speech_accuracy"] = table["accuracy"] + 1e-15
    (axes,) = level_figure(table, ["actors", "speech"], 0.95, FOOT).subfigs[0].axes
    assert [line.get_label() for line in axes.lines] == ["speech"]
    figure = level_figure(table, ["actors", "speech"], 0.95, FOOT)
    assert figure.subfigs[0].get_suptitle() == "Accuracy by level, with 95% intervals"
    assert of_fusion(table) == "" and of_fusion(table, {"face_accuracy": 0.4}) == " of the fusion"
