"""Members of archives: which are seen, and how they are extracted."""

import io
import tarfile
import zipfile
from pathlib import PurePosixPath

import pytest

from emofusion.corpora.common import archives
from emofusion.corpora.common.archives import entries, unpack
from emofusion.errors import EmofusionError


def zipped(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def names_of(root):
    return sorted(str(entry) for entry in entries(root, (".wav",)))


def test_tree_and_archives_without_what_is_hidden(tmp_path):
    (tmp_path / "a" / ".hidden").mkdir(parents=True)
    for name in ("a/1.WAV", "a/._1.wav", "a/.hidden/2.wav", "a/3.txt"):
        (tmp_path / name).write_text(name)
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    zipped(tmp_path / "b.zip", {"x/4.wav": "4", "__MACOSX/x/._4.wav": "", "x/5.txt": "5", "y\\6.wav": "6"})
    zipped(tmp_path / "c.zip.partial", {"7.wav": "7"})
    assert names_of(tmp_path) == ["a/1.WAV", "b.zip:x/4.wav", "b.zip:y/6.wav"]
    assert names_of(tmp_path / "b.zip") == ["b.zip:x/4.wav", "b.zip:y/6.wav"]
    assert names_of(tmp_path / "nothing") == []
    assert [str(entry) for entry in entries(tmp_path, (".wav",), ["b.zip"])] == ["a/1.WAV"]


def test_extracts_what_is_wanted_once(tmp_path, monkeypatch):
    zipped(tmp_path / "b.zip", {"x/4.wav": "four", "x/5.wav": "five"})
    wanted = [entry for entry in entries(tmp_path, (".wav",)) if entry.path.name == "4.wav"]
    (path,) = unpack(wanted, tmp_path / "out").values()
    assert path.read_text() == "four"
    assert [file.name for file in (tmp_path / "out").rglob("*.*") if file.is_file()] == ["4.wav"]
    with monkeypatch.context() as patch:
        patch.setattr(archives, "_extract", None)
        assert list(unpack(wanted, tmp_path / "out").values()) == [path]
    zipped(tmp_path / "b.zip", {"x/4.wav": "FOUR"})  # another archive of that name
    (changed,) = unpack(entries(tmp_path / "b.zip", (".wav",)), tmp_path / "out").values()
    assert changed.read_text() == "FOUR" and changed != path


def tarred(path, content):
    with tarfile.open(path, "w:gz") as archive:
        info = tarfile.TarInfo("x/4.wav")
        info.size, info.mtime = len(content), 1_000_000_000
        archive.addfile(info, io.BytesIO(content.encode()))


def test_another_member_of_a_tar_with_the_same_size_and_time_is_extracted(tmp_path):
    for content in ("four", "FOUR", "four"):
        tarred(tmp_path / "b.tar.gz", content)
        (path,) = unpack(entries(tmp_path / "b.tar.gz", (".wav",)), tmp_path / "out").values()
        assert path.read_text() == content


@pytest.mark.parametrize("name", ["b.zip", "b.tar.gz"])
@pytest.mark.parametrize("damage", ["deleted", "cut off"])
def test_what_was_extracted_and_is_damaged_is_extracted_again(tmp_path, name, damage):
    zipped(tmp_path / name, {"x/4.wav": "four"}) if name == "b.zip" else tarred(tmp_path / name, "four")
    (path,) = unpack(entries(tmp_path, (".wav",)), tmp_path / "out").values()
    if damage == "deleted":
        path.unlink()
    else:
        path.write_text("f")
    assert list(unpack(entries(tmp_path / name, (".wav",)), tmp_path / "out").values()) == [path]
    assert path.read_text() == "four"


def test_interrupted_extraction_is_done_again(tmp_path, monkeypatch):
    zipped(tmp_path / "b.zip", {"4.wav": "four", "5.wav": "five"})
    wanted = list(entries(tmp_path, (".wav",)))
    copy, copied = archives.shutil.copyfileobj, []

    def break_off(*args):
        if copied:
            raise KeyboardInterrupt
        copied.append(copy(*args))

    with monkeypatch.context() as patch:
        patch.setattr(archives.shutil, "copyfileobj", break_off)
        with pytest.raises(KeyboardInterrupt):
            unpack(wanted, tmp_path / "out")
    assert [path.suffix for path in (tmp_path / "out").iterdir()] == [".partial"]
    assert [path.read_text() for path in unpack(wanted, tmp_path / "out").values()] == ["four", "five"]
    assert not list((tmp_path / "out").glob("*.partial"))


@pytest.mark.parametrize("name", ["../evil.wav", "/evil.wav", "a/../../evil.wav"])
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_never_writes_outside(tmp_path, name, kind):
    archive = tmp_path / "in" / f"b.{kind}"
    archive.parent.mkdir()
    if kind == "zip":
        zipped(archive, {name: "evil"})
    else:
        with tarfile.open(archive, "w") as tar:
            info = tarfile.TarInfo(name)
            info.size = 4
            tar.addfile(info, io.BytesIO(b"evil"))
    with pytest.raises(EmofusionError, match="points outside"):
        unpack(entries(archive.parent, (".wav",)), tmp_path / "out")
    assert not list(tmp_path.rglob("evil.wav"))


def test_a_link_out_of_a_tar_is_refused(tmp_path):
    with tarfile.open(tmp_path / "b.tar", "w") as tar:
        info = tarfile.TarInfo("x.wav")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(info)
    with pytest.raises(EmofusionError, match=r"x\.wav is a link to /etc/passwd, which is not in the archive"):
        names_of(tmp_path)


@pytest.mark.parametrize("name", ["b.zip", "b.tar", "b.tar.gz"])
def test_damaged_archive_is_named(tmp_path, name):
    (tmp_path / name).write_bytes(b"nonsense" * 100)
    with pytest.raises(EmofusionError, match=rf"cannot unpack the archive .*{name}"):
        names_of(tmp_path)


def test_damaged_member_is_told_and_nothing_looks_finished(tmp_path):
    zipped(tmp_path / "b.zip", {"4.wav": bytes(range(256)) * 40})
    wanted = list(entries(tmp_path, (".wav",)))
    content = bytearray((tmp_path / "b.zip").read_bytes())
    content[60:80] = bytes(20)
    (tmp_path / "b.zip").write_bytes(content)
    with pytest.raises(EmofusionError, match=r"b\.zip"):
        unpack(wanted, tmp_path / "out")
    assert all(path.suffix == ".partial" for path in (tmp_path / "out").iterdir())


def test_folders_of_an_entry(tmp_path):
    zipped(tmp_path / "Video_Speech_Actor_01.zip", {"Actor_01/4.wav": "4"})
    (entry,) = entries(tmp_path, (".wav",))
    assert entry.folders == ["Video_Speech_Actor_01", "Actor_01"]
    assert entry.path == PurePosixPath("Actor_01/4.wav")


@pytest.mark.parametrize("name", ["b.zip", "b.tar.gz"])
def test_members_that_were_extracted_before_an_interruption_are_not_extracted_again(tmp_path, monkeypatch, name):
    content = {f"{number}.wav": f"{number}" * 1000 for number in range(5)}
    if name.endswith("zip"):
        zipped(tmp_path / name, content)
    else:
        with tarfile.open(tmp_path / name, "w:gz") as archive:
            for member, text in content.items():
                info = tarfile.TarInfo(member)
                info.size = len(text)
                archive.addfile(info, io.BytesIO(text.encode()))
    copied, copy = [], archives.shutil.copyfileobj

    def interrupted(source, target, size):
        copied.append(PurePosixPath(target.name).name.removesuffix(".partial"))
        if len(copied) == 3:
            target.write(b"2")
            raise KeyboardInterrupt
        copy(source, target, size)

    monkeypatch.setattr(archives.shutil, "copyfileobj", interrupted)
    wanted = list(entries(tmp_path / name, (".wav",)))
    with pytest.raises(KeyboardInterrupt):
        unpack(wanted, tmp_path / "out")
    assert copied == ["0.wav", "1.wav", "2.wav"]
    paths = unpack(wanted, tmp_path / "out")
    assert copied[3:] == ["2.wav", "3.wav", "4.wav"]
    assert {path.name: path.read_text() for path in paths.values()} == content
    assert len([path for path in (tmp_path / "out").rglob("*") if path.is_file()]) == 5
    next(iter(paths.values())).unlink()  # one that was deleted afterwards
    del copied[:]
    copied += ["", "", ""]
    assert unpack(wanted, tmp_path / "out") == paths and copied[3:] == ["0.wav"]
