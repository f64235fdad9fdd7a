"""The page in a real headless Chromium: what the settings, the annotations and the classes make of it."""

import re

import numpy as np
import pytest

from emofusion.reporting.numbers import interval
from emofusion.reporting.wording import percent

NAMES = ("speech", "face", "text")


def drawn_annotations(tab) -> int:
    """The points of the annotations in the first chart, which are its last layer."""
    layers = tab.page.query_selector_all("#chart-curve_speech svg g.mark-symbol")
    return len(layers[-1].query_selector_all("path"))


def test_annotations_off_the_grid_are_drawn_and_open_what_they_are_of(opened, two, select):
    annotations = two["annotations"].assign(system=["linear", "majority", "product", "linear"], clips=160)
    annotations.loc[1, ["weight_speech", "weight_face", "accuracy"]] = [0.448, 0.552, 0.625]
    tab = opened(two | {"annotations": annotations})
    assert drawn_annotations(tab) == 4
    row = next(row for row in tab.rows("curve_speech", "annotations") if row["annotation"] == "tuned")
    assert (row["weight"], row["accuracy"], row["text"]) == (0.448, 0.625, "62.50% (n=160)")
    tab.move(0.25)
    tab.page.click("button[data-annotation='1']")
    tab.settle()
    known = select(two["subsets"], rule="majority", gender="all", emotion="all").iloc[0]
    assert tab.page.input_value("#system") == "majority" and tab.page.is_disabled("#weight-speech")
    assert f"Majority as configured: {percent(known['accuracy'])} accuracy" in tab.readout()
    assert tab.page.get_attribute("button[data-annotation='1']", "aria-pressed") == "true"
    assert tab.page.get_attribute("button[data-annotation='0']", "aria-pressed") == "false"
    tab.page.click("button[data-annotation='0']")
    tab.settle()
    tab.expect(two, "linear", {"speech": 0.7, "face": 0.3})
    assert "configured, the paper's 0.7/0.3: " in tab.readout()
    tab.page.click("button[data-annotation='2']")
    tab.settle()
    assert "oracle (chosen on test)" in tab.readout() and tab.page.is_enabled("#weight-speech")


def test_it_opens_on_a_configured_rule_that_is_no_pool(opened, two, select):
    tab = opened(two, rule="majority")
    known = select(two["subsets"], rule="majority", gender="all", emotion="all").iloc[0]
    assert tab.page.input_value("#system") == "majority" and tab.page.is_disabled("#weight-speech")
    assert f"Majority as configured: {percent(known['accuracy'])} accuracy" in tab.readout()
    assert f"{percent(known['accuracy'])} ({known['correct']}/{known['clips']})" in tab.texts("emotions")
    tab.choose("linear")
    tab.expect(two, "linear", {"speech": 0.7, "face": 0.3})


def test_the_level_of_intervals_is_said_wherever_one_is(opened, two, select):
    tab = opened(two, confidence=0.8)
    known = select(two["sweep"], rule="linear", split="test", gender="all", emotion="all", weight_speech=0.7).iloc[0]
    assert f"80% interval {interval(known['low'], known['high'])}" in tab.readout()
    assert "95%" not in tab.page.inner_text("body")


def test_a_class_that_only_posteriors_know_has_a_column_and_counts_are_whole(opened, two, settings):
    less = {name: table[table["emotion"] != "calm"] if "emotion" in table else table for name, table in two.items()}
    tab = opened(less, classes=[emotion for emotion in settings.classes if emotion != "calm"])
    for rule in ("linear", "face"):
        tab.choose(rule)
        cells = tab.rows("confusion", "confusion")
        assert {cell["predicted"] for cell in cells} == set(settings.classes) and len(cells) == 7 * 8
        assert {cell["all"] for cell in cells} == {20} and sum(cell["clips"] for cell in cells) == 140
        texts = tab.texts("confusion")
        assert "calm" in texts and "neutral (n=20)" in texts and not any(t.startswith("calm (n") for t in texts)


@pytest.fixture(scope="module")
def fine(made):
    """Three modalities at 1,891 settings, of which the page holds 496, and two annotations between those."""
    tables = made(list(NAMES), 60).tables(dict.fromkeys(NAMES, 1 / 3))
    annotations = tables["annotations"]
    annotations.loc[1, [f"weight_{name}" for name in NAMES]] = [21 / 60, 21 / 60, 18 / 60]
    annotations.loc[3, [f"weight_{name}" for name in NAMES]] = [59 / 60, 1 / 60, 0]
    return tables


def test_each_arrow_key_moves_to_another_setting(opened, fine):
    weights = dict.fromkeys(NAMES, 1 / 3)
    tab = opened(fine, modalities=list(NAMES), rule="linear", weights=weights, published=None)

    def setting() -> list[float]:
        return tab.page.evaluate("(() => JSON.parse(store.textContent).grid[reportPage.state.setting])()")

    def press(name: str, key: str) -> tuple[list[float], list[float]]:
        before = setting()
        tab.page.focus(f"#weight-{name}")
        tab.page.keyboard.press(key)
        return before, setting()

    for place, name in enumerate(("speech", "face")):
        press(name, "Home")
        for key, way in (("ArrowRight", 1), ("ArrowLeft", -1)):
            for _ in range(30):
                before, after = press(name, key)
                assert after[place] - before[place] == pytest.approx(way / 30, abs=1e-6), (name, key, before)
        before, after = press(name, "ArrowDown")
        assert before == after and after[place] == 0
    # from an annotation between two steps, to the step on either side; at 59/60 the browser's own slider is at its end
    for annotation, start, ends in ((1, 21 / 60, (20 / 60, 22 / 60)), (3, 59 / 60, (58 / 60, 1))):
        for key, end in zip(("ArrowLeft", "ArrowUp"), ends, strict=True):
            tab.page.click(f"button[data-annotation='{annotation}']")
            before, after = press("speech", key)
            assert (before[0], after[0]) == pytest.approx((start, end), abs=1e-6)
    tab.settle()
    shown = [float(weight) for weight in re.findall(r"\d\.\d+", tab.page.inner_text("#weights"))]
    assert shown == pytest.approx(setting(), abs=1e-5) and np.isclose(sum(shown), 1, atol=1e-4)


def test_a_phone_has_room_for_the_calibration_of_each_emotion(opened, two):
    further = {
        f"{name}{end}": 0.25 for name in ("log_loss", "brier", "calibration_error") for end in ("", "_low", "_high")
    }
    tab = opened(two | {"subsets": two["subsets"].assign(**further)}, width=390)
    assert tab.page.evaluate("document.documentElement.scrollWidth") == 390
    box, inner = tab.page.eval_on_selector("#table-subsets .wide", "it => [it.clientWidth, it.scrollWidth]")
    assert box <= 390 < inner
    assert tab.page.locator("#table-subsets th").last.inner_text().startswith("Expected calibration error")
