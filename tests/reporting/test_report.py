"""The whole report: its files, what the page says, and what is refused."""

import re
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from emofusion.errors import EmofusionError
from emofusion.reporting.facts import Facts
from emofusion.reporting.provenance import all_versions
from emofusion.reporting.report import file_of, write_report
from emofusion.reporting.report_page.packing import unpacked
from emofusion.reporting.summary import summary

COMPARED = [
    "rules", "subsets", "gender", "narrowed", "pairs", "fairness", "confusion", "parameters", "annotations",
    "sweep", "sweep_gaps", "sweep_confusion", "robustness", "actors", "classes", "folds", "reliability", "variance",
]  # fmt: skip


def page_in(folder) -> str:
    return unpacked((folder / "report.html").read_text(encoding="utf-8"))


def test_the_report_is_whole_and_the_same_each_time(results, settings, provenance, tmp_path):
    write_report(tmp_path / "one", results, settings, provenance)
    with mpl.rc_context({"font.size": 20, "lines.linewidth": 9}):  # a user's own taste
        write_report(tmp_path / "two", results, settings, provenance)
    files = {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()}
    assert set(files) == {
        "table1.csv", "table1.md", "table2.csv", "table2.md", "comparison.csv", "summary.md", "summary.json",
        "report.html", "sweep.png", "reliability.png", "trained.csv",
        *map(file_of, COMPARED),
        "confusion_speech.png", "confusion_face.png", "confusion_fusion.png", "curves_speech.png", "curves_face.png",
    }  # fmt: skip
    assert files == {path.name: path.read_bytes() for path in (tmp_path / "two").iterdir()}

    first = pd.read_csv(tmp_path / "one" / "table1.csv").set_index("emotion")
    swept = pd.read_csv(tmp_path / "one" / "sweep.csv.gz")
    test = swept.query("split == 'test' and gender == 'all'")
    configured = test.query("rule == 'linear' and weight_speech == 0.7").set_index("emotion")
    assert first.loc["all", "fusion_accuracy"] == configured.loc["all", "accuracy"]
    assert first.loc["all", "clips"] == configured.loc["all", "clips"] == 160
    assert set(swept["protocol"]) == {"speaker_independent"} and not swept["leaks_speakers"].any()

    page = files["summary.md"].decode()
    assert page.startswith("# A made-up experiment\n")
    assert files["table1.md"].decode().strip() in page and files["table2.md"].decode().strip() in page
    assert "8 test clips were left out." in page and "linear, 0.7 speech + 0.3 face" in page
    assert all(f"]({name})" in page for name in files if name.endswith(".png"))
    counts = next(line for line in page.splitlines() if line.startswith("| all "))
    assert [cell.strip() for cell in counts.strip("|").split("|")] == ["all", "40 (3)", "120 (6)", "160 (9)"]
    assert "WARNING" not in page and "demo data" not in page


def test_a_leaking_demo_says_so_on_the_page_and_in_every_csv(results, settings, provenance, tmp_path):
    settings = replace(settings, protocol="random_clips", leaks_speakers=True, generated=True)
    write_report(tmp_path, replace(results, histories={}, models={}), settings, provenance)
    html = page_in(tmp_path)
    assert "the protocol random_clips has the same speakers" in html and "generated demo data" in html
    page = (tmp_path / "summary.md").read_text()
    assert "> **WARNING: the protocol random_clips" in page and "generated demo data" in page
    for name in ("table1", "table2", *COMPARED):
        table = pd.read_csv(tmp_path / file_of(name))
        assert table["leaks_speakers"].all() and set(table["data"]) == {"generated demo data"}
    assert not list(tmp_path.glob("curves_*"))


def test_html_in_settings_is_text_in_the_summary(results, settings, provenance):
    title, tag = "<b>Mine</b> <img src=x onerror=alert(1)>\n# and more", "<script>alert(1)</script>"
    own = replace(settings, title=title, protocol_description=tag, classes=[tag, *settings.classes])
    facts = Facts(own, notes=[tag])
    text = summary(
        results.fused, f"chosen: {tag}", {"Tables": "text"}, {"x.png": f"{tag} in a caption"}, facts, provenance
    )
    assert text.startswith("# &lt;b>Mine&lt;/b> &lt;img src=x onerror=alert(1)> # and more\n")
    assert "<" not in text.replace("&lt;", "") and text.count("&lt;script>") == 5


