"""The whole report: its files, what the page says, and what is refused."""

import matplotlib as mpl
import pandas as pd
import pytest

from emofusion.messages import EmofusionError
from emofusion.reporting import write_report


def test_the_report_is_whole_and_the_same_each_time(modalities, fusion, histories, models, settings, tmp_path):
    write_report(tmp_path / "one", modalities, *fusion, histories, models, settings)
    with mpl.rc_context({"font.size": 20, "lines.linewidth": 9}):  # a user's own taste
        write_report(tmp_path / "two", modalities, *fusion, histories, models, settings)
    files = {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()}
    assert set(files) == {
        "table1.csv", "table1.md", "table2.csv", "table2.md", "sweep.csv", "comparison.csv", "summary.md", "sweep.png",
        "confusion_speech.png", "confusion_face.png", "confusion_fusion.png", "curves_speech.png", "curves_face.png",
    }  # fmt: skip
    assert files == {path.name: path.read_bytes() for path in (tmp_path / "two").iterdir()}

    first = pd.read_csv(tmp_path / "one" / "table1.csv").set_index("emotion")
    swept = pd.read_csv(tmp_path / "one" / "sweep.csv")
    configured = swept.query("weight_speech == 0.7 and split == 'test' and gender == 'all'").set_index("emotion")
    assert first.loc["all", "fusion_accuracy"] == configured.loc["all", "accuracy"]
    assert first.loc["all", "clips"] == configured.loc["all", "clips"] == 160
    assert set(swept["protocol"]) == {"speaker_independent"} and not swept["leaks_speakers"].any()

    page = files["summary.md"].decode()
    assert page.startswith("# A made-up experiment\n")
    assert files["table1.md"].decode().strip() in page and files["table2.md"].decode().strip() in page
    assert "8 test clips were left out." in page and "linear, 0.7 speech + 0.3 face" in page
    assert all(f"]({name})" in page for name in files if name.endswith(".png"))
    counts = next(line for line in page.splitlines() if line.startswith("| all "))
    assert [cell.strip() for cell in counts.strip("|").split("|")] == ["all", "40 (1)", "120 (2)", "160 (3)"]
    assert "WARNING" not in page and "demo data" not in page


def test_a_leaking_demo_says_so_on_the_page_and_in_every_csv(modalities, fusion, settings, tmp_path):
    settings["protocol"] |= {"name": "random_clips", "leaks_speakers": True}
    settings["demo"] = True
    write_report(tmp_path, modalities, *fusion, {}, {}, settings)
    page = (tmp_path / "summary.md").read_text()
    assert "> **WARNING: the protocol random_clips" in page and "generated demo data" in page
    for name in ("table1", "table2", "sweep"):
        table = pd.read_csv(tmp_path / f"{name}.csv")
        assert table["leaks_speakers"].all() and set(table["data"]) == {"generated demo data"}
    assert not list(tmp_path.glob("curves_*"))


def test_what_does_not_rest_on_the_same_clips_once_is_refused(modalities, fusion, settings, tmp_path):
    fused, swept = fusion
    with pytest.raises(EmofusionError, match="face and the fusion were not tested on the same clips"):
        write_report(tmp_path / "out", modalities | {"face": modalities["face"][:-1]}, fused, swept, {}, {}, settings)
    twice = pd.concat([fused, fused.tail(1).assign(fold=9)])
    with pytest.raises(EmofusionError, match="the fusion predictions test 1 clips in several folds"):
        write_report(tmp_path / "out", modalities, twice, swept, {}, {}, settings)
    assert not (tmp_path / "out").exists()
