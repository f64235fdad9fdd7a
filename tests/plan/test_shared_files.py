"""Files that results have in common are stored once, and deleted when nobody has them any more."""

import pytest

from emofusion.plan.shared_files import SHARED, link, made_once, share, unneeded_files


@pytest.fixture
def folders(tmp_path):
    """Two folders with one file in common."""
    made = [tmp_path / "report" / name for name in ("one", "two")]
    for folder in made:
        folder.mkdir(parents=True)
        (folder / "curves.png").write_text("the same")
        (folder / "rules.csv").write_text(folder.name)
        share(folder, tmp_path)
    return made


def test_a_common_file_is_stored_once(folders, tmp_path):
    one, two = folders
    assert (one / "curves.png").samefile(two / "curves.png") and (two / "curves.png").read_text() == "the same"
    assert [(folder / "rules.csv").read_text() for folder in folders] == ["one", "two"]
    assert len(list((tmp_path / SHARED).iterdir())) == 3
    assert (one / "curves.png").stat().st_mode & 0o777 == 0o444


def test_a_shared_file_that_somebody_edited_is_not_taken_for_what_it_was(folders, tmp_path):
    one, two = folders
    (one / "curves.png").chmod(0o644)
    (one / "curves.png").write_text("another!")
    (two / "curves.png").unlink()
    (two / "curves.png").write_text("the same")
    share(two, tmp_path)
    assert (two / "curves.png").read_text() == "the same" and (one / "curves.png").read_text() == "another!"


def test_shared_files_are_needed_while_somebody_has_them(folders, tmp_path):
    one, two = folders
    figures = tmp_path / SHARED / "figures"
    figures.mkdir()
    link(one / "curves.png", figures / "curves.png")
    assert unneeded_files(tmp_path) == []
    for folder in (one, two):
        (folder / "curves.png").unlink()
    gone = unneeded_files(tmp_path)
    assert len(gone) == 2 and {path.read_text() for path in gone} == {"the same"} and figures / "curves.png" in gone


def test_a_file_that_two_jobs_make_at_once_is_whole(tmp_path):
    path = tmp_path / "figures" / "curves.png"
    with made_once(path) as one, made_once(path) as two:
        assert one != two and not path.exists()
        one.write_text("the same")
        two.write_text("the same")
    assert path.read_text() == "the same" and list(path.parent.iterdir()) == [path]
