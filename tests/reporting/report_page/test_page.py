"""What the page consists of, read without a browser: numbers, what may be absent, and that it asks for nothing."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from emofusion.corpora.ravdess.names import EMOTIONS
from emofusion.errors import EmofusionError
from emofusion.reporting.numbers import hundredths, interval, number, points, probability, share
from emofusion.reporting.report_page import page
from emofusion.reporting.report_page.grid import choose_grid
from emofusion.reporting.rounding import decimal
from emofusion.reporting.wording import percent


def stored(html: str, name: str = "store") -> dict:
    return json.loads(re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', html).group(1))


def visible(html: str) -> str:
    """The page's text without scripts and styles."""
    bare = re.sub(r"<(script|style).*?</\1>", "", html, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", bare))


def system_of(store: dict, rule: str) -> dict:
    return next(system for system in store["systems"] if system["rule"] == rule)


def test_numbers_are_rounded_as_in_the_other_tables():
    for fraction in (29 / 32, 27 / 32, 2 / 3, 1, 0, 0.00005, 0.12345):
        assert share(fraction) == percent(fraction) == f"{hundredths(fraction) / 100:.2f}%"
    assert [points(value) for value in (0.02083, -0.125, 0, -0.00001)] == ["+2.08", "−12.50", "0.00", "0.00"]
    assert hundredths(-0.00125) == -13 and hundredths(0.00125) == 13  # halves away from 0
    assert interval(0.5, 0.75) == "50.00 to 75.00" and interval(-0.5, 0.25, points) == "−50.00 to +25.00"
    assert interval(np.nan, 0.5) == "" and share(np.nan) == number(np.nan) == probability(np.nan) == "–"
    assert (number(0.0005), number(-1.5), probability(0.00004), probability(0.03125)) == (
        "0.001", "−1.500", "<0.0001", "0.0313",
    )  # fmt: skip


def test_what_is_rounded_to_nothing_has_no_minus_sign():
    assert [percent(value) for value in (-1e-5, -0.0, -0.00005, 1e-5)] == ["0.00%", "0.00%", "-0.01%", "0.00%"]
    assert [decimal(value) for value in (-0.004, -0.0, -0.005)] == ["0.00", "0.00", "-0.01"]
    assert [number(value) for value in (-0.0004, -0.0, -0.0005)] == ["0.000", "0.000", "−0.001"]
    assert share(-1e-5) == "0.00%" and interval(-1e-5, 1e-5, points) == "0.00 to 0.00"


def test_the_store_holds_every_value_of_the_sweep(two, facts, provenance):
    store = stored(page(two, facts, provenance))
    sweep = two["sweep"].query("split == 'test'")
    assert len(store["grid"]) == 21 and len(store["subsets"]) == 27
    for rule in ("linear", "product"):
        system, rows = system_of(store, rule), sweep[sweep["rule"] == rule]
        for s, (gender, emotion) in enumerate(store["subsets"]):
            part = rows[(rows["gender"] == gender) & (rows["emotion"] == emotion)].set_index("weight_speech")
            part = part.loc[[weights[0] for weights in store["grid"]]]
            assert system["correct"][s] == part["correct"].tolist() and system["clips"][s] == part["clips"].iloc[0]
            for name in ("accuracy", "low", "high"):
                assert [f"{h / 100:.2f}%" for h in system[name][s]] == [percent(value) for value in part[name]]
        gaps = two["sweep_gaps"].query("rule == @rule and emotion == 'sad'")
        e = store["emotions"].index("sad")
        assert system["gaps"]["gap"][e] == [hundredths(value) for value in gaps["gap"]]
        counted = two["sweep_confusion"].query("rule == @rule and weight_speech == 0.35")
        table = counted.pivot_table(index="emotion", columns="predicted", values="clips").loc[[*EMOTIONS], [*EMOTIONS]]
        assert system["confusion"][7] == table.to_numpy().ravel().tolist()
    checked = two["sweep"].query("split == 'validation' and rule == 'product'")
    validation = system_of(store, "product")["validation"]
    assert validation == {"clips": 160, "accuracy": [hundredths(value) for value in checked["accuracy"]]}


def test_rules_without_a_sweep_come_from_their_own_tables(two, facts, provenance):
    store = stored(page(two, facts, provenance))
    system = system_of(store, "face")
    assert (
        not system["sweeps"] and system["published"] == "face" and system_of(store, "majority")["published"] == "fusion"
    )
    row = two["subsets"].query("rule == 'face' and gender == 'female' and emotion == 'calm'").iloc[0]
    s = store["subsets"].index(["female", "calm"])
    assert system["correct"][s] == [row["correct"]] and system["low"][s] == [hundredths(row["low"])]
    gap = two["gender"].query("rule == 'face' and emotion == 'all'").iloc[0]
    assert system["gaps"]["gap"][0] == [hundredths(gap["gap"])]
    assert sum(system["confusion"][0]) == 160


def test_published_values_and_their_gap_stand_beside_ours(two, facts, changed, provenance):
    html = page(two, facts, provenance)
    published = stored(html)["published"]
    assert published["fusion"]["all"] == {"neutral": 5833, "happy": 10000}
    assert published["speech"]["gap"] == {"neutral": 875} and published["fusion"]["gap"] == {"neutral": 375}
    assert "+8.75" in visible(html) and "A paper, Tables 1 and 2" in visible(html)
    html = page(two, changed(published=None), provenance)
    assert stored(html)["published"] == {} and "values that the paper printed" not in visible(html)


def test_the_page_names_what_made_it_and_warns_first(two, changed, provenance):
    facts = changed(protocol="random_clips", leaks_speakers=True, generated=True)
    text = visible(page(two, facts, provenance))
    for said in (
        "0123abc",
        "report-made_up-0a1b2c3d",
        "0123abc &lt;with changes&gt;",
        "tags.`emofusion.report` = &#39;report-made_up-0a1b2c3d&#39;",
        "numpy 2.3.4",
    ):
        assert said in text
    assert (
        "160 of 8 actors" in text and "linear, 0.7 speech + 0.3 face" in text and "8 test clips were left out" in text
    )
    first = text.index("Test clips")
    assert 0 < text.index("WARNING: the protocol random_clips has the same speakers") < first
    assert 0 < text.index("This is generated demo data") < first


def test_the_same_input_gives_the_same_bytes_in_one_self_contained_file(two, facts, provenance, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).write_text(page(two, facts, provenance), encoding="utf-8")
    text = (tmp_path / "one").read_text(encoding="utf-8")
    assert text == (tmp_path / "two").read_text(encoding="utf-8")
    assert 500_000 < len(text) < 4_000_000
    tags = re.sub(r"(<script[^>]*>).*?</script>", r"\1", text, flags=re.S)
    assert not re.findall(r"\s(?:src|href|action|srcset)=|@import|url\(|https?:", tags)
    assert "default-src 'none'" in tags and "http" not in json.dumps([stored(text), stored(text, "specs")])
    assert '<html lang="en">' in text and "width=device-width" in text


def test_nothing_in_a_text_becomes_a_tag(two, changed, provenance):
    facts = changed(title="</script><script>alert(1)</script>")
    rules = two["rules"].assign(label=two["rules"]["label"] + " <b>&</b>")
    html = page(two | {"rules": rules}, facts, provenance)
    assert "<script>alert(1)" not in html and "<b>&" not in html
    assert system_of(stored(html), "speech")["label"] == "Speech as configured <b>&</b>"


def test_annotations_are_named_and_placed_on_the_grid(two, facts, provenance):
    off = two["annotations"].assign(weight_speech=[0.7, np.nan, 0.45, 0.7], weight_face=[0.3, np.nan, 0.55, 0.3])
    annotations = stored(page(two | {"annotations": off}, facts, provenance))["annotations"]
    assert [annotation["name"] for annotation in annotations] == [
        "configured",
        "tuned",
        "oracle (chosen on test)",
        "the paper's 0.7/0.3",
    ]
    assert [annotation["at"] for annotation in annotations] == [14, None, 9, 14] and annotations[0]["system"] == 0
    assert (
        annotations[0]["percent"] == percent(two["annotations"]["accuracy"].iloc[0]) and annotations[0]["clips"] == 160
    )


def test_tables_sort_by_more_digits_than_they_show_and_count_their_clips(two, facts, provenance):
    html = page(two, facts, provenance)
    for _, row in two["rules"].iterrows():
        assert f'data-sort="{row["accuracy"]:.6g}"' in html and f'data-sort="{row["log_loss"]:.6g}"' in html
    for name in ("rules", "subsets", "gender", "narrowed", "pairs", "fairness", "annotations"):
        table = re.search(rf'id="table-{name}">.*?</table>', html, re.S).group(0)
        assert "Clips" in table or "n=" in table, name
    pairs = visible(re.search(r'id="table-pairs">.*?</table>', html, re.S).group(0))
    assert "adjusted for 160 pairs" in pairs and "&lt;0.0001" in pairs
    narrowed = visible(re.search(r'id="table-narrowed">.*?</table>', html, re.S).group(0))
    assert "p, max-T" in narrowed and "0.2000" in narrowed and "0.4000" in narrowed


def test_rows_that_are_over_all_emotions_or_have_no_clips_are_shown(two, facts, provenance):
    over = (
        two["gender"]
        .iloc[[0]]
        .assign(emotion="unweighted average recall", p_holm=np.nan, minimum_detectable_gap=np.nan)
    )
    none = two["gender"].iloc[[1]].assign(male=np.nan, male_clips=0, gap=np.nan, low=np.nan, high=np.nan, p=np.nan)
    html = page(two | {"gender": pd.concat([over, none])}, facts, provenance)
    table = re.search(r'id="table-gender">.*?</table>', html, re.S).group(0)
    rows = [visible(row) for row in re.findall(r"<tr>.*?</tr>", table, re.S)[1:]]
    assert "unweighted average recall" in rows[0] and f"{points(over['gap'].iloc[0])}" in rows[0]
    assert "– n=0" in rows[1] and "neutral" in rows[1]


def test_missing_intervals_and_tables_are_left_out(two, facts, provenance):
    bare = {name: two[name] for name in ("rules", "subsets")}
    bare = {name: table.assign(low=np.nan, high=np.nan) for name, table in bare.items()}
    html = page(bare, facts, provenance)
    store, charts = stored(html), stored(html, "specs")["charts"]
    assert list(charts) == ["emotions", "people", "rules"] and 'type="range"' not in html
    assert system_of(store, "speech")["low"][0] == [None] and store["grid"] == []
    assert "table-pairs" not in html and "Move the weight" not in html


@pytest.mark.parametrize("case", ["one", "three"])
def test_any_number_of_modalities(case, one, three, changed, provenance):
    tables, weights = (one, {"speech": 1.0}) if case == "one" else (three, {"speech": 0.5, "face": 0.3, "text": 0.2})
    facts = changed(modalities=list(weights), rule="product", weights=weights)
    html = page(tables, facts, provenance)
    charts = [name for name in stored(html, "specs")["charts"] if name.startswith("curve_")]
    assert charts == {"one": [], "three": ["curve_speech", "curve_face", "curve_text"]}[case]
    assert html.count('type="range"') == {"one": 0, "three": 2}[case]
    assert len(stored(html)["grid"]) == {"one": 0, "three": 66}[case]


def test_a_very_fine_sweep_is_held_coarser_but_with_its_annotations():
    steps = 100
    grid = [(a, b, steps - a - b) for a in range(steps + 1) for b in range(steps + 1 - a)]
    weights = ["weight_a", "weight_b", "weight_c"]
    sweep = pd.DataFrame(np.array(grid) / steps, columns=weights)
    annotations = pd.DataFrame([[0.33, 0.33, 0.34], [np.nan] * 3], columns=weights)
    held, step = choose_grid(sweep, annotations, weights)
    assert step == 0.02 and len(held) == 1326 + 1 and (held["weight_a"] == 0.33).sum() == 1
    coarse = held[held["weight_a"] != 0.33] * 50
    np.testing.assert_allclose(coarse, coarse.round(), atol=1e-9)
    whole, step = choose_grid(sweep, annotations, weights, most=5151)
    assert len(whole) == 5151 and step == 0.01


def test_a_sweep_over_changing_clips_is_refused(two, facts, provenance):
    sweep = two["sweep"].copy()
    sweep.loc[sweep.index[3], "clips"] += 1
    with pytest.raises(EmofusionError, match="different numbers of clips at different weights"):
        page(two | {"sweep": sweep}, facts, provenance)


def test_the_protocol_stands_below_the_title(two, changed, provenance):
    html = page(two, changed(protocol_description="folds of clips drawn at random"), provenance)
    assert re.search(r'<h1>A made-up experiment</h1>\s*<p class="below">folds of clips drawn at random</p>', html)


def test_axes_of_shares_have_the_decimals_that_their_ticks_need(two, facts, provenance):
    """A scale of five points has ticks that are half a point apart."""
    formats = re.findall(
        r'"format":"([^"]*)"', json.dumps(stored(page(two, facts, provenance), "specs"), separators=(",", ":"))
    )
    assert formats and set(formats) == {".4~%"}


def test_the_line_of_the_setting_is_told_of_rules_with_the_slider(two, changed, provenance):
    """Another rule has no such line."""
    text = visible(page(two, changed(rule="log_linear"), provenance))
    assert "With a rule of the slider, the vertical line with the triangle and the dot show the setting above." in text
