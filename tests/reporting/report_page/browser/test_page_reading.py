"""The page in a real headless Chromium: its tables sort, and it opens on a phone, in print and with less to show."""

import pytest

from emofusion.reporting.numbers import points
from emofusion.reporting.wording import percent


@pytest.mark.parametrize(
    ("name", "column", "heading"), [("rules", "accuracy", "Accuracy"), ("gender", "gap", "Gap, p")]
)
def test_tables_sort_both_ways_by_click_and_by_keyboard(opened, two, name, column, heading):
    tab = opened(two)
    head = tab.page.locator(f"#table-{name} th").filter(has_text=heading).first
    place = head.evaluate("it => it.cellIndex")
    shown = {"accuracy": percent, "gap": points}[column]

    def cells() -> list[str]:
        return tab.page.eval_on_selector_all(
            f"#table-{name} tbody tr", f"rows => rows.map(row => row.cells[{place}].firstChild.textContent.trim())"
        )

    assert head.get_attribute("aria-sort") == "none"
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert cells() == [shown(value) for value in sorted(two[name][column])]
    head.locator("button").focus()
    tab.page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert cells() == [shown(value) for value in sorted(two[name][column], reverse=True)]
    other = tab.page.locator(f"#table-{name} th button").first
    other.click()
    assert head.get_attribute("aria-sort") == "none"


def test_rows_of_one_rule_can_be_chosen(opened, two):
    tab = opened(two)
    tab.page.select_option("#choose-subsets", "Face as configured")
    visible = tab.page.locator("#table-subsets tbody tr:visible")
    assert visible.count() == 27 and "Face as configured" in visible.first.inner_text()


def test_one_modality_needs_no_slider(opened, one, select):
    tab = opened(one, modalities=["speech"], rule="linear", weights={"speech": 1.0})
    row = select(one["subsets"], rule="speech", gender="all", emotion="all").iloc[0]
    assert f"{row['correct']} of {row['clips']} test clips" in tab.readout() and not tab.page.query_selector(
        "#panel input"
    )
    assert f"{percent(row['accuracy'])} (n=160)" in tab.texts("rules")


def test_without_intervals_or_other_tables_it_still_opens(opened, two):
    bare = {name: two[name].assign(low=float("nan"), high=float("nan")) for name in ("rules", "subsets", "sweep")}
    tab = opened(bare, published=None)
    assert "95% interval no interval" not in tab.readout() and "no interval" in tab.readout()
    assert not tab.page.query_selector("#chart-gaps")


def test_a_phone_shows_all_of_it_without_scrolling_sideways(opened, two):
    tab = opened(two, width=390)
    assert tab.page.evaluate("document.documentElement.scrollWidth") == 390
    for chart in ("curve_speech", "emotions", "people", "gaps", "confusion", "rules"):
        box = tab.page.locator(f"#chart-{chart} svg").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["width"] > 300, chart
        inside = tab.page.eval_on_selector_all(
            f"#chart-{chart} svg text", "all => all.every(it => it.getBoundingClientRect().right <= innerWidth + 1)"
        )
        assert inside, chart


def test_a_phone_has_the_list_of_rules_the_slider_and_the_numbers_on_one_screen(opened, two):
    tab = opened(two, width=390)
    panel = tab.page.locator("#panel").bounding_box()
    assert panel["height"] < 400
    for part in ("#system", "#weight-speech", "#readout"):
        box = tab.page.locator(part).bounding_box()
        assert panel["y"] <= box["y"] and box["y"] + box["height"] <= panel["y"] + panel["height"], part
    assert not tab.page.query_selector("input[type=radio]")
    offered = tab.page.eval_on_selector_all("#system option", "all => all.map(it => it.value)")
    assert sorted(offered) == sorted(two["rules"]["rule"])


def test_a_phone_has_the_slider_on_the_first_screen(opened, two):
    """What was tested, and what made the page, is folded there, and open on a wide screen."""
    tab = opened(two, width=375)
    box = tab.page.locator("#weight-speech").bounding_box()
    assert box["y"] + box["height"] < 667
    assert not tab.page.locator("#about").evaluate("it => it.open")
    tab.page.locator("#about summary").click()
    assert "linear, 0.7 speech + 0.3 face" in tab.page.locator("#about").inner_text()
    wide = opened(two, width=1280)
    assert wide.page.locator("#about").evaluate("it => it.open")


def test_charts_stay_when_the_window_changes_and_in_print(opened, two):
    tab = opened(two)
    tab.page.set_viewport_size({"width": 760, "height": 1000})
    tab.page.emulate_media(media="print")
    for chart in ("curve_speech", "emotions", "people", "gaps", "confusion", "rules"):
        tab.page.wait_for_function(f"document.querySelector('#chart-{chart} svg').getBoundingClientRect().width < 765")
        box = tab.page.locator(f"#chart-{chart} svg").bounding_box()
        assert box["width"] > 600 and box["height"] > 200, chart
