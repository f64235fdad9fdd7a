"""The page in a real headless Chromium: what it shows at a setting is what the tables say."""

import pandas as pd
import pytest

from emofusion.reporting.wording import percent


def test_the_slider_and_the_rule_move_every_chart_at_once(opened, two):
    tab = opened(two)
    tab.expect(two, "linear", {"speech": 0.7, "face": 0.3})
    for weight in (0.0, 0.45, 1.0):
        tab.move(weight)
        assert tab.page.inner_text("#weights") == f"speech {weight:.2f}, face {1 - weight:.2f}"
        tab.expect(two, "linear", {"speech": weight, "face": 1 - weight})
    tab.choose("product")
    tab.expect(two, "product", {"speech": 1.0, "face": 0.0})
    tab.move(0.25)
    tab.expect(two, "product", {"speech": 0.25, "face": 0.75})
    assert tab.page.evaluate("reportPage.views.curve_speech.data('here')[0].weight") == 0.25


def test_the_slider_moves_by_the_keyboard(opened, two):
    tab = opened(two)
    tab.page.focus("#weight-speech")
    tab.page.keyboard.press("ArrowLeft")
    tab.page.keyboard.press("ArrowLeft")
    tab.settle()
    tab.expect(two, "linear", {"speech": 0.6, "face": 0.4})
    assert tab.page.get_attribute("#weight-speech", "aria-valuetext") == "speech 0.60, face 0.40"
    tab.page.keyboard.press("End")
    tab.settle()
    tab.expect(two, "linear", {"speech": 1.0, "face": 0.0})


def test_annotations_are_drawn_and_can_be_gone_to(opened, two):
    tab = opened(two)
    drawn = {row["annotation"]: row for row in tab.rows("curve_speech", "annotations")}
    assert set(drawn) == {"configured", "tuned", "oracle", "paper"}
    for _, annotation in two["annotations"].iterrows():
        row = drawn[annotation["annotation"]]
        assert row["weight"] == pytest.approx(annotation["weight_speech"]) and row["text"].startswith(
            percent(annotation["accuracy"])
        )
        tab.page.click(
            f"button[data-annotation='{list(two['annotations']['annotation']).index(annotation['annotation'])}']"
        )
        tab.settle()
        assert f"{percent(annotation['accuracy'])} accuracy" in tab.readout()
    assert tab.page.get_attribute("button[data-annotation='3']", "aria-pressed") == "true"
    assert tab.page.get_attribute("button[data-annotation='2']", "aria-pressed") == "false"


def test_the_curve_holds_every_weight_with_its_interval(opened, two, select):
    tab = opened(two)
    curve = pd.DataFrame(tab.rows("curve_speech", "curve"))
    assert set(curve["line"]) == {f"{rule}, {s}" for rule in ("linear", "product") for s in ("test", "validation")}
    known = select(two["sweep"], rule="product", split="test", gender="all", emotion="all")
    test = curve[curve["line"] == "product, test"]
    for name in ("accuracy", "low", "high"):
        assert test[name].tolist() == pytest.approx(known[name].tolist(), abs=5.1e-5)
    published = {row["emotion"]: row["published"] for row in tab.rows("emotions", "emotions")}
    assert published["neutral"] == 0.5833 and published["happy"] == 1 and published["sad"] is None


def test_a_rule_without_a_sweep_rests_the_slider(opened, two, select):
    tab = opened(two)
    tab.choose("face")
    row = select(two["subsets"], rule="face", gender="all", emotion="all").iloc[0]
    assert f"{percent(row['accuracy'])} accuracy" in tab.readout()
    assert f"{percent(row['accuracy'])} ({row['correct']}/{row['clips']})" in tab.texts("emotions")
    assert tab.page.is_disabled("#weight-speech") and tab.page.inner_text("#weights") == "not used by this rule"
    published = {row["emotion"]: row["printed"] for row in tab.rows("emotions", "emotions")}
    assert published["neutral"] == "22.22%"
    tab.choose("linear")
    tab.expect(two, "linear", {"speech": 0.7, "face": 0.3})


def test_three_modalities_have_two_sliders_that_give_way(opened, three, select):
    weights = {"speech": 0.5, "face": 0.3, "text": 0.2}
    tab = opened(three, modalities=list(weights), rule="product", weights=weights, published=None)
    tab.expect(three, "product", weights)
    tab.move(0.9)
    assert tab.page.inner_text("#weights") == "speech 0.90, face 0.10, text 0.00"
    assert tab.page.input_value("#weight-face") == "0.1"
    tab.expect(three, "product", {"speech": 0.9, "face": 0.1, "text": 0.0})
    tab.move(0.4, "face")
    moved = [float(part.split()[1]) for part in tab.page.inner_text("#weights").split(", ")]
    assert moved[1] == 0.4 and sum(moved) == pytest.approx(1)
    tab.expect(three, "product", dict(zip(weights, moved, strict=True)))
    curve = pd.DataFrame(tab.rows("curve_text", "curve")).set_index(["line", "weight"])
    swept = select(three["sweep"], rule="linear", split="test", gender="all", emotion="all", weight_text=0.2)
    low, high = curve.loc[("linear, test", 0.2), ["low", "high"]]
    assert (low, high) == pytest.approx((swept["accuracy"].min(), swept["accuracy"].max()), abs=5.1e-5)


def test_an_annotation_off_the_grid_goes_to_its_rule(opened, two):
    annotations = two["annotations"].copy()
    annotations.loc[1, ["weight_speech", "weight_face"]] = float("nan")
    annotations.loc[1, "rule"] = "majority"
    tab = opened(two | {"annotations": annotations})
    assert len(tab.rows("curve_speech", "annotations")) == 3
    tab.page.click("button[data-annotation='1']")
    tab.settle()
    assert tab.page.input_value("#system") == "majority" and "Majority as configured" in tab.readout()
    assert tab.page.get_attribute("button[data-annotation='1']", "aria-pressed") == "true"
    tab.page.click("button[data-annotation='0']")
    tab.settle()
    tab.expect(two, "linear", {"speech": 0.7, "face": 0.3})
