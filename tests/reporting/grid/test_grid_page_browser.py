"""The page of a grid in a real headless Chromium: filters, order, the slider, paging, links, the keyboard and paper."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from emofusion.predictions.pools import pool
from emofusion.reporting.grid.write import write_grid
from emofusion.reporting.numbers import points
from emofusion.reporting.wording import percent


class Page:
    """An open page."""

    def __init__(self, page):
        self.page = page

    def rows(self, table: str) -> list[list[str]]:
        """The shown rows of a table, with one space for any white space."""
        cells = "all => all.map(row => [...row.cells].map(cell => cell.innerText))"
        found = self.page.eval_on_selector_all(f"#table-{table} tbody tr", cells)
        return [[re.sub(r"\s+", " ", text).strip() for text in row] for row in found]

    def column(self, table: str, title: str) -> list[str]:
        heads = [text.removesuffix("↕").strip() for text in self.page.locator(f"#table-{table} th").all_inner_texts()]
        at = [re.sub(r"\s*[↕↑↓]$", "", re.sub(r"\s+", " ", head)) for head in heads].index(title)
        return [row[at] for row in self.rows(table)]

    def names(self) -> list[str]:
        """The names of the shown cells."""
        return self.page.eval_on_selector_all("#table-cells a", "all => all.map(it => it.title)")

    def sort(self, table: str, title: str) -> None:
        self.page.locator(f"#table-{table} th button", has_text=re.compile(f"^{title}$")).click()

    def slide(self, weight: float) -> None:
        """Move the slider as a hand does."""
        script = "(it, value) => { it.value = value; it.dispatchEvent(new Event('input', {bubbles: true})); }"
        self.page.eval_on_selector("#weight-speech", script, weight)


@pytest.fixture
def opened(browser, tmp_path):
    """Opens the page of a grid; at the end, neither a message of the console nor a request may have been."""
    heard, pages = [], []

    def opening(grid) -> Page:
        write_grid(tmp_path / "out", grid)
        path = tmp_path / "out" / "grid.html"
        page = browser.new_page(viewport={"width": 1280, "height": 850})
        pages.append(page)
        page.context.set_offline(True)
        page.on("console", lambda message: heard.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: heard.append(f"error: {error}"))
        own = (f"file://{path}", "data:")
        page.on("request", lambda request: None if request.url.startswith(own) else heard.append(request.url))
        page.goto(f"file://{path}")
        return Page(page)

    yield opening
    for page in pages:
        page.context.close()
    assert heard == []


@pytest.fixture
def shown(opened, maker, tmp_path):
    """An open page, its grid, and the folder of its tables."""
    grid = maker.grid()
    return opened(grid), grid, tmp_path / "out"


def test_the_tables_show_what_the_files_say(shown):
    tab, _, out = shown
    settings = pd.read_csv(out / "settings.csv")
    assert tab.column("settings", "speech") == settings["speech"].tolist()
    accuracies = [text.split(" ")[0] for text in tab.column("settings", "Accuracy")]
    assert accuracies == [percent(value) for value in settings["accuracy"]]
    differences = [text.split(" ")[0] for text in tab.column("settings", "Difference, points")]
    assert differences == [points(value) for value in settings["difference"]]
    assert tab.column("settings", "Baseline").count("baseline") == 1
    cells = pd.read_csv(out / "cells.csv")
    assert tab.names() == cells["cell"].tolist()
    effects = pd.read_csv(out / "effects.csv")
    assert tab.column("effects", "Level") == effects["level"].tolist()
    p = [float(text.lstrip("<")) for text in tab.column("effects", "p, max-T")]
    assert p == pytest.approx(effects["p_max_t"].tolist(), abs=1e-4)
    assert len(tab.rows("tests")) == 6 and len(tab.rows("variance")) == 8
    assert "Shown: 4 of 4 settings, 8 of 8 cells." in tab.page.inner_text("#shown")
    assert "choice on test clips" in tab.page.inner_text("main")


def test_a_filter_hides_rows_of_every_table_with_the_factor(shown):
    tab, *_ = shown
    tab.page.uncheck("input[value=linear]")
    assert tab.column("settings", "fusion.rule") == ["product"] * 2 and len(tab.rows("cells")) == 4
    assert len(tab.rows("effects")) == 4  # they have no such column
    tab.page.uncheck("input[type=checkbox][value='1']")  # a seed, which only cells have
    assert len(tab.rows("settings")) == 2 and len(tab.rows("cells")) == 2
    assert tab.page.inner_text("#shown") == "Shown: 2 of 4 settings, 2 of 8 cells."
    tab.page.click("text=Show all")
    tab.page.locator("#shown", has_text="8 of 8 cells").wait_for()
    assert len(tab.rows("cells")) == 8


def test_columns_sort_by_value_and_missing_values_come_last(shown):
    tab, _, out = shown
    tab.sort("settings", "Difference, points")
    settings = pd.read_csv(out / "settings.csv").sort_values("difference", kind="stable")
    expected = [points(value) for value in settings["difference"]]
    assert [text.split(" ")[0] for text in tab.column("settings", "Difference, points")] == expected
    assert expected[-1] == "–"  # the baseline
    tab.sort("settings", "Difference, points")
    falling = [text.split(" ")[0] for text in tab.column("settings", "Difference, points")]
    assert falling == [*expected[:-1][::-1], "–"]
    sorts = tab.page.eval_on_selector_all("#table-settings th", "all => all.map(it => it.getAttribute('aria-sort'))")
    assert sorts.count("descending") == 1 and sorts.count("none") == len(sorts) - 1
    tab.sort("settings", "Difference, points")  # the third click gives the order of the command back
    assert tab.column("settings", "speech") == pd.read_csv(out / "settings.csv")["speech"].tolist()
    assert tab.page.locator("#table-settings th[aria-sort=none]").count() == len(sorts)


def test_the_slider_fuses_every_cell_with_its_weight(shown, maker):
    tab, grid, _ = shown
    cells = {cell.name: cell for cell in grid.cells}
    assert tab.page.inner_text("#weights") == "speech 0.5, face 0.5"  # the baseline's
    for weight in (0.5, 0.2, 1.0):
        tab.slide(weight)
        expected = {}
        for name, cell in cells.items():
            seed, speech = int(cell.factors["seed"]), cell.factors["speech"]
            skill = {"cnn1d": 0.4, "lstm": 1.2}[speech]
            members = np.stack([maker.posteriors([seed, len(speech)], skill), maker.posteriors(7, 0.7)])
            fused = pool(cell.rule, members, np.array([[weight, 1 - weight]]))[0]
            expected[name] = maker.share(fused)
        names = tab.names()
        assert tab.column("cells", "At this weight") == [percent(expected[name]) for name in names]
        if weight == 0.5:
            assert tab.column("cells", "At this weight") == tab.column("cells", "Accuracy")
        settings = zip(tab.column("settings", "speech"), tab.column("settings", "fusion.rule"), strict=True)
        means = [
            np.mean([expected[n] for n, c in cells.items() if (c.factors["speech"], c.rule) == both])
            for both in settings
        ]
        shown = [float(text.rstrip("%")) for text in tab.column("settings", "At this weight")]
        assert shown == pytest.approx([100 * mean for mean in means], abs=0.00501)
    low, high = min(expected.values()), max(expected.values())
    text = tab.page.inner_text("#readout")
    assert f"Lowest {percent(low)}" in text and f"highest {percent(high)} of 8 shown cells" in text
    assert "an oracle, and not a result" in tab.page.inner_text("#exploration")
    tab.page.click("#to-baseline")
    assert tab.page.inner_text("#weights") == "speech 0.5, face 0.5"


def test_the_chart_draws_each_curve_once_and_marks_configured_weights(shown):
    tab, *_ = shown
    assert tab.page.locator("#curves-chart polyline").count() == 8
    assert tab.page.locator("#curves-chart circle").count() == 8
    tab.page.uncheck("input[value=linear]")
    assert tab.page.locator("#curves-chart circle").count() == 4
    labels = tab.page.locator("#curves-key li").all_inner_texts()
    assert len(labels) == 4 and all("fusion.rule=product" in label and "(1 cell)" in label for label in labels)


def test_everything_works_by_the_keyboard(shown):
    tab, _, out = shown
    tab.page.focus("#weight-speech")
    for key, weight in (("ArrowLeft", 0.45), ("ArrowRight", 0.5), ("End", 1), ("ArrowRight", 1)):
        tab.page.keyboard.press(key)
        assert tab.page.inner_text("#weights").startswith(f"speech {weight}")
    tab.page.focus("input[value=linear]")
    tab.page.keyboard.press("Space")
    assert len(tab.rows("settings")) == 2
    tab.page.focus("#table-settings th button >> nth=0")
    tab.page.keyboard.press("Enter")
    assert tab.column("settings", "speech") == sorted(tab.column("settings", "speech"))
    link = tab.page.locator("#table-cells a").first
    name = tab.names()[0]
    assert link.get_attribute("aria-label") == f"report of {name}"
    assert link.evaluate("it => decodeURIComponent(new URL(it.href).pathname)") == f"{out}/{name}/report.html"


def test_a_thousand_cells_come_by_the_page_and_all_of_them_on_paper(opened, maker):
    grid = maker.grid(speech={"cnn1d": 1.0}, rules=("linear",), seeds=("0",), weights=(0.2, 0.5))
    cells = []
    for number in range(1000):
        level = f"{number / 999:.4f}"
        cells.append(replace(grid.cells[number % 2], name=level, factors={"fusion.weights.speech": level}))
    tab = opened(replace(grid, cells=cells, baseline=cells[0].name))
    assert len(tab.rows("settings")) == 50
    pager = tab.page.locator("#table-settings .pager")
    assert "rows 1 to 50 of 1000" in pager.inner_text()
    first = tab.rows("settings")[0]
    pager.get_by_text("Next").click()
    assert "rows 51 to 100 of 1000" in pager.inner_text() and tab.rows("settings")[0] != first
    tab.page.fill("input[type=number] >> nth=0", "0.5")
    tab.page.fill("input[type=number] >> nth=1", "0.51")
    assert {float(level) for level in tab.column("settings", "fusion.weights.speech")} == {
        float(cell.name) for cell in cells if 0.5 <= float(cell.name) <= 0.51
    }
    tab.page.click("text=Show all")
    tab.page.locator("#shown", has_text="1000 of 1000 cells").wait_for()
    tab.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert tab.page.locator("#table-cells tbody tr").count() == 1000
    tab.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert tab.page.locator("#table-cells tbody tr").count() == 50


def test_text_of_settings_is_no_markup(opened, maker):
    grid = maker.grid(rules=("linear",), seeds=("0",))
    evil = "</script><img src=x onerror=alert(1)>"
    cells = [replace(cell, factors={"speech": level}) for cell, level in zip(grid.cells, ("cnn1d", evil), strict=True)]
    tab = opened(replace(grid, cells=cells, name=evil))
    assert tab.page.inner_text("h1") == evil and evil in tab.column("settings", "speech")
    assert tab.page.locator("main table img").count() == 0


def test_costs_are_shown_where_there_are_any(opened, maker, tmp_path):
    costs = tmp_path / "costs.csv"
    pd.DataFrame({"stage": ["model", "fusion"], "cpu_seconds": [12.5, 0.25]}).to_csv(costs, index=False)
    tab = opened(maker.grid(costs=costs))
    assert tab.rows("costs") == [["model", "12.5"], ["fusion", "0.25"]]


def test_no_element_has_the_name_of_another_one(shown):
    tab, *_ = shown
    names = tab.page.eval_on_selector_all("[id]", "all => all.map(it => it.id)")
    assert len(names) == len(set(names))
    labelled = "all => all.every(it => it.labels.length === 1 && it.labels[0].textContent)"
    assert tab.page.eval_on_selector_all("main input", labelled)


def test_three_modalities_have_two_sliders_and_cells_with_others_keep_their_accuracy(opened, maker):
    members = {name: maker.posteriors(seed, 1) for seed, name in enumerate(("speech", "face", "text"))}
    weights = {"speech": 0.5, "face": 0.3, "text": 0.2}
    cells = [
        maker.cell(members, "linear", weights, {"modalities": "all", "seed": "0"}),
        maker.cell(members, "product", weights, {"modalities": "product", "seed": "0"}),
        maker.cell({"speech": members["speech"]}, "linear", {"speech": 1.0}, {"modalities": "speech", "seed": "0"}),
    ]
    tab = opened(replace(maker.grid(seeds=("9",), rules=("linear",)), cells=cells, baseline=cells[0].name))
    assert tab.page.locator("#slider input[type=range]").count() == 2
    assert tab.page.locator("#curves-chart").count() == 0
    tab.page.focus("#weight-face")
    for _ in range(2):
        tab.page.keyboard.press("ArrowRight")
    assert tab.page.inner_text("#weights") == "speech 0.5, face 0.4, text 0.1"
    expected = {"speech": maker.share(members["speech"])}
    for level, rule in (("all", "linear"), ("product", "product")):
        expected[level] = maker.share(pool(rule, np.stack(list(members.values())), np.array([[0.5, 0.4, 0.1]]))[0])
    shown = dict(zip(tab.column("cells", "modalities"), tab.column("cells", "At this weight"), strict=True))
    assert shown == {level: percent(value) for level, value in expected.items()}


def test_sweeps_with_other_steps_move_to_the_nearest_weight(opened, maker, made_in, tmp_path):
    coarse, fine = maker.grid(rules=("linear",), seeds=("0",)), made_in(tmp_path / "fine", steps=100)
    fine = fine.grid(rules=("linear",), seeds=("0",))
    cells = [
        replace(cell, name=steps, factors={"fusion.steps": steps})
        for steps, cell in (("20", coarse.cells[0]), ("100", fine.cells[0]))
    ]
    tab = opened(replace(coarse, cells=cells, baseline="100"))
    tab.slide(0.26)
    members = np.stack([maker.posteriors([0, 5], 0.4), maker.posteriors(7, 0.7)])
    at = {steps: pool("linear", members, np.array([[w, 1 - w]]))[0] for steps, w in (("20", 0.25), ("100", 0.26))}
    shown = dict(zip(tab.column("cells", "fusion.steps"), tab.column("cells", "At this weight"), strict=True))
    assert shown == {steps: percent(maker.share(fused)) for steps, fused in at.items()}


def test_tables_over_seeds_show_what_the_files_say(opened, evaluating, tmp_path):
    """The paper's tables have a mean, its deviation and its interval in a cell; losses have three decimals."""
    tab = opened(evaluating.grid(speech={"cnn1d": 0.8}, seeds=("0", "1", "2")))
    first = pd.read_csv(tmp_path / "out" / "table1.csv").head(5)
    shown = []
    for _, row in first.iterrows():
        mean, deviation, low, high = (row[f"fusion_{name}"] for name in ("mean", "deviation", "low", "high"))
        shown.append(f"{percent(mean)} ± {percent(deviation)[:-1]} {percent(low)[:-1]} to {percent(high)[:-1]}")
    assert tab.column("paper_first", "Fusion") == shown and len(shown) == 5
    assert tab.column("paper_first", "Emotion") == first["emotion"].tolist()
    assert tab.column("paper_first", "Fusion, published") == ["100.00%", "–", "–", "–", "–"]
    assert tab.column("paper_second", "Female(clips)") == ["16", "16", "16", "48", "48"]
    seeds = pd.read_csv(tmp_path / "out" / "seeds.csv")
    losses = seeds[seeds["metric"] == "log_loss"]
    expected = [f"{row['mean']:.3f} {row['low']:.3f} to {row['high']:.3f}" for _, row in losses.iterrows()]
    assert tab.column("seed_rules", "Log loss, mean") == expected and len(expected) == 8
    errors = seeds[seeds["metric"] == "calibration_error"]["mean"]
    assert tab.column("seed_rules", "Expected calibration error, mean") == [percent(mean) for mean in errors]
