"""What lies in a folder after a report is published there: the new report, and what is somebody else's."""

import json

import pytest

from emofusion.reporting.publish import OF_CELLS, publish
from emofusion.reporting.report_page.packing import library_name, packed

PAGE = """<head><meta http-equiv="Content-Security-Policy" content="script-src 'none'"><title>t</title></head>
<p>{}</p><script>/* the library of the charts */</script>"""


@pytest.fixture
def results(tmp_path):
    """The folder of all results, with a library of the charts that needs no making."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / library_name()).write_text("the library")
    return tmp_path


@pytest.fixture
def report(tmp_path):
    """A function that makes a report's folder from names of files."""

    def make(name: str, *files: str):
        folder = tmp_path / name
        folder.mkdir()
        for file in files:
            text = f"{name}: {file}"
            (folder / file).write_text(packed(PAGE.format(text)) if file == "report.html" else text)
        (folder / ".snakemake_timestamp").write_text("")
        return folder

    return make


def content(folder) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


def test_the_new_report_takes_the_place_of_the_old_one(report, results, tmp_path):
    three = report("three", "rules.csv", "confusion_text.png", "report.html")
    two = report("two", "rules.csv", "report.html", "summary.md")
    out = tmp_path / "reports" / "demo"
    publish(three, out, {"report": "three"}, results, is_cell=False)
    (out / "notes of mine.txt").write_text("mine")
    (out / "seed=1").mkdir()
    files = publish(two, out, {"report": "two"}, results, is_cell=False)
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
    publish(three, out, {"report": "three"}, results, is_cell=False)
    assert set(content(out)) == {
        "rules.csv", "confusion_text.png", "report.html", "provenance.json", "published.json", "notes of mine.txt",
    }  # fmt: skip


def test_a_file_of_mine_that_has_a_reports_name_stays_where_no_report_put_it(report, results, tmp_path):
    out = tmp_path / "out"
    publish(report("one", "rules.csv"), out, {}, results, is_cell=False)
    (out / "curves_mine.png").write_text("mine")
    publish(report("two", "rules.csv"), out, {}, results, is_cell=False)
    assert content(out)["curves_mine.png"] == "mine"


def test_a_folder_of_the_old_version_loses_all_files_of_its_report(report, results, tmp_path):
    out = report(
        "old", "table1.md", "marks.csv", "curves_face.png", "confusion_text.png", "provenance.json", "mine.txt"
    )
    publish(report("new", "rules.csv"), out, {}, results, is_cell=False)
    assert {name for name in content(out) if not name.startswith(".")} == {
        "rules.csv", "mine.txt", "provenance.json", "published.json",
    }  # fmt: skip


def test_a_table_of_an_earlier_commands_cells_does_not_stay(report, results, tmp_path):
    out = tmp_path / "out"
    publish(report("one", "rules.csv"), out, {}, results, is_cell=False)
    for name in OF_CELLS:
        (out / name).write_text("")
    publish(report("two", "rules.csv"), out, {}, results, is_cell=False)
    assert not {*OF_CELLS} & set(content(out))


def test_the_next_publication_removes_what_an_interrupted_one_left(report, results, tmp_path, monkeypatch):
    out = tmp_path / "out"
    publish(report("one", "rules.csv", "curves_face.png"), out, {"report": "one"}, results, is_cell=False)
    copied = []

    def copy(source, target):
        if copied:
            raise KeyboardInterrupt
        copied.append(target)
        target.write_text(source.read_text())

    with monkeypatch.context() as patched:
        patched.setattr("emofusion.reporting.publish.link", copy)
        with pytest.raises(KeyboardInterrupt):
            publish(report("two", "confusion_face.png", "rules.csv"), out, {"report": "two"}, results, is_cell=False)
    assert "provenance.json" not in content(out)  # nobody can take it for a whole report
    (out / "rules.csv.partial").write_text("half of it")
    (out / ".rules.csv.0a1b2c.partial").write_text("a link that got no name")
    publish(report("three", "sweep.png"), out, {"report": "three"}, results, is_cell=False)
    assert set(content(out)) == {"sweep.png", "provenance.json", "published.json"}


def test_a_damaged_list_deletes_nothing_of_others(report, results, tmp_path):
    out = report("out", "table2.csv", "mine.txt")
    (out / "published.json").write_text('{"files": ["../two/rules.csv", "mine')
    publish(report("new", "rules.csv"), out, {}, results, is_cell=False)
    assert "table2.csv" not in content(out) and "mine.txt" in content(out)
    outside = tmp_path / "outside.txt"
    outside.write_text("mine")
    (out / "published.json").write_text(json.dumps({"files": ["../outside.txt"]}))
    publish(report("newer", "rules.csv"), out, {}, results, is_cell=False)
    assert outside.is_file()


def test_a_single_report_has_a_whole_page(report, results, tmp_path):
    publish(report("one", "report.html", "rules.csv"), tmp_path / "out", {}, results, is_cell=False)
    page = (tmp_path / "out" / "report.html").read_text()
    assert "<p>one: report.html</p><script>the library</script>" in page


def test_the_cells_of_a_grid_share_the_library_and_are_links(report, results, tmp_path):
    made = {name: report(name, "report.html", "rules.csv") for name in ("one", "two")}
    for name, folder in made.items():
        publish(folder, tmp_path / "grid" / name, {}, results, is_cell=True)
    assert (tmp_path / "grid" / library_name()).samefile(tmp_path / "shared" / library_name())
    for name, folder in made.items():
        assert all((tmp_path / "grid" / name / file).samefile(folder / file) for file in ("report.html", "rules.csv"))


def test_files_are_copied_where_the_file_system_has_no_links(report, results, tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError("no links here")

    monkeypatch.setattr("os.link", refuse)
    folder = report("one", "rules.csv")
    publish(folder, tmp_path / "grid" / "one", {}, results, is_cell=True)
    published = tmp_path / "grid" / "one" / "rules.csv"
    assert published.read_text() == "one: rules.csv" and not published.samefile(folder / "rules.csv")
