"""What the page makes of an evaluation's tables: classes, levels, annotations, oracles and further columns."""

import json
import re
from itertools import pairwise

import numpy as np
import pytest

from emofusion.reporting.report_page import page
from emofusion.reporting.report_page.cells import ALIKE, NONE
from emofusion.reporting.wording import percent


@pytest.fixture
def shown(two, changed, provenance):
    """The page of the two modalities, with other tables or settings where given."""
    return lambda tables={}, **changes: page(two | tables, changed(**changes), provenance)


def stored(html: str, name: str = "store") -> dict:
    return json.loads(re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', html).group(1))


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))


def cells(html: str, name: str) -> list[list[str]]:
    """The rows of a table, the headings first."""
    table = re.search(rf'id="table-{name}">.*?</table>', html, re.S).group(0)
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.S)
    return [[plain(cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)] for row in rows]


def label(html: str, rule: str) -> str:
    """A rule in the list of rules."""
    return plain(re.search(rf'<option value="{rule}">(.*?)</option>', html).group(1)).strip()


def test_a_class_that_only_posteriors_know_keeps_its_column_of_the_confusion(two, facts, changed, provenance):
    less = {name: table[table["emotion"] != "calm"] if "emotion" in table else table for name, table in two.items()}
    classes = facts.settings.classes
    without = changed(classes=[emotion for emotion in classes if emotion != "calm"])
    for lacking in ("", "confusion", "sweep_confusion"):
        tables = {name: table for name, table in less.items() if name != lacking}
        store = stored(page(tables, without, provenance))
        assert store["emotions"][1:] == [*without.settings.classes, "calm"]  # what is no class comes last
        for system in store["systems"]:
            counts = np.array(system["confusion"] or np.zeros((0, 64))).reshape(-1, 8, 8)
            known = [system["clips"][store["subsets"].index(["all", emotion])] for emotion in store["emotions"][1:]]
            assert known[-1] == 0 and known[0] == 20
            assert (counts.sum(axis=-1) == known).all() and (bool(len(counts)) or lacking)
        assert lacking or counts[..., -1].sum() > 0  # something is taken for calm


@pytest.mark.parametrize(("confidence", "level"), [(0.8, "80%"), (0.975, "97.5%"), (0.57, "57%")])
def test_the_level_of_the_intervals_is_that_of_the_settings(shown, confidence, level):
    html = shown(confidence=confidence)
    text = plain(re.sub(r"<(script|style).*?</\1>", "", html, flags=re.S))
    assert "95%" not in text and text.count(f"{level} interval") >= 10
    specs = json.dumps(stored(html, "specs"))
    assert "95%" not in specs and specs.count(f"{level} interval") == 4
    assert stored(html)["level"] == level


def test_annotations_off_the_grid_keep_their_weights_and_open_their_own_rule(two, shown):
    annotations = two["annotations"].assign(
        system=["linear", "majority", None, "linear"], clips=[160, 144, np.nan, 160]
    )
    annotations.loc[1, ["weight_speech", "weight_face", "accuracy"]] = [0.448, 0.552, 0.625]
    html = shown({"annotations": annotations})
    store = stored(html)
    configured, tuned, oracle, paper = store["annotations"]
    rules = [system["rule"] for system in store["systems"]]
    assert (tuned["weights"], tuned["accuracy"], tuned["at"]) == ([0.448, 0.552], 6250, None)
    assert rules[tuned["system"]] == "majority" and tuned["clips"] == 144
    assert oracle["clips"] == 160 and rules[oracle["system"]] == oracle["rule"] and oracle["at"] is not None
    for annotation in (configured, paper):
        assert (annotation["weights"], annotation["at"], rules[annotation["system"]]) == ([0.7, 0.3], 14, "linear")
    key = plain(re.search(r'<ul class="key">.*?</ul>', html, re.S).group(0))
    assert "tuned, product: 62.50% (n=144)" in key and key.count("(n=160)") == 3
    assert cells(html, "annotations")[1][:3] == ["configured", "linear", "linear at these weights"]
    row = cells(html, "annotations")[2]
    assert row[:6] == ["tuned", "product", "Majority as configured", "0.448", "0.552", "62.50%"] and row[6] == "144"


def test_an_annotation_that_the_page_cannot_open_is_drawn_without_a_button(two, shown):
    annotations = two["annotations"].copy()
    annotations.loc[1, ["weight_speech", "weight_face"]] = [0.448, 0.552]
    html = shown({"annotations": annotations})
    annotation = stored(html)["annotations"][1]
    assert annotation["system"] is None and annotation["weights"] == [0.448, 0.552]
    assert 'data-annotation="0"' in html and 'data-annotation="1"' not in html
    span = stored(shown({"annotations": annotations.assign(accuracy=0.01)}), "specs")["charts"]["curve_speech"]
    assert any(layer["encoding"]["y"].get("scale", {}).get("domain", [1])[0] == 0 for layer in span["layer"])


