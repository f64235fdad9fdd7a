"""KDEF's native tree and archive."""

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from emofusion.corpora.common.read import read_corpus
from emofusion.corpora.kdef import Kdef
from emofusion.errors import EmofusionError
from emofusion.settings.overrides import parse


@pytest.fixture
def kdef(tmp_path):
    return Kdef(root=str(tmp_path / "kdef"))


@pytest.fixture
def people(kdef, write_image):
    """Two people, one in both sessions, and what else the distributed archive holds."""
    folder = Path(kdef.root) / "KDEF_and_AKDEF" / "KDEF"
    for stem in ("AF01ANS", "AF01ANFL", "AF01ANHL", "AF01ANHR", "AF01ANFR", "BF01NES", "AM35SUS"):
        write_image(folder / stem[:4] / f"{stem}.JPG")
    write_image(folder / "AM35" / "am35afs.jpg")
    write_image(folder.parent / "AKDEF" / "AFANS.JPG")
    (folder.parent / "ReadThis.txt").write_text("read this")
    return folder


def test_reads_the_tree(kdef, people, tmp_path):
    clips = read_corpus("kdef", kdef, tmp_path / "unpacked").set_index("clip")
    assert sorted(clips.index) == [
        "AF01ANFL",
        "AF01ANFR",
        "AF01ANHL",
        "AF01ANHR",
        "AF01ANS",
        "AM35AFS",
        "AM35SUS",
        "BF01NES",
    ]
    row = clips.loc["AF01ANHL"]
    assert (row.corpus, row.actor, row.gender, row.emotion, row.angle, row.session) == (
        "kdef",
        "kdef-F01",
        "female",
        "angry",
        "half_left",
        "A",
    )
    assert row.image == str(people / "AF01" / "AF01ANHL.JPG")
    assert clips.loc["BF01NES", ["actor", "session", "emotion"]].tolist() == ["kdef-F01", "B", "neutral"]
    assert clips.loc["AM35AFS", ["actor", "gender", "emotion"]].tolist() == ["kdef-M35", "male", "fearful"]
    assert clips.angle.value_counts().to_dict() == {"straight": 4} | dict.fromkeys(
        ["full_left", "half_left", "half_right", "full_right"], 1
    )
    assert clips[["audio", "video", "intensity", "statement"]].isna().all(axis=None)
    assert not (tmp_path / "unpacked").exists()


def test_only_the_angles_asked_for(kdef, people, tmp_path):
    clips = read_corpus("kdef", replace(kdef, angles=["straight"]), tmp_path / "unpacked")
    assert clips["clip"].tolist() == ["AF01ANS", "AM35AFS", "AM35SUS", "BF01NES"]


@pytest.mark.parametrize("name", ["KDEF_and_AKDEF.zip", "kdef.tar.gz"])
def test_archive_gives_the_same_clips_as_its_tree(kdef, people, tmp_path, pack, name):
    tree = read_corpus("kdef", kdef, tmp_path / "unpacked")
    root = Path(kdef.root)
    inside = root.rename(tmp_path / "inside")
    root.mkdir()
    pack(inside, root / name)
    kdef.check_present("kdef")
    packed = read_corpus("kdef", replace(kdef, angles=["straight"]), tmp_path / "unpacked")
    same = ["clip", "actor", "gender", "emotion", "angle", "session"]
    assert packed[same].equals(tree[tree.angle == "straight"][same].reset_index(drop=True))
    files = [path for path in (tmp_path / "unpacked").rglob("*") if path.is_file()]
    assert sorted(map(str, files)) == sorted(packed.image)  # nothing else was extracted
    direct = read_corpus("kdef", replace(kdef, root=str(root / name), angles=["straight"]), tmp_path / "other")
    assert direct[same].equals(packed[same])