def test_a_confusion_matrix_is_said_to_show_the_clips_that_a_modality_has(results, settings, provenance, tmp_path):
    tables = {name: table.copy() for name, table in results.modalities.items()}
    for name, number in (("face", 7), ("speech", 1)):
        lacks = tables[name].index[tables[name]["split"] == "test"][:number]
        tables[name].loc[lacks, tables[name].filter(like="logit_").columns] = np.nan
    write_report(tmp_path, replace(results, modalities=tables), settings, provenance)
    page = (tmp_path / "summary.md").read_text()
    assert "against predicted emotions, the 153 of 160 test clips that it has." in page
    assert "against predicted emotions, the 159 of 160 test clips that it has." in page
    # of the fusion alone: once in place of the picture, and once below it
    assert page.count("against predicted emotions, 160 test clips.") == 2


def test_what_does_not_rest_on_the_same_clips_once_is_refused(results, settings, provenance, tmp_path):
    fewer = results.modalities | {"face": results.modalities["face"][:-1]}
    with pytest.raises(EmofusionError, match="face and the fusion were not tested on the same clips"):
        write_report(tmp_path / "out", replace(results, modalities=fewer), settings, provenance)
    twice = pd.concat([results.fused, results.fused.tail(1).assign(fold=9)])
    with pytest.raises(EmofusionError, match="the fusion predictions test 1 clips in several folds"):
        write_report(tmp_path / "out", replace(results, fused=twice), settings, provenance)
    assert not (tmp_path / "out").exists()


def test_the_page_and_the_summary_name_the_libraries_and_what_was_accepted(results, settings, provenance, tmp_path):
    write_report(tmp_path / "own", results, settings, provenance)
    for text in (page_in(tmp_path / "own"), (tmp_path / "own" / "summary.md").read_text()):
        assert "numpy 2.3.4, torch 2.9.0" in text and "accept_other_versions" not in text
    sentences = [
        "model/speech-1a2b was made with scikit-learn 1.7.2; 1.8.0 is installed; accept_other_versions=true took it",
        "features/acoustic-3c4d was made with numpy 2.2.0; 2.3.4 is installed; accept_other_versions=true took it",
    ]
    write_report(tmp_path / "accepted", results, settings, replace(provenance, accepted=sentences))
    summary = (tmp_path / "accepted" / "summary.md").read_text()
    before = summary.partition("## What was tested")[0]
    assert "> **2 results were made with other library versions than the installed ones" in before
    assert all(f"> **{sentence}**" in before for sentence in sentences)
    page = page_in(tmp_path / "accepted")
    header = page.partition("<header>")[2].partition("</header>")[0]
    assert header.count('class="warning" role="note"') == 3 and all(sentence in header for sentence in sentences)
    # tables and figures have room for one line
    table = (tmp_path / "accepted" / "table1.md").read_text()
    assert "2 results were made with other library versions" in table and "scikit-learn" not in table


def test_without_tracking_the_page_says_so(results, settings, provenance, tmp_path):
    write_report(tmp_path, results, settings, replace(provenance, tracked=False))
    assert "<dt>MLflow</dt><dd><code>not tracked</code></dd>" in page_in(tmp_path)


def test_only_the_metrics_that_are_set_are_shown(results, settings, provenance, tmp_path):
    write_report(tmp_path, results, replace(settings, metrics=["log_loss", "accuracy"]), provenance)
    rules = pd.read_csv(tmp_path / "rules.csv")
    assert {"accuracy", "log_loss", "log_loss_low"} <= set(rules) and not {"brier", "macro_f1"} & set(rules)
    html = page_in(tmp_path)
    assert ">Log loss" in html and "Macro F1" not in html and "Brier" not in (tmp_path / "summary.md").read_text()


def test_what_is_fitted_at_once_has_no_picture_of_its_training(results, settings, provenance, tmp_path):
    histories = {name: dict(networks) for name, networks in results.histories.items()}
    histories["face"] = {"mlp": histories["face"]["mlp"].query("epoch == 0")}
    histories["speech"]["lstm"] = histories["speech"]["lstm"].query("epoch == 0")
    write_report(tmp_path, replace(results, histories=histories), settings, provenance)
    text = (tmp_path / "summary.md").read_text()
    assert "Speech: loss and accuracy of cnn1d during training." in text and "of mlp during" not in text
    # the workflow expects the file of each trained modality
    assert (tmp_path / "curves_face.png").is_file() and "curves_face.png" not in text


def test_a_level_with_a_decimal_is_written_whole(results, settings, provenance, tmp_path):
    write_report(tmp_path, results, replace(settings, confidence=0.975), provenance)
    text = (tmp_path / "summary.md").read_text()
    assert text.count("97.5% intervals over actors") >= 3 and "98%" not in re.findall(r"\S+(?= intervals)", text)


def test_versions_of_several_stages_are_joined():
    stages = [{"torch": "2.9.0", "numpy": "2.3.4"}, {"numpy": "2.2.0"}, {"numpy": "2.3.4", "librosa": "0.11.0"}]
    assert all_versions(stages) == {"librosa": "0.11.0", "numpy": "2.2.0 and 2.3.4", "torch": "2.9.0"}
