"""Classes, actors, folds and reliability in the summary and on the page: each figure is that of its table."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from emofusion.evaluation.folds import fold_table, variance_table
from emofusion.reporting.details import actors_markdown, classes_markdown, folds_markdown
from emofusion.reporting.facts import Footer
from emofusion.reporting.reliability import reliability_figure
from emofusion.reporting.report_page import page
from emofusion.reporting.report_page.details import MOST_ACTORS, chart_data
from emofusion.reporting.rules import comparison_tables
from emofusion.reporting.wording import percent


@pytest.fixture
def tables(results, facts) -> dict[str, pd.DataFrame]:
    return comparison_tables(results.evaluation, results.rules, results.parameters, facts)


def cells(text: str) -> list[list[str]]:
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def test_the_summary_has_each_class(evaluation, facts):
    text = classes_markdown(evaluation["classes"], facts)
    found = {row[0]: row for row in cells(text)}
    for row in evaluation["classes"].query("system == 'linear'").to_dict("records"):
        shown = found[row["emotion"]]
        assert shown[1:4] == [str(row[name]) for name in ("clips", "predicted", "correct")]
        assert shown[4].startswith(percent(row["precision"]))
        assert ("[" in shown[4]) == pd.notna(row["precision_low"])
        assert shown[5].startswith(percent(row["recall"])) and shown[6].startswith(percent(row["f1"]))
    missing = evaluation["classes"].assign(precision=np.nan, recall_low=0.25, recall_high=0.75)
    row = cells(classes_markdown(missing, facts))[1]
    assert row[4] == "–" and row[5].endswith("% [25.00%, 75.00%]")


def test_the_summary_has_the_best_and_the_worst_actors(evaluation, facts):
    table = evaluation["actors"]
    found = cells(actors_markdown(table, facts))[1:]
    overall = table.query("system == 'linear' and emotion == 'all'")
    assert len(found) == len(overall) == 9 and [row[0] for row in found] == [str(n) for n in range(1, 10)]
    shares = [float(row[3].rstrip("%")) for row in found]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == pytest.approx(100 * overall["accuracy"].max(), abs=0.005)
    many = pd.concat([table.assign(actor=table["actor"] + f"-{n}") for n in range(3)])
    text = actors_markdown(many, facts)
    assert len(cells(text)) == 11 and "The 5 best and the 5 worst of 27 actors" in text


def test_the_summary_has_each_fold_and_what_varies(results, facts):
    systems = {"linear": results.fused, **results.modalities}
    tested = {name: rows[rows["split"] == "test"] for name, rows in systems.items()}
    folds, variance = (make(tested).rename(columns={"system": "rule"}) for make in (fold_table, variance_table))
    found = {row[0]: row for row in cells(folds_markdown(folds, variance, facts))}
    of = folds.set_index(["rule", "fold"])
    assert found["0"][1:3] == [f"{of.loc[('linear', 0), 'clips']} ({of.loc[('linear', 0), 'actors']})",
                               percent(of.loc[("linear", 0), "accuracy"])]  # fmt: skip
    deviation = variance.set_index("rule").loc["speech", "actor"]
    assert found["*Between actors*"][3] == f"{100 * deviation:.2f}"
    assert folds_markdown(folds[folds["fold"] == 0], variance, facts) == ""


def test_a_variance_that_was_set_to_0_is_named(results, facts):
    systems = {"linear": results.fused, **results.modalities}
    systems = {name: table[table["split"] == "test"] for name, table in systems.items()}
    folds, variance = (made(systems).rename(columns={"system": "rule"}) for made in (fold_table, variance_table))
    negative = {"linear": "fold", "speech": "", "face": "fold and actor"}
    told = folds_markdown(folds, variance.assign(set_to_0=variance["rule"].map(negative)), facts)
    assert told.rstrip().endswith(
        "A variance that was estimated as negative was set to 0: of Fusion (between folds), Facial expression (between "
        "folds, between actors)."
    )
    assert "negative" not in folds_markdown(folds, variance.assign(set_to_0=""), facts)


def test_the_page_draws_the_configured_rule_and_the_modalities(tables, facts, provenance):
    html = page(tables, facts, provenance)
    for name in ("actors", "classes", "reliability_linear", "reliability_speech", "reliability_face"):
        assert f'id="chart-{name}"' in html, name
    data = chart_data(tables, facts.settings)
    bins = tables["reliability"].query("rule == 'face'")
    rows = data["reliability_face"]["reliability"]
    assert [row["accuracy"] for row in rows] == bins["accuracy"].tolist()
    assert [row["clips"] for row in rows] == bins["clips"].tolist()
    drawn = [row for row in data["actors"]["actors"] if row["system"] == "Fusion"]
    known = tables["actors"].query("rule == 'linear' and emotion == 'all'").sort_values("accuracy", ascending=False)
    assert [row["accuracy"] for row in sorted(drawn, key=lambda row: row["order"])] == known["accuracy"].tolist()
    assert data["actors"]["actors"][-1]["system"] == "Fusion"  # on top of the others
    assert {row["actor"] for row in drawn} >= {"male00, man", "female00, woman"}
    recalls = {row["emotion"]: row["value"] for row in data["classes"]["classes"] if row["figure"] == "recall"}
    assert recalls == tables["classes"].query("rule == 'linear'").set_index("emotion")["recall"].to_dict()


def test_a_page_with_many_actors_shows_the_best_and_the_worst(tables, facts):
    table = tables["actors"]
    many = pd.concat([table.assign(actor=table["actor"] + f"-{n}") for n in range(9)])
    drawn = chart_data(tables | {"actors": many}, facts.settings)["actors"]["actors"]
    shares = {row["accuracy"] for row in drawn if row["system"] == "Fusion"}
    overall = many.query("rule == 'linear' and emotion == 'all'")["accuracy"]
    assert len({row["order"] for row in drawn}) == MOST_ACTORS < 81 and {overall.max(), overall.min()} <= shares


def test_one_modality_is_shown_once(tables, facts, provenance, changed):
    settings = replace(facts.settings, modalities=["speech"], weights={"speech": 1.0}, networks={"speech": ["cnn1d"]})
    assert set(chart_data(tables, settings)) == {"actors", "classes", "reliability_speech"}


def test_the_figure_has_a_panel_for_each_system(evaluation):
    systems = {"linear": "fusion", "speech": "speech", "face": "face"}
    bins = evaluation["reliability"]
    figure = reliability_figure(bins, systems, {"linear": 0.125}, Footer("made_up", "speaker_independent"))
    panels = [axes for part in figure.subfigs for axes in part.axes]
    assert len(panels) == 3 and "expected calibration error 0.125" in panels[0].get_title()
    for axes, name in zip(panels, systems, strict=True):
        rows = bins[bins["system"] == name]
        drawn = np.asarray(axes.collections[-1].get_offsets())
        np.testing.assert_allclose(drawn, rows[["confidence", "accuracy"]])
        assert f"n={rows['clips'].sum()}" in axes.get_title()


def test_the_panels_have_room_for_titles_labels_and_the_largest_dot(evaluation):
    """Titles, axes and the foot do not touch each other, and no dot is cut."""
    bins = evaluation["reliability"]
    bins = pd.concat([bins, bins.tail(1).assign(system="linear", confidence=0.99, accuracy=1.0, clips=999)])
    systems = {"linear": "fusion", "speech": "speech", "face": "face"}
    figure = reliability_figure(bins, systems, dict.fromkeys(systems, 0.125), Footer("made_up", "demo"))
    figure.draw_without_rendering()
    body, foot = figure.subfigs
    title = body._suptitle.get_window_extent()
    for axes in body.axes:
        assert axes.title.get_window_extent().y1 < title.y0
        assert axes.xaxis.label.get_window_extent().y0 > foot.texts[0].get_window_extent().y1
    dots, axes = body.axes[0].collections[-1], body.axes[0]
    reach = np.sqrt(dots.get_sizes().max()) / 2 * figure.dpi / 72
    assert (axes.transData.transform((0.99, 1)) + reach < axes.bbox.corners()[-1]).all()
