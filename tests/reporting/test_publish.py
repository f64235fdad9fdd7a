"""What lies in a folder after a report is published there: the new report, and what is somebody else's."""

import json

import pytest

from emofusion.reporting.publish import OF_CELLS, publish


@pytest.fixture
def report(tmp_path):
    """A function that makes a report's folder from names of files."""

    def make(name: str, *files: str):
        folder = tmp_path / name
        folder.mkdir()
        for file in files:
            (folder / file).write_text(f"{name}: {file}")
        (folder / ".snakemake_timestamp").write_text("")
        return folder

    return make


def content(folder) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


def test_the_new_report_takes_the_place_of_the_old_one(report, tmp_path):
    three = report("three", "rules.csv", "confusion_text.png", "report.html")
    two = report("two", "rules.csv", "report.html", "summary.md")
    out = tmp_path / "reports" / "demo"
    publish(three, out, {"report": "three"})
    (out / "notes of mine.txt").write_text("mine")
    (out / "seed=1").mkdir()
    files = publish(two, out, {"report": "two"})
    assert [path.name for path in files] == [
        "provenance.json",
        "published.json",
        "report.html",
        "rules.csv",
        "summary.md",
    ]
    shown = content(out)
    assert set(shown) == {*(path.name for path in files), "notes of mine.txt"} and (out / "seed=1").is_dir()
    assert shown["rules.csv"] == "two: rules.csv" and json.loads(shown["provenance.json"]) == {"report": "two"}
    assert json.loads(shown["published.json"]) == {"files": [path.name for path in files]}
    publish(three, out, {"report": "three"})
    assert set(content(out)) == {
        "rules.csv", "confusion_text.png", "report.html", "provenance.json", "published.json", "notes of mine.txt",
    }  # fmt: skip


def test_a_file_of_mine_that_has_a_reports_name_stays_where_no_report_put_it(report, tmp_path):
    out = tmp_path / "out"
    publish(report("one", "rules.csv"), out, {})
    (out / "curves_mine.png").write_text("mine")
    publish(report("two", "rules.csv"), out, {})
    assert content(out)["curves_mine.png"] == "mine"


def test_a_folder_of_the_old_version_loses_all_files_of_its_report(report, tmp_path):
    out = report(
        "old", "table1.md", "marks.csv", "curves_face.png", "confusion_text.png", "provenance.json", "mine.txt"
    )
    publish(report("new", "rules.csv"), out, {})
    assert {name for name in content(out) if not name.startswith(".")} == {
        "rules.csv", "mine.txt", "provenance.json", "published.json",
    }  # fmt: skip


def test_a_table_of_an_earlier_commands_cells_does_not_stay(report, tmp_path):
    out = tmp_path / "out"
    publish(report("one", "rules.csv"), out, {})
    for name in OF_CELLS:
        (out / name).write_text("")
    publish(report("two", "rules.csv"), out, {})
    assert not {*OF_CELLS} & set(content(out))


def test_the_next_publication_removes_what_an_interrupted_one_left(report, tmp_path, monkeypatch):
    out = tmp_path / "out"
    publish(report("one", "rules.csv", "curves_face.png"), out, {"report": "one"})
    copied = []

    def copy(source, target):
        if copied:
            raise KeyboardInterrupt
        copied.append(target)
        target.write_text(source.read_text())

    with monkeypatch.context() as patched:
        patched.setattr("emofusion.reporting.publish.shutil.copyfile", copy)
        with pytest.raises(KeyboardInterrupt):
            publish(report("two", "confusion_face.png", "rules.csv"), out, {"report": "two"})
    assert "provenance.json" not in content(out)  # nobody can take it for a whole report
    (out / "rules.csv.partial").write_text("half of it")
    publish(report("three", "sweep.png"), out, {"report": "three"})
    assert set(content(out)) == {"sweep.png", "provenance.json", "published.json"}


def test_a_damaged_list_deletes_nothing_of_others(report, tmp_path):
    out = report("out", "table2.csv", "mine.txt")
    (out / "published.json").write_text('{"files": ["../two/rules.csv", "mine')
    publish(report("new", "rules.csv"), out, {})
    assert "table2.csv" not in content(out) and "mine.txt" in content(out)
    outside = tmp_path / "outside.txt"
    outside.write_text("mine")
    (out / "published.json").write_text(json.dumps({"files": ["../outside.txt"]}))
    publish(report("newer", "rules.csv"), out, {})
    assert outside.is_file()
