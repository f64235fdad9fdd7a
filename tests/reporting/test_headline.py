"""The lines that a run ends with, against the tables that they are read from."""

import json
import subprocess
import sys
from dataclasses import replace

import pandas as pd
import pytest

from emofusion.errors import EmofusionError
from emofusion.reporting.headline import headline, headline_of_grid, registered
from emofusion.reporting.publish import publish
from emofusion.reporting.report import write_report
from emofusion.reporting.rounding import percentage


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Where reports of this module are written, each once: (name of the case) → folder."""
    return tmp_path_factory.mktemp("reports"), {}


@pytest.fixture
def published(results, settings, provenance, written):
    """A function that writes and publishes a report of other settings, and returns the published folder."""
    folder, cases = written

    def make(name: str, accepted: tuple[str, ...] = (), **changes):
        if name not in cases:
            changed = replace(results, histories={}, models={}, transductive=changes.pop("transductive", False))
            out = folder / "results" / name
            write_report(out, changed, replace(settings, **changes), replace(provenance, accepted=list(accepted)))
            publish(out, folder / name, {"report": name}, folder / "results", is_cell=True)
            cases[name] = folder / name
        return cases[name]

    return make


def expected(folder, rule: str) -> str:
    row = pd.read_csv(folder / "rules.csv").set_index("rule").loc[rule]
    low, high = (percentage(row[f"accuracy_{end}"], 1) for end in ("low", "high"))
    return f"{percentage(row['accuracy'])} % [{low}, {high}]"


def test_the_fusion_and_each_modality_with_intervals_and_counts(published):
    folder = published("plain")
    speech, face = (f"{name} {expected(folder, name)}" for name in ("speech", "face"))
    assert headline(folder) == [
        f"made_up: fusion (linear, 0.7 speech + 0.3 face) {expected(folder, 'linear')} of 160 clips, 9 actors; "
        f"{speech}, {face}",
        f"report: {folder}/report.html (in brackets 95 % intervals over actors)",
    ]


def test_the_rule_that_other_folds_have_chosen_comes_first(published, tmp_path):
    """Where it is the configured rule itself, it stands there once."""
    folder, copy = published("plain"), tmp_path / "chosen"
    publish(folder, copy, {}, tmp_path / "results", is_cell=True)
    rules = pd.read_csv(folder / "rules.csv")
    chosen = rules[rules["rule"] == "log_linear"].assign(rule="chosen", label="chosen on other folds: log_linear")
    pd.concat([rules, chosen]).to_csv(copy / "rules.csv", index=False)
    alone = ", ".join(f"{name} {expected(folder, name)}" for name in ("speech", "face"))
    best = (
        f"made_up: fusion (chosen on other folds: log_linear) {expected(folder, 'log_linear')} of 160 clips, 9 actors"
    )
    linear = f"linear, 0.7 speech + 0.3 face {expected(folder, 'linear')}"
    assert headline(copy)[0] == f"{best}; {linear}; {alone}"
    about = json.loads((folder / "summary.json").read_text()) | {"rule": "chosen", "fusion": "chosen"}
    (copy / "summary.json").write_text(json.dumps(about))
    assert headline(copy)[0] == f"{best}; {alone}"


def test_what_is_registered_is_the_configured_rule_whatever_the_headline_has(published):
    folder = published("registered")  # of its own, because its files are edited
    linear = f"(linear, 0.7 speech + 0.3 face): {expected(folder, 'linear')} of 160 test clips."
    assert registered(folder) == [f"Its fusion rule is fusion.rule=linear {linear}"]
    rules = pd.read_csv(folder / "rules.csv")
    chosen = rules[rules["rule"] == "log_linear"].assign(rule="chosen", label="chosen on other folds: log_linear")
    pd.concat([rules, chosen]).to_csv(folder / "rules.csv", index=False)
    label = f"chosen on other folds: log_linear; {expected(folder, 'log_linear')}"
    assert registered(folder) == [
        f"Its fusion rule is fusion.rule=linear {linear}",
        f"The headline's rule, fusion.rule=chosen ({label}), is not registered. To register it, give the same command "
        'with it among its overrides: override="fusion.rule=chosen"',
    ]
    about = json.loads((folder / "summary.json").read_text())
    (folder / "summary.json").write_text(json.dumps(about | {"rule": "chosen", "fusion": "chosen"}))
    accuracy = expected(folder, "log_linear")
    said = f"Its fusion rule is fusion.rule=chosen (chosen on other folds: log_linear): {accuracy} of 160 test clips."
    assert registered(folder) == [said]
    (folder / "summary.json").write_text(json.dumps(about | {"modalities": ["speech"]}))
    assert registered(folder) == [f"It scores speech alone: {expected(folder, 'linear')} of 160 test clips."]


def test_warnings_stand_among_the_lines(published):
    sentences = ("model/a was made with numpy 2.2.0", "model/b was made with numpy 2.2.0")
    changes = {"protocol": "random_clips", "leaks_speakers": True, "generated": True, "rule": "log_linear"}
    lines = headline(published("warned", sentences, transductive=True, **changes))
    assert lines[0].startswith("made_up: fusion (log_linear) ")
    warned = [line for line in lines if line.startswith("note: ")]
    assert len(warned) == 4
    for line, words in zip(
        warned,
        ("WARNING: the protocol random_clips", "The rule log_linear uses all", "generated demo data", "2 results were"),
        strict=True,
    ):
        assert words in line


def test_a_missing_interval_and_a_single_modality(published, tmp_path):
    folder = published("plain")
    copy = tmp_path / "one"
    publish(folder, copy, {}, tmp_path / "results", is_cell=True)
    about = json.loads((folder / "summary.json").read_text()) | {"modalities": ["speech"]}
    (copy / "summary.json").write_text(json.dumps(about))
    rules = pd.read_csv(folder / "rules.csv").assign(accuracy_low=float("nan"), accuracy_high=float("nan"))
    rules.to_csv(copy / "rules.csv", index=False)
    accuracy = percentage(rules.set_index("rule").loc["speech", "accuracy"])
    assert headline(copy)[0] == f"made_up: speech {accuracy} % of 160 clips, 9 actors"


ABOUT = {
    "name": "backbones",
    "baseline": "face=vgg16",
    "baseline_chosen": False,
    "baseline_accuracy": 0.60256,
    "baseline_seeds": 3,
    "baseline_deviation": 0.0042,
    "baseline_interval": [0.541, 0.6639],
    "settings": 4,
    "cells": 12,
    "compared": 3,
    "better": 1,
    "worse": 1,
    "confidence": 0.95,
    "warnings": ["This is generated demo data."],
    "notes": ["Every setting has one seed."],
}


def test_of_a_grid_the_baseline_and_the_number_of_different_settings(tmp_path):
    (tmp_path / "grid.json").write_text(json.dumps(ABOUT))
    lines = headline_of_grid(tmp_path)
    assert lines == [
        "backbones: 4 settings, 12 cells; baseline face=vgg16 (nobody chose one): mean 60.26 % [54.1, 66.4], standard "
        "deviation 0.42 points over 3 seeds",
        "accuracy differs from the baseline's in 2 of 3 settings: 1 better, 1 worse (test over actors, adjusted by "
        "max-T, 95 % confidence)",
        "note: This is generated demo data.",
        "note: Every setting has one seed.",
        f"grid: {tmp_path}/grid.html (its tables have the order of the command; to pick the most accurate setting is a "
        "choice on test clips)",
    ]
    assert not any("best" in line or "worst" in line for line in lines)
    changed = ABOUT | {"baseline_chosen": True, "compared": 0, "settings": 1, "baseline_seeds": 1}
    (tmp_path / "grid.json").write_text(json.dumps(changed))
    lines = headline_of_grid(tmp_path)
    assert lines[0] == "backbones: 1 setting, 12 cells; baseline face=vgg16: 60.26 % [54.1, 66.4]" and len(lines) == 4


def test_over_seeds_the_rule_that_other_folds_have_chosen_comes_first(tmp_path):
    chosen = {"label": "chosen on other folds", "mean": 0.62, "deviation": 0.005, "interval": [0.56, 0.68]}
    about = ABOUT | {"baseline_rule": "linear, 0.7 speech + 0.3 face", "baseline_on_other_folds": chosen}
    (tmp_path / "grid.json").write_text(json.dumps(about))
    first, second, *_ = headline_of_grid(tmp_path)
    assert first.partition(" (nobody chose one): ")[2] == (
        "fusion (chosen on other folds) mean 62.00 % [56.0, 68.0], standard deviation 0.50 points over 3 seeds; "
        "linear, 0.7 speech + 0.3 face, as configured: mean 60.26 % [54.1, 66.4], standard deviation 0.42 points"
    )
    assert second.startswith("accuracy of the configured rule differs from the baseline's in 2 of 3 settings")
    (tmp_path / "grid.json").write_text(json.dumps(about | {"baseline_rule": "chosen"}))
    assert headline_of_grid(tmp_path)[0].endswith(
        "(nobody chose one): mean 60.26 % [54.1, 66.4], standard deviation 0.42 points over 3 seeds"
    )


def test_with_one_seed_the_rule_that_other_folds_have_chosen_comes_first_too(tmp_path):
    chosen = {"label": "chosen on other folds: product", "mean": 0.62, "deviation": None, "interval": [0.56, 0.68]}
    about = ABOUT | {"baseline_seeds": 1, "baseline_deviation": None, "baseline_rule": "linear"}
    (tmp_path / "grid.json").write_text(json.dumps(about | {"baseline_on_other_folds": chosen}))
    first, second, *_ = headline_of_grid(tmp_path)
    assert first.partition(" (nobody chose one): ")[2] == (
        "fusion (chosen on other folds: product) 62.00 % [56.0, 68.0]; linear, as configured: 60.26 % [54.1, 66.4]"
    )
    assert second.startswith("accuracy of the configured rule differs from the baseline's in 2 of 3 settings")
    about |= {"baseline_rule": "chosen", "baseline_interval": [None, None]}
    (tmp_path / "grid.json").write_text(json.dumps(about | {"baseline_on_other_folds": chosen}))
    assert headline_of_grid(tmp_path)[0].endswith("(nobody chose one): 60.26 %")


def test_seeds_that_were_tested_on_different_clips_have_a_mean_and_no_deviation(tmp_path):
    about = ABOUT | {"baseline_deviation": None, "baseline_interval": [None, None]}
    (tmp_path / "grid.json").write_text(json.dumps(about))
    assert headline_of_grid(tmp_path)[0].endswith("(nobody chose one): mean 60.26 %, over 3 seeds")


@pytest.mark.parametrize("content", ["{}", "[]", "{", None])
def test_a_grid_without_a_complete_summary_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "grid.json").write_text(content)
    with pytest.raises(EmofusionError, match="has no complete summary"):
        headline_of_grid(tmp_path)


def test_a_report_that_is_not_whole_is_refused(published, tmp_path):
    publish(published("plain"), tmp_path / "copy", {}, tmp_path / "results", is_cell=True)
    for name in ("rules.csv", "summary.json", "provenance.json"):
        copy = tmp_path / "copy" / name
        content = copy.read_bytes()
        copy.unlink()
        with pytest.raises(EmofusionError, match=f"has no complete report.*{name}"):
            headline(tmp_path / "copy")
        copy.write_bytes(content)
    assert headline(tmp_path / "copy")


def test_it_is_quick_to_import():
    script = """
import sys
import emofusion.reporting.headline
heavy = {"pandas", "numpy", "matplotlib", "altair", "hydra", "torch"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", script], check=True)