def test_the_configured_rule_is_started_with_and_said_even_if_it_is_no_pool(shown):
    for rule, named in (("majority", "Majority as configured"), ("product", "Product (weighted geometric mean)")):
        html = shown(rule=rule)
        assert stored(html)["start"] == {"rule": rule, "weights": [0.7, 0.3]}
        assert label(html, rule) == f"{named} (configured)" and html.count("(configured)") == 1


def test_oracles_are_called_so_everywhere_and_once(two, shown):
    for said in ("Best on test", "Best on test (oracle)"):
        rules = two["rules"].copy()
        rules.loc[rules["rule"] == "majority", ["label", "kind"]] = [said, "oracle"]
        html = shown({"rules": rules})
        assert label(html, "majority") == "Best on test (oracle)"
        labels = [row["label"] for row in stored(html)["rules"] if row["kind"] == "oracle"]
        assert labels == ["Best on test (oracle)"]
        for name in ("rules", "subsets", "gender", "fairness"):
            found = {row[0] for row in cells(html, name) if "Best" in row[0]}
            assert found == {"Best on test (oracle)"}, name
        buttons = re.findall(r"<button[^>]*data-annotation[^>]*>(.*?)</button>", html)
        assert sum(button.startswith("oracle (chosen on test), ") for button in buttons) == 1


def test_a_gap_that_cannot_be_found_is_said_to_be_none(two, shown):
    gender = two["gender"].head(4).assign(minimum_detectable_gap=[1.2, np.nan, np.nan, 0.2], male_actors=[4, 1, 4, 4])
    html = shown({"gender": gender})
    place = cells(html, "gender")[0].index("Gap found with 80% power, points")
    assert [row[place] for row in cells(html, "gender")[1:]] == ["none", "none", "–", "20.00"]
    assert html.count(f'title="{NONE}">none<') == 2 and html.count(f'title="{ALIKE}">–<') == 1
    assert f"Smaller gaps may be found or missed. None: {NONE}.</p>" in html
    assert NONE not in shown({"gender": gender.assign(minimum_detectable_gap=0.2)})


def test_calibration_by_emotion_is_shown_where_there_is_any(two, shown):
    assert "Log loss" not in cells(shown(), "subsets")[0]
    subsets = two["subsets"].assign(log_loss=0.5, log_loss_low=0.25, log_loss_high=0.75, brier=np.nan)
    subsets = subsets.assign(brier_low=np.nan, brier_high=np.nan, calibration_error=0.125, macro_f1=0.3)
    html = shown({"subsets": subsets})
    rows = cells(html, "subsets")
    assert rows[0][-4:] == ["Published", "Log loss", "Brier score", "Expected calibration error"]
    assert rows[1][-3:] == ["0.500 0.250 to 0.750", "–", "12.50%"] and len(rows) == 1 + len(subsets)


def test_counts_of_a_row_are_its_own_where_it_has_them(two, shown):
    narrowed = two["narrowed"].assign(male_clips=30, female_clips=12)
    html = shown({"narrowed": narrowed, "fairness": two["fairness"].assign(clips=7)})
    assert cells(html, "narrowed")[1][-1] == "42" and {row[-1] for row in cells(html, "fairness")[1:]} == {"7"}
    assert cells(shown(), "narrowed")[1][-1] == "160"


def test_columns_that_the_page_does_not_know_change_nothing(two, shown):
    further = {"weight_of_evidence": "much", "at": "noon", "label_low": None, "something_new": np.nan}
    tables = {name: table.assign(**further) for name, table in two.items()}
    tables["sweep_gaps"] = tables["sweep_gaps"].assign(clips=1, male_clips=1, female_clips=1)
    assert shown(tables) == shown()


def test_a_step_of_the_slider_is_one_of_the_grid_without_the_annotations(made, changed, provenance):
    names = ["speech", "face", "text"]
    weights = dict.fromkeys(names, 0.0) | {"speech": 1.0}
    tables = made(names, 60).tables(weights)
    tables["annotations"].loc[:0, [f"weight_{name}" for name in names]] = [21 / 60, 21 / 60, 18 / 60]
    html = page(tables, changed(modalities=names, rule="linear", weights=weights), provenance)
    store = stored(html)
    held = sorted({weight for setting in store["grid"] for weight in setting})
    # 1,891 settings of 1/60, of which every second weight is held, and the marked one between them
    assert store["settings"] == 1891 and 496 < len(store["grid"]) <= 496 + len(tables["annotations"])
    assert store["step"] == pytest.approx(1 / 30) and min(b - a for a, b in pairwise(held)) == pytest.approx(1 / 60)
    assert f'step="{store["step"]}"' in html and store["annotations"][0]["at"] is not None
    assert store["annotations"][0]["percent"] == percent(tables["annotations"]["accuracy"].iloc[0])
