"""The page's tables over seeds: which label a rule has, and that rules are told apart by their names."""

from dataclasses import replace

import pandas as pd
import pytest

from emofusion.evaluation.grid.seeds import GAP
from emofusion.evaluation.grid.settings import Setting
from emofusion.reporting.grid import seeds
from emofusion.reporting.grid.seeds import (
    _label,
    chosen_of_cell,
    chosen_over_seeds,
    rules_over_seeds,
    seeds_over_settings,
)

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
        for gender, emotion, metric in (
            ("all", "all", "accuracy"),
            ("all", "unweighted average recall", "unweighted_average_recall"),
            (GAP, "all", "accuracy"),
            ("all", "all", "log_loss"),
        ):
            about = {"system": system, "label": "same", "kind": "rule", "configured": False, "gender": gender}
            about |= {"emotion": emotion, "metric": metric, "seeds": 3, "clips": 9, "actors": 3}
            rows.append({**about, **figures, "mean": mean + (metric == "log_loss")})
    table = rules_over_seeds(pd.DataFrame(rows), [], "95%")
    titles = [column["title"] for column in table["columns"]]
    assert [row[titles.index("Accuracy, mean")][0] for row in table["rows"]] == [5000, 7000]
    assert [row[titles.index("Log loss, mean")] for row in table["rows"]] == [[1.5, 0.4, 0.6], [1.7, 0.4, 0.6]]


def test_the_chosen_rule_of_a_setting_over_its_seeds():
    rows = [
        {"speech": speech, "system": system, "gender": gender, "emotion": emotion, "label": CHOICE, "mean": mean}
        for speech, system, gender, emotion, mean in [
            ("a", "linear", "all", "all", 0.1), ("a", "chosen", "male", "all", 0.2), ("a", "chosen", "all", "sad", 0.3),
            ("b", "chosen", "all", "all", 0.4), ("a", "chosen", "all", "all", 0.5),
        ]
    ]  # fmt: skip
    rows.append({**rows[-1], "metric": "log_loss", "mean": 2.0})
    table = pd.DataFrame(rows).fillna({"metric": "accuracy"}).assign(deviation=0.01, low=0.45, high=float("nan"))
    expected = {"label": CHOICE, "mean": 0.5, "deviation": 0.01, "interval": [0.45, None]}
    assert chosen_over_seeds(table, {"speech": "a"}) == expected
    assert chosen_over_seeds(table, {"speech": "c"}) is None
    assert chosen_over_seeds(table[table["system"] == "linear"], {}) is None


def test_settings_stand_in_the_given_order(maker, monkeypatch):
    """The order is that of the other tables: the baseline first. A setting with one seed has no rows."""
    made = maker.grid(rules=("linear",))
    cells = [replace(cell, evaluations=(cell.fused,)) for cell in made.cells]
    settings = [Setting({"speech": name}, {("0",): cells[0].name, ("1",): cells[1].name}) for name in "abc"]
    rows = [{"setting": number, "system": name} for number in (0, 2) for name in ("linear", "face")]
    about = {name: {"label": name, "kind": "modality" if name == "face" else "rule"} for name in ("linear", "face")}
    monkeypatch.setattr(seeds, "seed_table", lambda *_: pd.DataFrame(rows))
    monkeypatch.setattr(seeds, "read_rules", lambda _: about)
    table = seeds_over_settings(replace(made, cells=cells), settings, [2, 1, 0])
    assert table[["speech", "system"]].to_numpy().tolist() == [[s, name] for s in "ca" for name in ("face", "linear")]
    assert table["configured"].tolist() == [False, True] * 2


def test_rules_stand_by_the_label_that_is_shown_and_never_by_accuracy(maker, monkeypatch):
    made = maker.grid(rules=("linear",))
    cells = [replace(cell, evaluations=(cell.fused,)) for cell in made.cells]
    setting = Setting({}, {("0",): cells[0].name, ("1",): cells[1].name})
    labels = {
        "speech": ("Speech alone", "modality"), "face": ("Face alone", "modality"), "a": ("zebra", "rule"),
        "linear": ("linear, set weights", "rule"), "best": ("an oracle", "oracle"), "z": ("Ape", "baseline"),
        "chosen": ("chosen on other folds: one", "rule"),
    }  # fmt: skip
    # the systems of the evaluation have another order; each has two rows
    rows = [
        {"setting": 0, "system": name, "emotion": emotion, "mean": mean}
        for mean, name in enumerate(sorted(labels))
        for emotion in ("all", "sad")
    ]
    about = {name: {"label": label, "kind": kind} for name, (label, kind) in labels.items()}
    monkeypatch.setattr(seeds, "seed_table", lambda *_: pd.DataFrame(rows))
    monkeypatch.setattr(seeds, "read_rules", lambda cell: about if cell is cells[0] else about | other)
    other = {"chosen": {"label": "chosen on other folds: two", "kind": "rule"}}
    table = seeds_over_settings(replace(made, cells=cells), [setting], [0])
    order = ["speech", "face", "linear", "z", "chosen", "a", "best"]
    assert table["system"].tolist() == [name for name in order for _ in range(2)]
    assert table["emotion"].tolist() == ["all", "sad"] * 7
    assert table["label"].tolist()[8] == "chosen on other folds"


def test_the_chosen_rule_of_a_single_seed_is_that_of_its_report(maker):
    cell = maker.grid().cells[0]
    row = pd.read_csv(cell.folder / "rules.csv").set_index("rule").loc["chosen"]
    about = {"label": "chosen on other folds: rule 0", "mean": row["accuracy"], "deviation": None}
    assert chosen_of_cell(cell) == about | {"interval": [row["accuracy_low"], row["accuracy_high"]]}
    rules = pd.read_csv(cell.folder / "rules.csv").assign(accuracy_low=float("nan"), accuracy_high=float("nan"))
    rules.to_csv(cell.folder / "rules.csv", index=False)
    assert chosen_of_cell(cell) == about | {"interval": [None, None]}
    rules[rules["rule"] != "chosen"].to_csv(cell.folder / "rules.csv", index=False)
    assert chosen_of_cell(cell) is None
