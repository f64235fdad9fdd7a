"""Our figures beside those of others: each with its protocol, and whether the test folds are the same."""

from dataclasses import replace

import pandas as pd
import pytest
import yaml

from emofusion.errors import EmofusionError
from emofusion.plan.checks import check_published
from emofusion.plan.published_figures import published_figures
from emofusion.reporting.beside import beside_markdown, beside_table

OTHER = {"accuracy": 86.7, "protocol": "five folds", "source": "Someone 2022"}
RESULTS = [
    {**OTHER, "what": "a network", "modalities": ["speech", "face"], "clips": 160, "folds": [["f00", "m00"], ["f10"]]},
    {**OTHER, "what": "a | network", "accuracy": 88, "about": True, "folds": [["f00"], ["m00", "f10"]]},
    {**OTHER, "what": "one of unknown folds"},
]
PEOPLE = [{**OTHER, "what": "people who only heard", "accuracy": 45.5}]


@pytest.fixture
def rules() -> pd.DataFrame:
    rows = [("speech", 0.5, 0.4, 0.6), ("face", 0.25, 0.2, 0.3), ("linear", 0.625, 0.5, 0.75)]
    table = pd.DataFrame(rows, columns=["rule", "accuracy", "accuracy_low", "accuracy_high"])
    return table.assign(clips=160)


@pytest.fixture
def tested() -> pd.DataFrame:
    return pd.DataFrame({"actor": ["demo-f0", "demo-m00", "demo-f0", "demo-f10"], "fold": [0, 0, 0, 1]})


def test_same_folds_are_found_from_the_tested_actors(rules, tested, settings):
    settings = replace(settings, published={"results": RESULTS, "people": PEOPLE})
    table = beside_table(rules, tested, settings)
    assert table["what"].tolist()[:3] == ["Facial expression", "Speech", "Fusion, as configured"]
    assert table["kind"].tolist() == ["ours"] * 3 + ["published"] * 3 + ["people"]
    # folds in any order, and actors in any spelling
    assert table["same_folds"].tolist() == [*["yes"] * 4, "no", "not known", "no training"]
    assert table["accuracy"].tolist() == [0.25, 0.5, 0.625, 0.867, 0.88, 0.867, 0.455]
    assert table.loc[2, ["low", "high", "modalities"]].tolist() == [0.5, 0.75, "speech + face"]
    assert table["clips"].isna().tolist() == [False] * 4 + [True] * 3
    assert set(table["protocol"][:3]) == {"Folds of actors."}


def test_the_chosen_rule_stands_with_ours(rules, tested, settings):
    rules = pd.concat([rules, rules.tail(1).assign(rule="chosen", accuracy=0.75)])
    table = beside_table(rules, tested, replace(settings, published={"results": RESULTS}))
    assert table.loc[3, ["what", "kind", "accuracy"]].tolist() == [
        "Fusion, the rule chosen on other folds",
        "ours",
        0.75,
    ]


def test_the_summary_shows_them(rules, tested, facts):
    published = {"results": RESULTS, "people": PEOPLE}
    text = beside_markdown(beside_table(rules, tested, replace(facts.settings, published=published)), facts)
    assert "**Fusion, as configured**" in text and "62.50% [50.00%, 75.00%]" in text
    assert "about 88%" in text and "a \\| network" in text
    assert beside_markdown(beside_table(rules, tested, facts.settings), facts) == ""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"acuracy": 3}, r"published\.results\[0\]\.acuracy: no such setting; known here: about, accuracy"),
        ({"accuracy": 867}, r"published\.results\[0\]\.accuracy=867: in percent, from 0 to 100"),
        ({"accuracy": "high"}, r"published\.results\[0\]\.accuracy=high: not a value"),
        ({"accuracy": True}, r"published\.results\[0\]\.accuracy=.*: not a value"),
        ({"source": ""}, r"published\.results\[0\]\.source is missing"),
        ({"folds": [1, 2]}, r"published\.results\[0\]\.folds: lists of test actors"),
    ],
)
def test_a_wrong_entry_is_refused_before_anything_runs(change, message):
    with pytest.raises(EmofusionError, match=message):
        check_published({"results": [{**OTHER, "what": "a network", **change}]})


def test_the_files_of_conf_can_be_shown_and_name_their_sources(repository):
    found = {}
    for path in sorted((repository / "conf" / "published").glob("*.yaml")):
        content = yaml.safe_load(path.read_text()) or {}
        found[path.stem] = published_figures(content)
    assert {name for name, figures in found.items() if figures} == {"crema_d", "ravdess"}
    assert [figure.accuracy for figure in found["crema_d"]] == [45.5, 69.0, 74.8]
    folds = yaml.safe_load((repository / "conf" / "protocol" / "ravdess_five_folds.yaml").read_text())["folds"]
    same = {frozenset(map(str, fold)) for fold in folds}
    assert [figure.what for figure in found["ravdess"] if set(map(frozenset, figure.folds)) == same] == [
        "MLP on the means of action units", "wav2vec 2.0 (fine-tuned) and action units, late fusion",
    ]  # fmt: skip