def test_the_two_known_misnomers_and_black_pictures_of_the_distribution(kdef, people, tmp_path, write_image):
    write_image(people / "AF31" / "AF31V.JPG")
    write_image(people / "AM31" / "AM31H.JPG")
    write_image(people / "AF01" / "AF01SUFR.JPG", grey=0)
    clips = read_corpus("kdef", kdef, tmp_path / "unpacked").set_index("clip")
    assert len(clips) == 10
    assert clips.loc["AF31SAHL", ["emotion", "angle", "actor"]].tolist() == ["sad", "half_left", "kdef-F31"]
    assert clips.loc["AM31SUHR", ["emotion", "angle", "actor"]].tolist() == ["surprised", "half_right", "kdef-M31"]


def test_bad_files_are_told_together_and_can_be_left_out(kdef, people, tmp_path, write_image):
    write_image(people / "AF01" / "AF01XXS.JPG")
    write_image(people / "AF01" / "AM35HAS.JPG")
    write_image(people / "AF01" / "holiday.JPG")
    write_image(people / "AF36" / "AF36HAS.JPG")
    write_image(people / "again" / "AM35SUS.JPG")
    (people / "AF01" / "AF01SAS.JPG").write_bytes(b"")
    with pytest.raises(EmofusionError) as error:
        read_corpus("kdef", kdef, tmp_path / "unpacked")
    message = str(error.value)
    assert message.startswith("6 files are not as the corpus kdef")
    assert "AF01XXS.JPG has the unknown emotion code XX" in message
    assert "AM35HAS.JPG is in the folder AF01 of someone else" in message
    assert "holiday.JPG does not have a name such as AF01ANS.JPG" in message
    assert "AF36HAS.JPG does not have a name" in message
    assert "and 1 more" in message
    advice = message[message.index("corpora.kdef.exclude=") :].rstrip(".")
    assert len(read_corpus("kdef", replace(kdef, exclude=parse(advice).value), tmp_path / "unpacked")) == 8
    patterns = ["KDEF_and_AKDEF/KDEF/AF01/AF01XXS.JPG", "AM35HAS.JPG", "hol*.JPG", "AF36/*", "again/*", "AF01SAS.JPG"]
    assert len(read_corpus("kdef", replace(kdef, exclude=patterns), tmp_path / "unpacked")) == 8


def test_unreadable_pictures_are_named(kdef, people, tmp_path, write_image):
    write_image(people / "AF02" / "AF02ANS.JPG", size=(300, 300))
    cut = people / "AF02" / "AF02ANS.JPG"
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    (people / "AF02" / "AF02HAS.JPG").write_text("not a picture")
    with pytest.raises(EmofusionError) as error:
        read_corpus("kdef", kdef, tmp_path / "unpacked")
    assert "2 files" in str(error.value)
    assert "AF02ANS.JPG cannot be read as image (" in str(error.value)
    assert "AF02HAS.JPG cannot be read as image (" in str(error.value)


@pytest.mark.parametrize("make", [lambda root: None, lambda root: root.mkdir()])
def test_absent(kdef, make):
    make(Path(kdef.root))
    with pytest.raises(EmofusionError, match=r"kdef\.se.*KDEF_and_AKDEF\.zip.*corpora\.kdef\.root=") as error:
        kdef.check_present("kdef")
    assert kdef.root in str(error.value)


def test_averaged_faces_alone_are_not_the_corpus(kdef, write_image):
    write_image(Path(kdef.root) / "AKDEF" / "AFANS.JPG")
    with pytest.raises(EmofusionError, match="is not there"):
        kdef.check_present("kdef")


def test_tree_wins_over_its_own_archive(kdef, people, tmp_path):
    root = Path(kdef.root)
    with zipfile.ZipFile(root / "KDEF_and_AKDEF.zip", "w") as zipped:
        for path in people.rglob("*.JPG"):
            zipped.write(path, path.relative_to(root))
    clips = read_corpus("kdef", kdef, tmp_path / "unpacked")
    assert len(clips) == 8
    assert clips.image.str.startswith(str(people)).all()
    assert not (tmp_path / "unpacked").exists()


def test_nothing_left(kdef, people, tmp_path):
    with pytest.raises(EmofusionError, match=r"the corpus kdef at .* has no clip left"):
        read_corpus("kdef", replace(kdef, exclude=["*.JPG", "*.jpg"]), tmp_path / "unpacked")
