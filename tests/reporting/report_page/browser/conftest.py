"""The page in a headless Chromium, and what of it is compared with the tables."""

import re

import pandas as pd
import pytest

from emofusion.corpora.ravdess.names import EMOTIONS
from emofusion.reporting.numbers import interval, points
from emofusion.reporting.report_page import page as page_of
from emofusion.reporting.wording import percent

# the page holds hundredths of a percent; as a float the half of one is a little more
CLOSE = 5.1e-5


class Opened:
    """A page that is open: what it shows, and how it is moved. `page` is the browser's."""

    def __init__(self, page):
        self.page = page

    def move(self, weight: float, name: str = "speech") -> None:
        """Set a slider as a hand does."""
        script = "(it, value) => { it.value = value; it.dispatchEvent(new Event('input', {bubbles: true})); }"
        self.page.eval_on_selector(f"#weight-{name}", script, weight)
        self.settle()

    def choose(self, rule: str) -> None:
        """Switch the rule."""
        self.page.select_option("#system", rule)
        self.settle()

    def settle(self) -> None:
        """Wait until every chart is drawn."""
        self.page.evaluate("reportPage.settled()")

    def readout(self) -> str:
        """The line of numbers."""
        return re.sub(r"\s+", " ", self.page.inner_text("#readout")).strip()

    def rows(self, chart: str, data: str) -> list[dict]:
        """What Vega draws."""
        return self.page.evaluate(f"reportPage.views.{chart}.data('{data}')")

    def texts(self, chart: str) -> list[str]:
        """Every text that is drawn in a chart."""
        return self.page.eval_on_selector_all(f"#chart-{chart} svg text", "all => all.map(it => it.textContent)")

    def expect(self, tables: dict[str, pd.DataFrame], rule: str, weights: dict[str, float]) -> None:
        """The line of numbers, the data in Vega and the drawn texts are those of the tables at a setting."""
        at = {f"weight_{name}": weight for name, weight in weights.items()}
        swept = rows_of(tables["sweep"], rule=rule, split="test", **at).set_index(["gender", "emotion"])
        gaps = rows_of(tables["sweep_gaps"], rule=rule, **at).set_index("emotion")
        whole, gap = swept.loc[("all", "all")], gaps.loc["all"]
        said = self.readout()
        assert f"{percent(whole['accuracy'])} accuracy, 95% interval {interval(whole['low'], whole['high'])}" in said
        assert f"{whole['correct']} of {whole['clips']} test clips" in said
        assert (
            f"Gender gap {points(gap['gap'])} points, 95% interval {interval(gap['low'], gap['high'], points)}" in said
        )
        men, women = swept.loc[("male", "all")], swept.loc[("female", "all")]
        counted = f"{men['correct']}/{men['clips']}, {women['correct']}/{women['clips']}"
        assert f"men {percent(men['accuracy'])} ({men['correct']}/{men['clips']})" in said
        assert f"{points(gap['gap'])} ({counted})" in self.texts("gaps")

        drawn = {row["emotion"]: row for row in self.rows("emotions", "emotions")}
        assert list(drawn) == ["all", *EMOTIONS]
        for emotion, row in drawn.items():
            known = swept.loc[("all", emotion)]
            assert (row["correct"], row["clips"]) == (known["correct"], known["clips"])
            assert row["accuracy"] == pytest.approx(known["accuracy"], abs=CLOSE)
            assert (row["low"], row["high"]) == pytest.approx((known["low"], known["high"]), abs=CLOSE)
            shown = f"{percent(known['accuracy'])} ({known['correct']}/{known['clips']})"
            assert row["text"] == shown and shown in self.texts("emotions")
        for row in self.rows("people", "people"):
            known = swept.loc[({"men": "male", "women": "female"}[row["gender"]], row["emotion"])]
            assert row["text"] == f"{percent(known['accuracy'])} ({known['correct']}/{known['clips']})"
        for row in self.rows("gaps", "gaps"):
            assert row["gap"] == pytest.approx(gaps.loc[row["emotion"], "gap"] * 100, abs=5.1e-3)
        counts = rows_of(tables["sweep_confusion"], rule=rule, **at).set_index(["emotion", "predicted"])["clips"]
        cells = self.rows("confusion", "confusion")
        assert {(cell["emotion"], cell["predicted"]): cell["clips"] for cell in cells} == counts.to_dict()
        assert sorted(filter(str.isdigit, self.texts("confusion"))) == sorted(map(str, counts))


def rows_of(table: pd.DataFrame, **values) -> pd.DataFrame:
    """The rows that have these values."""
    for name, value in values.items():
        close = (table[name] - value).abs() < 1e-9 if isinstance(value, float) else table[name] == value
        table = table[close]
    return table


@pytest.fixture
def opened(browser, tmp_path, changed, provenance):
    """Opens a page of the tables; at the end, neither a message of the console nor a request may have been."""
    heard, pages = [], []

    def opening(tables: dict[str, pd.DataFrame] | None = None, width: int = 1280, path=None, **changes) -> Opened:
        """A page of the tables or, at `path`, one that is there."""
        if path is None:
            path = tmp_path / "report.html"
            path.write_text(page_of(tables, changed(**changes), provenance), encoding="utf-8")
        page = browser.new_page(viewport={"width": width, "height": 850})
        pages.append(page)
        page.context.set_offline(True)
        page.on("console", lambda message: heard.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: heard.append(f"error: {error}"))
        own = (f"file://{path}", "data:", "blob:")
        page.on("request", lambda request: None if request.url.startswith(own) else heard.append(request.url))
        page.goto(f"file://{path}")
        page.evaluate("reportPage.ready")
        return Opened(page)

    yield opening
    for page in pages:
        page.context.close()
    assert heard == []


@pytest.fixture
def select():
    """`rows_of`, for the tests."""
    return rows_of
