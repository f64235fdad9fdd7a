"""What the page shows of actors, classes and reliability, and of the figures of others, where there are any."""

import re

import pandas as pd

from emofusion.reporting.beside import COLUMNS
from emofusion.reporting.report_page import page
from emofusion.reporting.report_page.groups import MOST_ROWS


def cells(html: str, name: str) -> list[list[str]]:
    """The rows of a table, without the headings."""
    table = re.search(rf'id="table-{name}">.*?</table>', html, re.S).group(0)
    return [re.findall(r"<td[^>]*>(.*?)</td>", row, re.S) for row in re.findall(r"<tr>(.*?)</tr>", table, re.S)][1:]


def test_without_these_tables_the_page_has_none_of_the_charts(two, facts, provenance):
    html = page(two, facts, provenance)
    assert not re.search(r'id="chart-(actors|classes|reliability)', html) and "Speakers, classes" not in html


def test_figures_of_others_stand_beside_ours(two, facts, provenance):
    common = {"clips": 160, "as_one": "", "about": False}
    rows = [
        {**common, "what": "Fusion", "kind": "ours", "modalities": "speech + face", "same_folds": "yes"}
        | {"accuracy": 0.625, "low": 0.5, "high": 0.75, "gap": -0.1, "gap_low": -0.2, "gap_high": 0.0}
        | {"protocol": "folds of actors", "source": "this report"},
        {**common, "what": "A network", "kind": "published", "modalities": "speech", "same_folds": "no"}
        | {"accuracy": 0.88, "about": True, "clips": None, "protocol": "other folds", "source": "Someone <2022>"},
    ]
    html = page(two | {"beside": pd.DataFrame(rows, columns=list(COLUMNS))}, facts, provenance)
    ours, other = cells(html, "beside")
    assert ours[3] == "62.50% <small>50.00 to 75.00</small>" and ours[5] == "160"
    assert ours[4] == "−10.00 <small>−20.00 to 0.00</small>"
    assert other[3] == "about 88%" and other[4] == "–" and other[5] == "" and other[8] == "Someone &lt;2022&gt;"
    people = {**common, "what": "People", "kind": "people", "modalities": "speech", "accuracy": 0.6}
    people |= {"same_folds": "no training", "as_one": "sad and calm", "protocol": "ratings", "source": "A test"}
    html = page(two | {"beside": pd.DataFrame([*rows, people], columns=list(COLUMNS))}, facts, provenance)
    assert [row[7] for row in cells(html, "beside")] == ["", "", "sad and calm"]


def test_of_very_many_gaps_those_of_the_configured_rule_and_the_modalities_are_shown(two, facts, provenance):
    rules = [f"rule{number}" for number in range(MOST_ROWS // 10)]
    rows = [
        {"group": "statement", "first": f"s{n}", "second": "t", "rule": rule, "emotion": "all"}
        for n in range(11)
        for rule in ["speech", "linear", *rules]
    ]
    counts = {f"{side}_{what}": 8 for side in ("first", "second") for what in ("clips", "actors")}
    shares = dict.fromkeys(["first_accuracy", "second_accuracy", "gap", "low", "high", "p", "p_holm"], 0.5)
    table = pd.DataFrame(rows).assign(**counts, **shares, minimum_detectable_gap=0.1)
    html = page(two | {"group_gaps": table}, facts, provenance)
    assert len(cells(html, "group_gaps")) == 22 and "the file beside it has all rules" in html
    few = page(two | {"group_gaps": table[table["first"] == "s1"]}, facts, provenance)
    assert len(cells(few, "group_gaps")) == len(rules) + 2 and "has all rules" not in few


def test_fairness_of_two_levels_has_intervals_and_of_three_a_word_about_them(two, facts, provenance):
    rule = two["rules"]["rule"].iloc[0]
    shared = {"rule": rule, "emotion": "all", "metric": "accuracy_difference", "value": 0.1}
    of_two = {"group": "intensity", "levels": 2, "low": 0.02, "high": 0.18, **shared}
    of_three = {"group": "tongue", "levels": 3, "low": None, "high": None, **shared}
    html = page(two | {"group_fairness": pd.DataFrame([of_two, of_three])}, facts, provenance)
    assert [row[-1] for row in cells(html, "group_fairness")] == ["0.100 <small>0.020 to 0.180</small>", "0.100"]
    assert "has one for each pair" in html
    html = page(two | {"group_fairness": pd.DataFrame([of_two])}, facts, provenance)
    assert "has one for each pair" not in html
