"""The files that decide what a corpus holds: what is added, removed or changed is noticed."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from emofusion.corpora.folder import Folder
from emofusion.corpora.kdef import Kdef
from emofusion.corpora.ravdess import Ravdess
from emofusion.corpora.savee import Savee

# corpus: settings, a recording, another one, and files that do not count
CORPORA = {
    "kdef": (
        Kdef(),
        "KDEF/AF01/AF01ANS.JPG",
        "KDEF/AF01/AF01HAS.jpeg",
        ["ReadThis.txt", ".AF.JPG", ".x/AF01SAS.JPG"],
    ),
    "savee": (Savee(), "AudioData/DC/a01.wav", "JE_su02.flac", ["Info.txt", "DC/._a01.wav", "__MACOSX/DC/a01.wav"]),
    "ravdess": (
        Ravdess(media=["audio"]),
        "Actor_12/03-01-05-02-01-02-12.wav",
        "01-01-05-02-01-02-12.mp4",
        ["03-01-05-02-01-02-12.csv", "notes.txt"],
    ),
}


@pytest.fixture(params=CORPORA)
def tree(request, tmp_path):
    corpus, first, second, others = CORPORA[request.param]
    for name in (first, *others):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return replace(corpus, root=str(tmp_path)), tmp_path / first, tmp_path / second


def state(corpus):
    """What somebody who compares path, size and time would see."""
    sources = corpus.sources()
    assert sources == sorted(set(sources))
    return [(path, path.stat().st_size, path.stat().st_mtime_ns) for path in sources]


def change_is_noticed(corpus, path):
    before = state(corpus)
    path.write_text("another recording")
    assert state(corpus) != before
    before = state(corpus)
    os.utime(path, ns=(1, 1))  # of the same size
    assert state(corpus) != before


def test_a_recording_that_is_added_removed_or_changed_is_noticed(tree):
    corpus, first, second = tree
    assert corpus.sources() == [first]
    second.write_text("one more")
    assert set(corpus.sources()) == {first, second}
    change_is_noticed(corpus, first)
    first.unlink()
    assert corpus.sources() == [second]


def test_archives_in_the_root_count_and_are_not_opened(tree):
    corpus, first, _ = tree
    archive = Path(corpus.root) / "AudioData.zip"
    archive.write_text("no archive at all")
    (first.parent / "inner.zip").write_text("an archive that lies deeper is not read")
    (Path(corpus.root) / "half.zip.partial").write_text("fetched in part")
    assert set(corpus.sources()) == {first, archive}
    change_is_noticed(corpus, archive)
    assert replace(corpus, root=str(archive)).sources() == [archive]


def test_nothing_where_there_is_no_root(tmp_path):
    for corpus, *_ in CORPORA.values():
        assert replace(corpus, root=str(tmp_path / "nowhere")).sources() == []
        assert replace(corpus, root="").sources() == []


def test_a_folder_that_is_linked_twice_counts_once(tree):
    corpus, first, _ = tree
    (Path(corpus.root) / "again").symlink_to(first.parent, target_is_directory=True)
    (Path(corpus.root) / "loop").symlink_to(corpus.root, target_is_directory=True)
    assert len(corpus.sources()) == 1


def test_the_sources_of_ravdess_are_those_of_the_medium(tmp_path):
    names = ["03-01-05-02-01-02-12.wav", "02-01-05-02-01-02-12.mp4", "01-01-05-02-01-02-12.csv", "openface_au_mean.csv"]
    for name in names:
        (tmp_path / name).write_text(name)
    ravdess = Ravdess(root=str(tmp_path))

    def of_medium(medium):
        return sorted(path.name for path in ravdess.for_medium(medium).sources())

    assert of_medium("audio") == sorted(names[:2])  # a video holds sound too
    assert of_medium("video") == [names[1]]
    assert of_medium("action_units") == sorted(names[2:])
    assert len(ravdess.sources()) == 4
    table = tmp_path / "theirs.parquet"
    scored = ravdess.without_recordings(str(table))
    assert scored.sources() == []
    table.write_text("scores")
    assert scored.sources() == [table]
    change_is_noticed(scored, table)


@pytest.fixture
def own(tmp_path):
    for name in ("sound/a.wav", "sound/b.wav", "sound/unnamed.wav", "faces/a.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    table = tmp_path / "clips.csv"
    table.write_text(
        "clip,actor,gender,emotion,audio,image\nx,1,f,sad,sound/a.wav,faces/a.jpg\ny,1,f,sad,sound/b.wav,\n"
        "z,1,f,sad,sound/missing.wav,\nxx,1,f,sad,sound/a.wav,\n"
    )
    return Folder(root=str(tmp_path), table=str(table))


def test_the_sources_of_a_folder_are_its_csv_file_and_the_recordings_that_it_names(own, tmp_path):
    named = [tmp_path / "clips.csv", tmp_path / "faces/a.jpg", tmp_path / "sound/a.wav", tmp_path / "sound/b.wav"]
    assert own.sources() == named
    change_is_noticed(own, tmp_path / "sound" / "a.wav")
    (tmp_path / "sound" / "missing.wav").write_text("here it is")
    assert own.sources() == [*named, tmp_path / "sound" / "missing.wav"]
    (tmp_path / "sound" / "b.wav").unlink()
    assert tmp_path / "sound" / "b.wav" not in own.sources()
    assert replace(own, exclude=["sound/*"]).sources() == named[:2]
    change_is_noticed(own.without_recordings("theirs.csv"), tmp_path / "clips.csv")
    assert own.without_recordings("theirs.csv").sources() == named[:1]


@pytest.mark.parametrize("content", [b"clip;actor\n", b"actor,gender,emotion,audio\n\xff\xfe,f,sad,a.wav\n"])
def test_a_csv_file_that_cannot_be_read_is_a_source_all_the_same(own, content):
    Path(own.table).write_bytes(content)
    assert own.sources() == [Path(own.table)]
    Path(own.table).unlink()
    assert own.sources() == []
