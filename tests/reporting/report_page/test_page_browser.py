"""The page in a real headless Chromium: what it shows at a setting is what the tables say."""

import re

import pandas as pd
import pytest

from emofusion.emotions import EMOTIONS
from emofusion.reporting.report_page import write_page
from emofusion.reporting.report_page.numbers import interval, points
from emofusion.reporting.wording import percent

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
ARGUMENTS += ["--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="module")
def browser(chromium):
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser")
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield found
        found.close()


@pytest.fixture
def opened(browser, tmp_path, settings, provenance):
    """Opens a page of the tables; at the end, neither a message of the console nor a request may have been."""
    heard, pages = [], []

    def opening(tables: dict[str, pd.DataFrame], width: int = 1280, **changes):
        write_page(tmp_path / "report.html", tables, settings | changes, provenance)
        tab = browser.new_page(viewport={"width": width, "height": 850})
        pages.append(tab)
        tab.context.set_offline(True)
        tab.on("console", lambda message: heard.append(f"{message.type}: {message.text}"))
        tab.on("pageerror", lambda error: heard.append(f"error: {error}"))
        own = (f"file://{tmp_path}/report.html", "data:", "blob:")
        tab.on("request", lambda request: None if request.url.startswith(own) else heard.append(request.url))
        tab.goto(f"file://{tmp_path}/report.html")
        tab.evaluate("reportPage.ready")
        return tab

    yield opening
    for tab in pages:
        tab.context.close()
    assert heard == []


def move(tab, weight: float, name: str = "speech") -> None:
    script = "(it, value) => { it.value = value; it.dispatchEvent(new Event('input', {bubbles: true})); }"
    tab.eval_on_selector(f"#weight-{name}", script, weight)
    tab.evaluate("reportPage.settled()")


def choose(tab, rule: str) -> None:
    tab.check(f"input[name=system][value={rule}]")
    tab.evaluate("reportPage.settled()")


def readout(tab) -> str:
    return re.sub(r"\s+", " ", tab.inner_text("#readout")).strip()


def texts(tab, chart: str) -> list[str]:
    """Every text that is drawn in the chart."""
    return tab.eval_on_selector_all(f"#chart-{chart} svg text", "all => all.map(it => it.textContent)")


def rows_of(table: pd.DataFrame, **values) -> pd.DataFrame:
    for name, value in values.items():
        close = (table[name] - value).abs() < 1e-9 if isinstance(value, float) else table[name] == value
        table = table[close]
    return table


def expect(tab, tables: dict[str, pd.DataFrame], rule: str, weights: dict[str, float]) -> None:
    """The line of numbers, the data in Vega and the drawn texts against the tables at a setting."""
    at = {f"weight_{name}": weight for name, weight in weights.items()}
    swept = rows_of(tables["sweep"], rule=rule, split="test", **at).set_index(["gender", "emotion"])
    gaps = rows_of(tables["sweep_gaps"], rule=rule, **at).set_index("emotion")
    whole, gap = swept.loc[("all", "all")], gaps.loc["all"]
    said = readout(tab)
    assert f"{percent(whole['accuracy'])} accuracy, 95% interval {interval(whole['low'], whole['high'])}" in said
    assert f"{whole['correct']} of {whole['clips']} test clips" in said
    assert f"Gender gap {points(gap['gap'])} points, 95% interval {interval(gap['low'], gap['high'], points)}" in said
    men, women = swept.loc[("male", "all")], swept.loc[("female", "all")]
    counted = f"{men['correct']}/{men['clips']}, {women['correct']}/{women['clips']}"
    assert f"men {percent(men['accuracy'])} ({men['correct']}/{men['clips']})" in said
    assert f"{points(gap['gap'])} ({counted})" in texts(tab, "gaps")

    drawn = {row["emotion"]: row for row in tab.evaluate("reportPage.views.emotions.data('emotions')")}
    assert list(drawn) == ["all", *EMOTIONS]
    for emotion, row in drawn.items():
        known = swept.loc[("all", emotion)]
        assert (row["correct"], row["clips"]) == (known["correct"], known["clips"])
        assert row["accuracy"] == pytest.approx(known["accuracy"], abs=5.1e-5)
        assert (row["low"], row["high"]) == pytest.approx((known["low"], known["high"]), abs=5.1e-5)
        shown = f"{percent(known['accuracy'])} ({known['correct']}/{known['clips']})"
        assert row["text"] == shown and shown in texts(tab, "emotions")
    for row in tab.evaluate("reportPage.views.people.data('people')"):
        known = swept.loc[({"men": "male", "women": "female"}[row["gender"]], row["emotion"])]
        assert row["text"] == f"{percent(known['accuracy'])} ({known['correct']}/{known['clips']})"
    for row in tab.evaluate("reportPage.views.gaps.data('gaps')"):
        assert row["gap"] == pytest.approx(gaps.loc[row["emotion"], "gap"] * 100, abs=5.1e-3)
    counts = rows_of(tables["sweep_confusion"], rule=rule, **at).set_index(["emotion", "predicted"])["clips"]
    cells = tab.evaluate("reportPage.views.confusion.data('confusion')")
    assert {(cell["emotion"], cell["predicted"]): cell["clips"] for cell in cells} == counts.to_dict()
    assert sorted(filter(str.isdigit, texts(tab, "confusion"))) == sorted(map(str, counts))


def test_the_slider_and_the_rule_move_every_chart_at_once(opened, two):
    tab = opened(two)
    expect(tab, two, "linear", {"speech": 0.7, "face": 0.3})
    for weight in (0.0, 0.45, 1.0):
        move(tab, weight)
        assert tab.inner_text("#weights") == f"speech {weight:.2f}, face {1 - weight:.2f}"
        expect(tab, two, "linear", {"speech": weight, "face": 1 - weight})
    choose(tab, "product")
    expect(tab, two, "product", {"speech": 1.0, "face": 0.0})
    move(tab, 0.25)
    expect(tab, two, "product", {"speech": 0.25, "face": 0.75})
    assert tab.evaluate("reportPage.views.curve_speech.data('here')[0].weight") == 0.25


def test_the_slider_moves_by_the_keyboard(opened, two):
    tab = opened(two)
    tab.focus("#weight-speech")
    tab.keyboard.press("ArrowLeft")
    tab.keyboard.press("ArrowLeft")
    tab.evaluate("reportPage.settled()")
    expect(tab, two, "linear", {"speech": 0.6, "face": 0.4})
    assert tab.get_attribute("#weight-speech", "aria-valuetext") == "speech 0.60, face 0.40"
    tab.keyboard.press("End")
    tab.evaluate("reportPage.settled()")
    expect(tab, two, "linear", {"speech": 1.0, "face": 0.0})


def test_marks_are_drawn_and_can_be_gone_to(opened, two):
    tab = opened(two)
    drawn = {row["mark"]: row for row in tab.evaluate("reportPage.views.curve_speech.data('marks')")}
    assert set(drawn) == {"configured", "chosen", "oracle", "paper"}
    for _, mark in two["marks"].iterrows():
        row = drawn[mark["mark"]]
        assert row["weight"] == pytest.approx(mark["weight_speech"]) and row["text"].startswith(
            percent(mark["accuracy"])
        )
        tab.click(f"button[data-mark='{list(two['marks']['mark']).index(mark['mark'])}']")
        tab.evaluate("reportPage.settled()")
        assert f"{percent(mark['accuracy'])} accuracy" in readout(tab)
    assert tab.get_attribute("button[data-mark='3']", "aria-pressed") == "true"
    assert tab.get_attribute("button[data-mark='2']", "aria-pressed") == "false"


def test_the_curve_holds_every_weight_with_its_interval(opened, two):
    tab = opened(two)
    curve = pd.DataFrame(tab.evaluate("reportPage.views.curve_speech.data('curve')"))
    assert set(curve["line"]) == {f"{rule}, {s}" for rule in ("linear", "product") for s in ("test", "validation")}
    known = rows_of(two["sweep"], rule="product", split="test", gender="all", emotion="all")
    test = curve[curve["line"] == "product, test"]
    for name in ("accuracy", "low", "high"):
        assert test[name].tolist() == pytest.approx(known[name].tolist(), abs=5.1e-5)
    published = {row["emotion"]: row["published"] for row in tab.evaluate("reportPage.views.emotions.data('emotions')")}
    assert published["neutral"] == 0.5833 and published["happy"] == 1 and published["sad"] is None


def test_a_rule_without_a_sweep_rests_the_slider(opened, two):
    tab = opened(two)
    choose(tab, "face")
    row = rows_of(two["subsets"], rule="face", gender="all", emotion="all").iloc[0]
    assert f"{percent(row['accuracy'])} accuracy" in readout(tab)
    assert f"{percent(row['accuracy'])} ({row['correct']}/{row['clips']})" in texts(tab, "emotions")
    assert tab.is_disabled("#weight-speech") and tab.inner_text("#weights") == "not used"
    published = {row["emotion"]: row["printed"] for row in tab.evaluate("reportPage.views.emotions.data('emotions')")}
    assert published["neutral"] == "22.22%"
    choose(tab, "linear")
    expect(tab, two, "linear", {"speech": 0.7, "face": 0.3})


@pytest.mark.parametrize(
    ("name", "column", "heading"), [("rules", "accuracy", "Accuracy"), ("gender", "gap", "Gap, p")]
)
def test_tables_sort_both_ways_by_click_and_by_keyboard(opened, two, name, column, heading):
    tab = opened(two)
    head = tab.locator(f"#table-{name} th").filter(has_text=heading).first
    place = head.evaluate("it => it.cellIndex")
    shown = {"accuracy": percent, "gap": points}[column]

    def cells() -> list[str]:
        return tab.eval_on_selector_all(
            f"#table-{name} tbody tr", f"rows => rows.map(row => row.cells[{place}].firstChild.textContent.trim())"
        )

    assert head.get_attribute("aria-sort") == "none"
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert cells() == [shown(value) for value in sorted(two[name][column])]
    head.locator("button").focus()
    tab.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert cells() == [shown(value) for value in sorted(two[name][column], reverse=True)]
    other = tab.locator(f"#table-{name} th button").first
    other.click()
    assert head.get_attribute("aria-sort") == "none"


def test_rows_of_one_rule_can_be_chosen(opened, two):
    tab = opened(two)
    tab.select_option("#choose-subsets", "Face as configured")
    visible = tab.locator("#table-subsets tbody tr:visible")
    assert visible.count() == 27 and "Face as configured" in visible.first.inner_text()


def test_three_modalities_have_two_sliders_that_give_way(opened, three):
    weights = {"speech": 0.5, "face": 0.3, "text": 0.2}
    fusion = {"rule": "product", "weights": weights}
    tab = opened(three, modalities=list(weights), fusion=fusion, published=None)
    expect(tab, three, "product", weights)
    move(tab, 0.9)
    assert tab.inner_text("#weights") == "speech 0.90, face 0.10, text 0.00"
    assert tab.input_value("#weight-face") == "0.1"
    expect(tab, three, "product", {"speech": 0.9, "face": 0.1, "text": 0.0})
    move(tab, 0.4, "face")
    chosen = [float(part.split()[1]) for part in tab.inner_text("#weights").split(", ")]
    assert chosen[1] == 0.4 and sum(chosen) == pytest.approx(1)
    expect(tab, three, "product", dict(zip(weights, chosen, strict=True)))
    curve = pd.DataFrame(tab.evaluate("reportPage.views.curve_text.data('curve')")).set_index(["line", "weight"])
    swept = rows_of(three["sweep"], rule="linear", split="test", gender="all", emotion="all", weight_text=0.2)
    low, high = curve.loc[("linear, test", 0.2), ["low", "high"]]
    assert (low, high) == pytest.approx((swept["accuracy"].min(), swept["accuracy"].max()), abs=5.1e-5)


def test_one_modality_needs_no_slider(opened, one):
    tab = opened(one, modalities=["speech"], fusion={"rule": "linear", "weights": {"speech": 1.0}})
    row = rows_of(one["subsets"], rule="speech", gender="all", emotion="all").iloc[0]
    assert f"{row['correct']} of {row['clips']} test clips" in readout(tab) and not tab.query_selector("#panel input")
    assert f"{percent(row['accuracy'])} (n=160)" in texts(tab, "rules")


def test_without_intervals_or_other_tables_it_still_opens(opened, two):
    bare = {name: two[name].assign(low=float("nan"), high=float("nan")) for name in ("rules", "subsets", "sweep")}
    tab = opened(bare, published=None)
    assert "95% interval no interval" not in readout(tab) and "no interval" in readout(tab)
    assert not tab.query_selector("#chart-gaps")


def test_a_phone_shows_all_of_it_without_scrolling_sideways(opened, two):
    tab = opened(two, width=390)
    assert tab.evaluate("document.documentElement.scrollWidth") == 390
    for chart in ("curve_speech", "emotions", "people", "gaps", "confusion", "rules"):
        box = tab.locator(f"#chart-{chart} svg").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["width"] > 300, chart
        inside = tab.eval_on_selector_all(
            f"#chart-{chart} svg text", "all => all.every(it => it.getBoundingClientRect().right <= innerWidth + 1)"
        )
        assert inside, chart
