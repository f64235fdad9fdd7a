"""The whole comparison on published posteriors, by the command that the README names; its page against its CSVs."""

import os
import subprocess
import sys

import pandas as pd
import pytest

from emofusion.reporting.wording import percent


@pytest.fixture(scope="module")
def report(repository, real_data, tmp_path_factory):
    """The folder of the finished report."""
    folder = tmp_path_factory.mktemp("posteriors")
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(repository / "Snakefile"), "--cores", "2"]
    command += ["--directory", str(folder), "--config", "experiment=posteriors", "override=tracking=off"]
    environment = os.environ | {"EMOFUSION_REAL_DATA": str(real_data)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "results/reports/posteriors"


def test_the_rules_have_the_accuracies_that_others_found_too(report):
    """The first five are given with the data; the others were measured here and are what must not be lost."""
    rules = pd.read_csv(report / "rules.csv").set_index("rule")
    found = rules["accuracy"].round(5).to_dict()
    assert {name: found[name] for name in ("speech", "face", "linear", "product_equal", "log_linear")} == {
        "speech": 0.81944, "face": 0.60417, "linear": 0.82431, "product_equal": 0.87222, "log_linear": 0.875,
    }  # fmt: skip
    assert found["product_tuned"] == 0.87639 and found["product_by_speaker"] == 0.89375
    assert rules.loc["log_linear", "calibration_error"] < 0.03
    assert (
        rules.loc["product_by_speaker", "transductive"] and "transductive" in rules.loc["product_by_speaker", "label"]
    )
    assert (rules["clips"] == 1440).all() and (rules["actors"] == 24).all()
    pairs = pd.read_csv(report / "pairs.csv.gz").set_index(["first", "second"])
    better = pairs.loc[("linear", "log_linear")]
    assert better["difference"] < 0 and better["high"] < 0 and better["sign_flip_p_max_t"] < 0.01
    tested = (rules["kind"] != "oracle").sum()
    assert better["compared"] == tested * (tested - 1) // 2
    assert found["chosen"] == 0.87639 and "product_tuned" in rules.loc["chosen", "label"]


def test_every_number_that_the_slider_shows_is_one_of_the_csv(report, opened):
    tables = {name: pd.read_csv(report / f"{name}.csv.gz") for name in ("sweep", "sweep_gaps", "sweep_confusion")}
    tab = opened(path=report / "report.html")
    for rule, weight in (("linear", 0.7), ("linear", 0.48), ("product", 0.45), ("product", 0.0), ("linear", 1.0)):
        tab.choose(rule)
        tab.move(weight)
        tab.expect(tables, rule, {"speech": weight, "face": round(1 - weight, 2)})


def test_the_tables_of_the_page_hold_what_the_csvs_hold(report, opened):
    rules = pd.read_csv(report / "rules.csv")
    tab = opened(path=report / "report.html")
    rows = tab.page.eval_on_selector_all(
        "#table-rules tbody tr",
        "rows => rows.map(row => [...row.cells].map(cell => cell.dataset.sort ?? cell.innerText))",
    )
    assert len(rows) == len(rules)
    by_label = {row[0]: row for row in rows}
    for rule in rules.itertuples():
        cells = by_label[rule.label]
        for value in (rule.accuracy, rule.unweighted_average_recall, rule.macro_f1, rule.log_loss, rule.brier):
            assert any(float(cell) == float(f"{value:.6g}") for cell in cells if _is_number(cell)), rule.rule
    shown = tab.page.inner_text("#table-rules")
    assert all(percent(value) in shown for value in rules["accuracy"])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
