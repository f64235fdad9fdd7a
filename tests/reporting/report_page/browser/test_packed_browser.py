"""The packed page of a grid's cell: it shows what the whole page shows, and says what it lacks."""

import pytest

from emofusion.reporting.drawing import Drawing
from emofusion.reporting.report_page import page, write_packed_page
from emofusion.reporting.report_page.packing import library_name, unpacked, vega, whole

SHOWN = "[...document.querySelectorAll('main text, main td, #readout')].map(it => it.textContent)"


@pytest.fixture
def shown_by(browser):
    """What a page shows: the texts of charts, tables and the line of numbers."""

    def show(path) -> list[str]:
        tab = browser.new_page()
        tab.context.set_offline(True)
        tab.goto(f"file://{path}")
        tab.wait_for_function("window.reportPage !== undefined")
        tab.evaluate("reportPage.ready")
        texts = tab.evaluate(SHOWN)
        tab.context.close()
        return texts

    return show


def test_a_packed_page_shows_the_same_as_the_whole_page(two, facts, provenance, tmp_path, shown_by):
    cell = tmp_path / "cell" / "report.html"
    write_packed_page(cell, two, facts, provenance, Drawing())
    (tmp_path / library_name()).write_text(vega(), encoding="utf-8")
    (tmp_path / "whole.html").write_text(page(two, facts, provenance), encoding="utf-8")
    texts = shown_by(cell)
    assert texts == shown_by(tmp_path / "whole.html") and len(texts) > 500
    assert whole(unpacked(cell.read_text(encoding="utf-8")), vega()) == page(two, facts, provenance)
    assert cell.stat().st_size < (tmp_path / "whole.html").stat().st_size / 8


def test_a_page_without_its_library_says_so(two, facts, provenance, tmp_path, browser):
    cell = tmp_path / "cell" / "report.html"
    write_packed_page(cell, two, facts, provenance, Drawing())
    tab = browser.new_page()
    tab.goto(f"file://{cell}")
    tab.wait_for_function("document.getElementById('waiting').textContent.includes('is missing')")
    assert library_name() in tab.inner_text("#waiting")
    tab.context.close()
