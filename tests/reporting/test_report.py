"""The whole report: its files, what the page says, and what is refused."""

from dataclasses import replace

import matplotlib as mpl
import pandas as pd
import pytest

from emofusion.errors import EmofusionError
from emofusion.reporting import write_report

PROVENANCE = {"key": "made-up-1", "commit": "c0ffee", "MLflow run": "42"}
COMPARED = [
    "rules", "subsets", "gender", "narrowed", "pairs", "fairness", "confusion", "parameters", "marks",
    "sweep", "sweep_gaps", "sweep_confusion",
]  # fmt: skip


def test_the_report_is_whole_and_the_same_each_time(results, settings, tmp_path):
    write_report(tmp_path / "one", results, settings, PROVENANCE)
    with mpl.rc_context({"font.size": 20, "lines.linewidth": 9}):  # a user's own taste
        write_report(tmp_path / "two", results, settings, PROVENANCE)
    files = {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()}
    assert set(files) == {
        "table1.csv", "table1.md", "table2.csv", "table2.md", "comparison.csv", "summary.md",
        "report.html", "sweep.png",
        *(f"{name}.csv" for name in COMPARED),
        "confusion_speech.png", "confusion_face.png", "confusion_fusion.png", "curves_speech.png", "curves_face.png",
    }  # fmt: skip
    assert files == {path.name: path.read_bytes() for path in (tmp_path / "two").iterdir()}

    first = pd.read_csv(tmp_path / "one" / "table1.csv").set_index("emotion")
    swept = pd.read_csv(tmp_path / "one" / "sweep.csv")
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


def test_a_leaking_demo_says_so_on_the_page_and_in_every_csv(results, settings, tmp_path):
    settings["protocol"] |= {"name": "random_clips", "leaks_speakers": True}
    settings["demo"] = True
    write_report(tmp_path, replace(results, histories={}, models={}), settings, PROVENANCE)
    html = (tmp_path / "report.html").read_text()
    assert "the protocol random_clips has the same speakers" in html and "generated demo data" in html
    page = (tmp_path / "summary.md").read_text()
    assert "> **WARNING: the protocol random_clips" in page and "generated demo data" in page
    for name in ("table1", "table2", *COMPARED):
        table = pd.read_csv(tmp_path / f"{name}.csv")
        assert table["leaks_speakers"].all() and set(table["data"]) == {"generated demo data"}
    assert not list(tmp_path.glob("curves_*"))


def test_what_does_not_rest_on_the_same_clips_once_is_refused(results, settings, tmp_path):
    fewer = results.modalities | {"face": results.modalities["face"][:-1]}
    with pytest.raises(EmofusionError, match="face and the fusion were not tested on the same clips"):
        write_report(tmp_path / "out", replace(results, modalities=fewer), settings, PROVENANCE)
    twice = pd.concat([results.fused, results.fused.tail(1).assign(fold=9)])
    with pytest.raises(EmofusionError, match="the fusion predictions test 1 clips in several folds"):
        write_report(tmp_path / "out", replace(results, fused=twice), settings, PROVENANCE)
    assert not (tmp_path / "out").exists()
