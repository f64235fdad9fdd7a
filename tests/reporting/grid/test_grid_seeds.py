"""The page's tables over seeds: which label a rule has, and that rules are told apart by their names."""

from dataclasses import replace

import pandas as pd
import pytest

from emofusion.evaluation.grid.seeds import GAP
from emofusion.evaluation.grid.settings import Setting
from emofusion.reporting.grid import seeds
from emofusion.reporting.grid.seeds import _label, chosen_over_seeds, rules_over_seeds, seeds_over_settings

CHOICE = "chosen on other folds"


@pytest.mark.parametrize(
    ("labels", "label"),
    [
        (["linear, set weights", "linear, set weights"], "linear, set weights"),
        ([f"{CHOICE}: log_linear (5)", f"{CHOICE}: log_linear (5)"], f"{CHOICE}: log_linear (5)"),
        ([f"{CHOICE}: log_linear (5)", f"{CHOICE}: stacked (5)"], CHOICE),
        ([f"{CHOICE}: log_linear (5)", None], f"{CHOICE}: log_linear (5)"),  # only the first cell has the rule
    ],
)
def test_a_label_over_seeds_tells_no_choice_that_only_one_seed_made(labels, label):
    several = [{} if text is None else {"rule": {"label": text}} for text in labels]
    assert _label("rule", several) == label


def test_two_rules_with_one_label_keep_their_own_figures():
    figures = {"mean": 0.5, "low": 0.4, "high": 0.6, "deviation": 0.01, "least": 0.4, "most": 0.6}
    rows = []
    for system, mean in (("mine", 0.5), ("other", 0.7)):
        for gender, emotion in (("all", "all"), ("all", "unweighted average recall"), (GAP, "all")):
            about = {"system": system, "label": "same", "kind": "rule", "configured": False, "gender": gender}
            rows.append({**about, "emotion": emotion, "seeds": 3, "clips": 9, "actors": 3, **figures, "mean": mean})
    table = rules_over_seeds(pd.DataFrame(rows), [], "95%")
    at = [column["title"] for column in table["columns"]].index("Accuracy, mean")
    assert [row[at][0] for row in table["rows"]] == [5000, 7000]


def test_the_chosen_rule_of_a_setting_over_its_seeds():
    rows = [
        {"speech": speech, "system": system, "gender": gender, "emotion": emotion, "label": CHOICE, "mean": mean}
        for speech, system, gender, emotion, mean in [
            ("a", "linear", "all", "all", 0.1), ("a", "chosen", "male", "all", 0.2), ("a", "chosen", "all", "sad", 0.3),
            ("b", "chosen", "all", "all", 0.4), ("a", "chosen", "all", "all", 0.5),
        ]
    ]  # fmt: skip
    table = pd.DataFrame(rows).assign(deviation=0.01, low=0.45, high=float("nan"))
    expected = {"label": CHOICE, "mean": 0.5, "deviation": 0.01, "interval": [0.45, None]}
    assert chosen_over_seeds(table, {"speech": "a"}) == expected
    assert chosen_over_seeds(table, {"speech": "c"}) is None
    assert chosen_over_seeds(table[table["system"] == "linear"], {}) is None


def test_settings_stand_in_the_given_order(maker, monkeypatch):
    """The order is that of the other tables: the baseline first. A setting with one seed has no rows."""
    made = maker.grid(rules=("linear",))
    cells = [replace(cell, actors=(cell.fused,)) for cell in made.cells]
    settings = [Setting({"speech": name}, {("0",): cells[0].name, ("1",): cells[1].name}) for name in "abc"]
    rows = [{"setting": number, "system": name} for number in (0, 2) for name in ("linear", "face")]
    about = {name: {"label": name, "kind": "modality" if name == "face" else "rule"} for name in ("linear", "face")}
    monkeypatch.setattr(seeds, "seed_table", lambda *_: pd.DataFrame(rows))
    monkeypatch.setattr(seeds, "_rules", lambda _: about)
    table = seeds_over_settings(replace(made, cells=cells), settings, [2, 1, 0])
    assert table[["speech", "system"]].to_numpy().tolist() == [[s, name] for s in "ca" for name in ("face", "linear")]
    assert table["configured"].tolist() == [False, True] * 2
