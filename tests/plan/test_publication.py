"""What is published: whether it shows what a command asks for, and what of earlier commands is taken away."""

import json
import os
import shutil
from pathlib import Path

import pytest

from emofusion.errors import EmofusionError
from emofusion.plan import fingerprint, publication
from emofusion.plan.publication import (
    CELLS,
    PUBLISHED,
    contents_of,
    drop_earlier,
    mark,
    note_stale,
    provenance_of,
    read_publication,
    shown_by_cells,
    shown_by_report,
    stale_publications,
    tidy,
)
from emofusion.plan.records import RECORD


@pytest.fixture
def reports(tmp_path):
    return tmp_path / "results" / "reports"


def published(reports, place, files=("table1.csv", "report.html"), name=PUBLISHED):
    folder = reports / place
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        (folder / file).write_text("shown")
    mark(folder / name, "something", files)


def files_of(reports):
    return sorted(path.relative_to(reports).as_posix() for path in reports.rglob("*") if path.is_file())


def test_cells_that_are_not_published_any_more_disappear(reports):
    for place in ("demo/seed=0", "demo/seed=1", "posteriors"):
        published(reports, place)
    published(reports, "demo", ("cells.csv", "cells_pairs.csv"), CELLS)
    tidy(reports, "demo", ["demo/seed=1", "demo/seed=2"])
    assert not (reports / "demo" / "seed=0").exists()
    assert sorted(path.name for path in (reports / "demo" / "seed=1").iterdir()) == [
        PUBLISHED,
        "report.html",
        "table1.csv",
    ]
    assert (reports / "demo" / "cells.csv").is_file() and (reports / "posteriors" / "report.html").is_file()


def test_one_report_takes_the_place_of_cells_and_of_their_tables(reports):
    published(reports, "demo/seed=0")
    published(reports, "demo")
    published(reports, "demo", ("cells.csv", "cells_pairs.csv"), CELLS)
    tidy(reports, "demo", ["demo"])
    assert files_of(reports) == ["demo/published.json", "demo/report.html", "demo/table1.csv"]


def test_files_of_an_earlier_summary_disappear_and_others_stay(reports):
    published(reports, "demo", ("cells.csv", "cells_pairs.csv"), CELLS)
    (reports / "demo" / "notes.txt").write_text("mine")
    drop_earlier(reports / "demo" / CELLS, ["cells.csv", "settings.csv"])
    assert files_of(reports) == ["demo/cells.csv", "demo/cells.json", "demo/notes.txt"]
    drop_earlier(reports / "none" / CELLS, ["cells.csv"])


def test_cells_take_the_place_of_one_report(reports):
    published(reports, "demo")
    tidy(reports, "demo", ["demo/seed=0"])
    assert not (reports / "demo").exists()


def test_files_of_anybody_else_stay(reports):
    published(reports, "demo/seed=0")
    (reports / "demo" / "seed=0" / "notes.txt").write_text("mine")
    (reports / "demo" / "mine").mkdir()
    (reports / "demo" / "mine" / "table1.csv").write_text("mine")
    (reports / "other.txt").write_text("mine")
    tidy(reports, "demo", ["demo"])
    assert files_of(reports) == ["demo/mine/table1.csv", "demo/seed=0/notes.txt", "other.txt"]


def test_a_publication_deletes_nothing_outside_of_its_folder(reports):
    (reports / "precious.txt").parent.mkdir(parents=True)
    (reports / "precious.txt").write_text("mine")
    published(reports, "demo/seed=0", ())
    names = ["../../precious.txt", str(reports / "precious.txt")]
    (reports / "demo" / "seed=0" / PUBLISHED).write_text(json.dumps({"shows": "x", "files": names}))
    tidy(reports, "demo", ["demo"])
    assert files_of(reports) == ["precious.txt"]


def test_a_folder_that_the_job_of_another_cell_has_taken_away_is_no_error(reports, monkeypatch):
    published(reports, "demo/seed=0")
    rmdir = Path.rmdir

    def other_was_faster(self):
        rmdir(self)
        rmdir(self)

    monkeypatch.setattr(Path, "rmdir", other_was_faster)
    tidy(reports, "demo", ["demo"])
    assert files_of(reports) == []


@pytest.mark.parametrize("text", ["", "[1]", "{", '{"files": '])
def test_a_publication_that_cannot_be_read_says_nothing(tmp_path, text):
    (tmp_path / PUBLISHED).write_text(text)
    assert read_publication(tmp_path / PUBLISHED) == {} == read_publication(tmp_path / "none.json")


class Published:
    """A plan of two cells whose reports are both the stage `twice`, made and published."""

    def __init__(self, two_stages):
        self.made, self.reports = two_stages, two_stages.results / "reports"
        (two_stages.repository / "workflow" / "scripts" / "compare.py").write_text("VALUE = 1\n")
        two_stages.run()
        self.publish()

    def publish(self):
        plan, repository = self.made.plan, self.made.repository
        contents = contents_of(plan, plan.stages, self.made.results)
        for place in plan.cells:
            (self.reports / place).mkdir(parents=True, exist_ok=True)
            (self.reports / place / "provenance.json").write_text("{}")
            files = ["provenance.json", "table1.csv", "summary.json", PUBLISHED]
            for name in files[1:3]:
                (self.reports / place / name).write_text("figures")
            mark(self.reports / place / PUBLISHED, shown_by_report(plan, place, contents), files)
        if len(plan.cells) > 1:
            (self.reports / "two" / "cells.csv").write_text("cells")
            mark(self.reports / "two" / CELLS, shown_by_cells(plan, contents, repository), ["cells.csv"])

    def stale(self):
        made = self.made
        files = stale_publications(made.plan, made.examine(), made.results, made.repository)
        return {Path(file).relative_to(self.reports).as_posix() for file in files}


@pytest.fixture
def shown(two_stages):
    yield Published(two_stages)
    fingerprint.clear_caches()


def test_a_publication_is_current_while_its_results_settings_and_code_are_the_same(shown):
    assert shown.stale() == set()
    os.utime(shown.reports / "two" / "provenance.json", ns=(1, 1))
    assert shown.stale() == set()


@pytest.mark.parametrize("damage", ["unmarked", "other setting", "other code", "stale result", "deleted result"])
def test_a_publication_that_shows_something_else_is_stale(shown, damage, monkeypatch):
    made = shown.made
    if damage == "unmarked":
        (shown.reports / "two" / PUBLISHED).unlink()
    elif damage == "other setting":
        made.plan = made.planned(times=3)
        made.run()
    elif damage == "other code":
        monkeypatch.setattr(publication, "_code", lambda module: f"other code of {module}")
    elif damage == "stale result":
        made.source.write_text("another text")
    else:
        shutil.rmtree(made.results / next(iter(made.plan.stages)))
    assert shown.stale() == {"two/provenance.json"}


def test_only_publications_that_are_there_are_stale(shown):
    shutil.rmtree(shown.reports)
    assert shown.stale() == set()


def test_tables_of_cells_follow_their_cells(shown):
    made = shown.made
    made.plan = made.planned(places=["two/a=1", "two/a=2"])
    shown.publish()
    assert shown.stale() == set()
    made.plan = made.planned(places=["two/a=1", "two/a=3"])
    assert shown.stale() == {"two/cells.csv"}
    made.plan = made.planned(places=["two/a=1", "two/a=2"])
    (made.repository / "workflow" / "scripts" / "compare.py").write_text("VALUE = 2\n")
    fingerprint.clear_caches()
    assert shown.stale() == {"two/cells.csv"}


def test_provenance_names_stages_settings_and_versions(shown):
    made = shown.made
    provenance, contents = provenance_of(made.plan, "two", made.results)
    assert (
        set(contents)
        == set(made.plan.stages)
        == {f"{kind}/{key}" for kind, keys in provenance["stages"].items() for key in keys}
    )
    assert provenance["report"] == made.plan.cells["two"].report.partition("/")[2]
    assert set(provenance["versions"]) == set(provenance["made"]) == set(made.plan.stages)
    assert provenance["overrides"] == [] and provenance["settings"] == {"place": "two"}


def test_a_result_without_a_record_is_told_with_its_folder(shown):
    made = shown.made
    name = next(iter(made.plan.stages))
    (made.results / name / RECORD).unlink()
    with pytest.raises(EmofusionError, match=f"{name} has no record of what made it; delete the folder"):
        contents_of(made.plan, made.plan.stages, made.results)


def test_a_note_is_newer_than_all_that_it_names_and_never_like_another(tmp_path):
    files = [tmp_path / "a", tmp_path / "b"]
    for file in files:
        file.write_text("")
    os.utime(files[1], (4e9, 4e9))  # a wrong clock
    note = tmp_path / "plans" / "stale.txt"
    note_stale(note, map(str, files))
    assert note.stat().st_mtime > files[1].stat().st_mtime
    assert note.read_text().splitlines()[1:] == [str(file) for file in files]
    first = note.read_text()
    note_stale(note, map(str, files))
    assert note.read_text() != first


@pytest.mark.parametrize("damage", ["deleted", "edited", "edited to the same length", "a list of names"])
@pytest.mark.parametrize("name", ["two/a=1/table1.csv", "two/a=1/summary.json", "two/cells.csv"])
def test_a_published_file_that_is_not_as_it_was_published_makes_its_publication_stale(shown, damage, name):
    made, file = shown.made, shown.reports / name
    made.plan = made.planned(places=["two/a=1", "two/a=2"])
    shown.publish()
    of_cells = name == "two/cells.csv"
    mark_file = file.with_name(CELLS if of_cells else PUBLISHED)
    text = file.read_text()
    if damage == "deleted":
        file.unlink()
    elif damage == "edited":
        file.write_text(f"{text} and more")
    elif damage == "edited to the same length":
        file.write_text(text.upper())
    else:  # what an earlier version of emofusion wrote
        held = json.loads(mark_file.read_text())
        mark_file.write_text(json.dumps({**held, "files": list(held["files"])}))
    shown_by = "two/cells.csv" if of_cells else "two/a=1/provenance.json"
    assert shown.stale() == (set() if damage == "deleted" and of_cells else {shown_by})  # Snakemake makes what is gone


def test_published_files_with_other_times_and_the_same_content_are_current(shown):
    for path in shown.reports.rglob("*"):
        os.utime(path, ns=(5, 5))
    assert shown.stale() == set()
